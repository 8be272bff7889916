// Every way for a plugin to be broken: it is named with its file, the start is refused and nothing is left (issue 3, done when 5).
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { expect } from 'chai';
import { createAgent } from '../../../core/index.js';
import type { AgentError } from '../../../core/sdk/index.js';
import { VirtualClock } from '../../../core/sdk/testing/virtual-clock.js';
import { onRig } from '../rig.js';
import { call } from '../terminal.js';
import { inWorkshop, type Workshop } from './workshop.js';

/** What is broken, and the words a person must see; `DIR` stands for the folder of the plugin. */
type Row = readonly [what: string, breakIt: (shop: Workshop) => void, ...texts: string[]];

const edit =
  (from: string | RegExp, to: string) =>
  (shop: Workshop): void =>
    shop.write('index.js', shop.read('index.js').replace(from, to));

/** Found when manifests and schemas are read: `config validate` and `agent` both refuse. */
const ON_PAPER: readonly Row[] = [
  [
    'a manifest that is no JSON',
    (shop) => shop.write('plugin.json', '{ "sdk": 1,'),
    'PLUGIN_MANIFEST DIR/plugin.json is not a valid plugin manifest: ',
    '-> mend the manifest, or take the plugin out of plugin_directory',
  ],
  [
    'a manifest field that is wrong',
    (shop) => shop.manifest({ stability: 'great' }),
    'PLUGIN_MANIFEST DIR/plugin.json is not a valid plugin manifest: "stability" must be one of experimental, stable, deprecated',
  ],
  [
    'a manifest field that nobody knows',
    (shop) => shop.manifest({ main: './index.js' }),
    'PLUGIN_MANIFEST DIR/plugin.json is not a valid plugin manifest: unknown key "main"',
  ],
  [
    'another SDK number',
    (shop) => shop.manifest({ sdk: 2 }),
    'DIR/plugin.json: PLUGIN_SDK_MISMATCH auth-method "jwt-env" was built for SDK 2; this agent has SDK 1',
  ],
  [
    'a schema that is no JSON',
    (shop) => shop.write('schema.json', '{ "type": '),
    'PLUGIN_SCHEMA DIR/schema.json is not a usable settings schema: ',
    '-> mend the schema of the auth-method "jwt-env"',
  ],
  [
    'a schema that is JSON but none',
    (shop) => shop.write('schema.json', '{ "type": "text" }'),
    'PLUGIN_SCHEMA DIR/schema.json is not a usable settings schema: schema is invalid: ',
  ],
  [
    'a schema that is missing',
    (shop) => rmSync(`${shop.plugin}/schema.json`),
    'PLUGIN_SCHEMA DIR/schema.json is not a usable settings schema: ',
  ],
  [
    'the name of a built-in',
    (shop) => shop.manifest({ name: 'approle' }),
    'DIR: PLUGIN_DUPLICATE auth-method "approle" exists already in ',
    '-> rename it, or set override = true in its plugin block',
  ],
  [
    'a folder that everybody may write',
    (shop) => chmodSync(shop.plugin, 0o777),
    'PLUGIN_FOLDER_UNSAFE DIR is writable by everyone, so its plugins are not loaded',
    '-> chmod o-w the folder',
  ],
];

/** Found when the code is loaded or constructed: only `agent` runs code. */
const IN_CODE: readonly Row[] = [
  [
    'an entry that is missing',
    (shop) => rmSync(`${shop.plugin}/index.js`),
    'PLUGIN_ENTRY: auth-method "jwt-env" cannot be loaded: DIR/index.js cannot be read\n',
  ],
  [
    'a syntax error',
    edit('async prepare() {', 'async prepare( {'),
    'PLUGIN_ENTRY: auth-method "jwt-env" cannot be loaded: ',
    '(DIR/index.js); "node --check DIR/index.js" shows the line',
  ],
  [
    'an import that does not exist',
    edit('definePlugin }', 'definePlugins as definePlugin }'),
    "PLUGIN_ENTRY: auth-method \"jwt-env\" cannot be loaded: The requested module 'claviger/sdk' does not provide an export named 'definePlugins' (DIR/index.js",
  ],
  [
    'code that throws while it is loaded, not even an error',
    edit('export default', 'throw "no";\nexport default'),
    'PLUGIN_ENTRY: auth-method "jwt-env" cannot be loaded: no (DIR/index.js)',
  ],
  [
    'no default export',
    edit('export default', 'export const plugin ='),
    'PLUGIN_SHAPE: auth-method "jwt-env" does not have the right shape: its entry has no class as default export (DIR/index.js)',
  ],
  [
    'a missing method',
    edit('async prepare()', 'async prepair()'),
    'PLUGIN_SHAPE: auth-method "jwt-env" does not have the right shape: its class lacks prepare() (DIR/index.js)',
  ],
  [
    'CommonJS',
    (shop) => shop.write('index.js', "const sdk = require('claviger/sdk');\nmodule.exports = class {};\n"),
    'PLUGIN_NOT_ESM: auth-method "jwt-env" is not an ES module (DIR/index.js); add "type": "module" beside it or name it .mjs',
  ],
  [
    'a constructor that throws',
    edit('this.#mount = mount;', 'throw new Error("no mount today");'),
    'PLUGIN_CONSTRUCTOR: auth-method "jwt-env" failed while being constructed: ',
    'no mount today',
    '(DIR/index.js)',
  ],
  [
    'a constructor that throws something that is no error',
    edit('this.#mount = mount;', 'throw null;'),
    'PLUGIN_CONSTRUCTOR: auth-method "jwt-env" failed while being constructed: ',
    '(DIR/index.js)',
  ],
  [
    'a constructor that asks for an unknown slot',
    (shop) => {
      edit('definePlugin }', 'definePlugin, slot }')(shop);
      edit('[Settings, Mount, Env]', "[Settings, Mount, slot('database')]")(shop);
    },
    'PLUGIN_SHAPE: auth-method "jwt-env" does not have the right shape: its constructor asks for something that is not a slot; slots are Settings, Mount, Log,',
    '(DIR/index.js)',
  ],
  [
    'a constructor that says nothing about its parameters',
    edit('definePlugin(JwtEnv, [Settings, Mount, Env])', 'JwtEnv'),
    'PLUGIN_SHAPE: auth-method "jwt-env" does not have the right shape: its constructor asks for something that is not a slot',
  ],
  [
    'a start that throws',
    edit('async prepare()', 'async start() {\n    throw new Error("the moon is down");\n  }\n\n  async prepare()'),
    'PLUGIN_START: auth-method "jwt-env" (auth_method.default) did not start: the moon is down',
  ],
];

