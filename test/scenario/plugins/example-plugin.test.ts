// A plugin outside the repository, in plain JavaScript importing `claviger/sdk`, is found, validated and used without touching core
// (issue 3, done when 5).
import { execFile } from 'node:child_process';
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { BUNDLED } from '../cli.js';
import { ask } from '../client.js';
import { plant } from '../collector.js';
import { onRig, OPEN_POLICY, type Rig } from '../rig.js';
import { call, Call } from '../terminal.js';
import { inWorkshop, type Workshop } from './workshop.js';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(key: KeyObject): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: 'https://issuer.test', aud: 'claviger', sub: 'app-1', iat: now, exp: now + 600 };
  const signed = `${part({ alg: 'ES256' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return plant('a JSON web token', `${signed}.${signature.toString('base64url')}`);
}

/** A server that takes tokens of this key at auth/jwt. */
async function jwtServer(rig: Rig): Promise<KeyObject> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  await rig.admin('POST', 'sys/auth/jwt', { type: 'jwt' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  await rig.admin('POST', 'auth/jwt/config', { jwt_validation_pubkeys: [pem], bound_issuer: 'https://issuer.test' });
  await rig.admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
  const bounds = { role_type: 'jwt', user_claim: 'sub', bound_audiences: ['claviger'] };
  await rig.admin('POST', 'auth/jwt/role/app', { ...bounds, token_policies: ['app'], token_ttl: '10m' });
  return privateKey;
}

/** The agent.hcl of the example, but for folder, address, sink and port. */
function exampleConfig(shop: Workshop, rig: Rig): string {
  const text = shop
    .read('agent.hcl')
    .replace('"./plugin-jwt-env"', `"${shop.plugin}"`)
    .replace('http://127.0.0.1:8200', rig.url)
    .replace('path = "token"', `path = "${rig.path('token')}"`)
    .replace('127.0.0.1:8100', '127.0.0.1:0');
  return rig.write('agent.hcl', text);
}

describe('a plugin outside the repository', function () {
  this.timeout(30_000);

  const itServes = (rig: Rig, options: { readonly main?: string }): Promise<void> =>
    inWorkshop(async (shop) => {
      const jwt = token(await jwtServer(rig));
      const config = exampleConfig(shop, rig);
      const env = { APP_JWT: ` ${jwt}\n` };
      const agent = rig.command(['agent', '-log-level=trace', '-config', config], { ...options, env });
      const url = (await agent.says(/Api Address 1: (\S+)/))[1]!;
      const held = plant('the token of the plugin', await rig.file('token'));
      const self = await rig.server.call('GET', 'auth/token/lookup-self', { token: held });
      expect((self.body as { data: object }).data).to.deep.include({ path: 'auth/jwt/login', meta: { role: 'app' } });
      await rig.admin('POST', 'secret/data/app', { data: { colour: 'green' } });
      expect((await ask(url, '/v1/secret/data/app')).json.data.data).to.deep.equal({ colour: 'green' });
      expect(await agent.stop()).to.equal(0);
      expect(agent.text).to.not.include(jwt);
    });

  it('logs in, fills the sink and serves requests, as a child process', () => onRig({}, (rig) => itServes(rig, {})));

  it('shares one SDK with the shipped program, too: the same as a child process of the bundle', () =>
    onRig({}, (rig) => itServes(rig, { main: BUNDLED })));

  it('without its variable is an AUTH_ error with its own words, and the agent stays up', () =>
    inWorkshop(async (shop) => {
      const agent = new Call(['agent', '-config', shop.config()]);
      await agent.says(
        /error="AUTH_JWT_ENV_EMPTY: auth-method \\?"jwt-env\\?" \(auth_method\.default\): the environment variable APP_JWT is not set; start the agent with APP_JWT set/,
      );
      const { json } = await ask(await agent.url(), '/agent/v1/health');
      expect(json.components.find((one: { id: string }) => one.id === 'auto_auth.default')).to.include({
        state: 'degraded',
      });
      expect((await agent.stop()).code).to.equal(0);
    }));

  it('is listed and described from its papers alone: not one line of its code is run', () =>
    inWorkshop(async (shop) => {
      shop.write('index.js', 'throw new Error("this code was run");');
      const listed = await call(['plugin', 'list', '-directory', shop.path]);
      expect([listed.code, listed.err]).to.deep.equal([0, '']);
      expect(listed.out).to.match(
        /^auth-method +jwt-env +experimental +external +Logs in with a JSON web token from an env/m,
      );
      expect(listed.out).to.match(/^auth-method +approle +stable +built-in/m);
      const described = await call(['plugin', 'describe', '-directory', shop.path, 'jwt-env']);
      expect(described.out).to.include('role (required)\n      Role to log in as.');
      expect(described.out).to.include('variable (default "APP_JWT")').and.to.include('method "jwt-env" {');
      expect((await call(['config', 'validate', shop.config()])).code).to.equal(0);
      const schema = await call(['plugin', 'list', '-json', '-directory', shop.path]);
      expect(JSON.parse(schema.out).map((one: { name: string }) => one.name)).to.include('jwt-env');
    }));

  it('has its settings checked by its own schema, with places and the nearest name', () =>
    inWorkshop(async (shop) => {
      const path = shop.config();
      const { writeFileSync, readFileSync } = await import('node:fs');
      writeFileSync(path, readFileSync(path, 'utf8').replace('role = "app"', 'rol = "app"\n    variable = "HOME"'));
      const { code, err } = await call(['config', 'validate', path]);
      expect(code).to.equal(1);
      expect(err).to.include(`${path}:8:5: CONFIG_UNKNOWN_KEY unknown key "rol" in auto_auth.method.config`);
      expect(err).to.include('-> did you mean "role"?');
      expect(err).to.include(
        `${path}:9:5: CONFIG_VALUE auto_auth.method.config.variable: it must be APP_JWT or CI_JOB_JWT, not "HOME"`,
      );
      expect(err).to.match(/\n2 errors\n$/);
    }));

  it('with the right checksum is loaded', () =>
    inWorkshop(async (shop) => {
      const sha256 = createHash('sha256').update(shop.read('index.js')).digest('hex');
      const agent = new Call(['agent', '-config', shop.config(`plugin "jwt-env" {\n  sha256 = "${sha256}"\n}\n`)]);
      await agent.url();
      expect((await agent.stop()).code).to.equal(0);
    }));

  it('passes the conformance suite and its own tests, run as its author runs them', () =>
    inWorkshop(async (shop) => {
      shop.install();
      const { code, text } = await new Promise<{ code: unknown; text: string }>((resolve) => {
        const args = ['--test', '--test-reporter=tap'];
        const env = { PATH: process.env.PATH, TMPDIR: shop.path };
        execFile(process.execPath, args, { cwd: shop.plugin, env, timeout: 20_000 }, (error, out, err) =>
          resolve({ code: error?.code ?? 0, text: out + err }),
        );
      });
      expect(code, text).to.equal(0);
      expect(text).to.include('reads its material freshly for each plan');
      expect(Number(/^# pass (\d+)$/m.exec(text)?.[1])).to.be.greaterThan(15);
      expect(text).to.match(/^# fail 0$/m);
    }));
});
