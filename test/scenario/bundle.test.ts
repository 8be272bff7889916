// The program as it is shipped (bundle/): the same answers as what was compiled file by file, and nothing of it loaded beside the bundle.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { BUNDLED } from './cli.js';
import { ask } from './client.js';
import { onRig, type Rig } from './rig.js';

const bundle = dirname(dirname(BUNDLED));

const bundledFiles = (): string[] =>
  readdirSync(bundle, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .map((name) => join(bundle, name));

async function bothAnswer(rig: Rig, args: readonly string[]): Promise<string> {
  const [plain, shipped] = [rig.command(args), rig.command(args, { main: BUNDLED })];
  expect(await shipped.code()).to.equal(await plain.code());
  expect(shipped.text.replaceAll('/bundle/', '/dist/')).to.equal(plain.text);
  return shipped.text;
}

// An agent with a store, a key and both listeners: what a plain start does not load is loaded by this one.
const config = (rig: Rig): string =>
  rig.write(
    'agent.hcl',
    `vault {
  address = "${rig.url}"
}
auto_auth {
  method "token_file" {
    config = {
      token_file_path = "${rig.write('root-token', rig.rootToken)}"
    }
  }
  sink "file" {
    config = {
      path = "${rig.path('token')}"
    }
  }
}
api_proxy {
  use_auto_auth_token = true
}
cache {
  static_secrets {
  }
  persist "file" {
    path = "${rig.path('store')}"
    key_provider "key_file" {
      path = "${rig.path('keys/cache.key')}"
    }
  }
}
listener "tcp" {
  address = "127.0.0.1:0"
  tls_disable = true
}
listener "unix" {
  address = "${rig.path('agent.sock')}"
}
`,
  );

describe('the bundle', function () {
  this.timeout(30_000);

  it('answers the commands as the program of separate files does', () =>
    onRig({}, async (rig) => {
      expect(await bothAnswer(rig, ['version'])).to.match(/^Claviger v\d/);
      expect(await bothAnswer(rig, ['plugin', 'list', '-json'])).to.include('approle');
      expect(await bothAnswer(rig, ['plugin', 'describe', 'approle'])).to.include('role_id_file_path');
      expect(await bothAnswer(rig, ['config', 'explain', config(rig)])).to.include('key_file');
    }));

  it('asks the second reader in its worker thread', () =>
    onRig({}, async (rig) => {
      const path = rig.write('two.hcl', 'locals {\n  a = [for x in [1, 2] : x]\n}\n');
      expect(await bothAnswer(rig, ['config', 'validate', path])).to.include('CONFIG_UNEVALUATED_EXPRESSION');
    }));

  it('runs an agent with a store and static secrets, before and after a restart', () =>
    onRig({}, async (rig) => {
      const path = config(rig);
      await rig.admin('POST', 'secret/data/app', { data: { colour: 'green' } });
      for (const round of ['the first', 'the second']) {
        const agent = rig.command(['agent', '-config', path], { main: BUNDLED });
        const url = (await agent.says(/Api Address 1: (\S+)/))[1]!;
        expect((await ask(url, '/v1/secret/data/app')).json.data.data, round).to.deep.equal({ colour: 'green' });
        expect(await rig.file('token'), round).to.equal(rig.rootToken);
        expect(await agent.stop(), agent.text).to.equal(0);
      }
    }));

  it('keeps its plugins on its own SDK: no file of it imports a path outside or `claviger/sdk`', () => {
    const files = bundledFiles();
    expect(files.length).to.be.greaterThan(30);
    const outside = files.filter((file) =>
      /\bfrom\s*"(claviger|[./]+\/dist\/)|\bimport\("(claviger|[./]+\/dist\/)/.test(readFileSync(file, 'utf8')),
    );
    expect(outside).to.deep.equal([]);
    const secrets = files.filter((file) =>
      /^(var|let|const) Secret = class\b|^class Secret\b/m.test(readFileSync(file, 'utf8')),
    );
    expect(secrets).to.have.length(1);
  });
});