describe('broken plugins', function () {
  this.timeout(20_000);

  for (const [what, breakIt, ...texts] of ON_PAPER) {
    it(`${what} is refused by "config validate" and "agent"`, () =>
      inWorkshop(async (shop) => {
        const config = shop.config();
        breakIt(shop);
        for (const args of [
          ['config', 'validate', config],
          ['agent', '-config', config],
        ]) {
          const { code, out, err } = await call(args);
          expect([code, out]).to.deep.equal([1, '']);
          for (const text of texts) expect(err).to.include(text.replaceAll('DIR', shop.plugin));
          expect(err, 'no stack').to.not.match(/^\s+at /m);
        }
        expect(existsSync(shop.at('token'))).to.equal(false);
      }));
  }

  for (const [what, breakIt, ...texts] of IN_CODE) {
    it(`${what} is refused by "agent"`, () =>
      inWorkshop(async (shop) => {
        const config = shop.config();
        breakIt(shop);
        const { code, out, err } = await call(['agent', '-config', config]);
        expect(code).to.equal(1);
        for (const text of texts) expect(err).to.include(text.replaceAll('DIR', shop.plugin));
        expect(err, 'no stack').to.not.match(/^\s+at /m);
        expect(out).to.not.include('Api Address');
        expect(existsSync(shop.at('token'))).to.equal(false);
      }));
  }

  it('a checksum that does not fit is refused before the code is run', () =>
    inWorkshop(async (shop) => {
      shop.write('index.js', 'throw new Error("this code was run");');
      const config = shop.config(`plugin "jwt-env" {\n  sha256 = "${'ab'.repeat(32)}"\n}\n`);
      const { code, err } = await call(['agent', '-config', config]);
      expect(code).to.equal(1);
      expect(err).to.include(
        `PLUGIN_CHECKSUM: auth-method "jwt-env" does not have the sha256 that the configuration names (${shop.plugin}/index.js); compare`,
      );
    }));

  it('a start that hangs is cut and named (PLUGIN_START_TIMEOUT), and everything is stopped', () =>
    inWorkshop(async (shop) => {
      edit('async prepare()', 'start() {\n    return new Promise(() => {});\n  }\n\n  async prepare()')(shop);
      const agent = await createAgent({ config: [shop.config()], startTimeoutMs: 50 });
      const error = await agent.start().then(
        () => undefined,
        (thrown: AgentError) => thrown,
      );
      expect(error?.code).to.equal('PLUGIN_START_TIMEOUT');
      expect(error?.message).to.equal('auth-method "jwt-env" (auth_method.default) did not start within 0.05 s');
      expect(agent.urls).to.deep.equal([]);
    }));

  it('a prepare that hangs is cut after its bound, named in the log, and tried again', () =>
    onRig({ clock: new VirtualClock() }, (rig) =>
      inWorkshop(async (shop) => {
        edit(/async prepare\(\) \{/, 'async prepare() {\n    await new Promise(() => {});')(shop);
        const method = 'method "jwt-env" {\n  config = {\n    role = "app"\n  }\n}\n';
        const sink = `sink "file" {\n  config = {\n    path = "${rig.path('token')}"\n  }\n}\n`;
        const agent = await rig.agent(`plugin_directory = "${shop.path}"\nauto_auth {\n${method}${sink}}\n`);
        await rig.pass(61_000);
        const line = agent.lines.find((one) => one.includes('PLUGIN_CALL_TIMEOUT'));
        expect(line).to.include('auth-method \\"jwt-env\\" (auth_method.default) did not finish prepare within 60 s');
        expect(agent.agent.status().find(({ id }) => id === 'auto_auth.default')).to.include({ state: 'degraded' });
        await rig.pass(65_000);
        expect(agent.lines.filter((one) => one.includes('PLUGIN_CALL_TIMEOUT')).length).to.be.greaterThan(1);
      }),
    ));

  it('a broken plugin that nobody uses is named too, and "plugin list" shows the others', () =>
    inWorkshop(async (shop) => {
      shop.manifest({ kind: 'spell' });
      const { code, out, err } = await call(['plugin', 'list', '-directory', shop.path]);
      expect(code).to.equal(1);
      expect(err).to.include(
        `${shop.plugin}/plugin.json is not a valid plugin manifest: "kind" must be one of auth-method, `,
      );
      expect(out).to.match(/^auth-method +approle/m);
    }));
});
