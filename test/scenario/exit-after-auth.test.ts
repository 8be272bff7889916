// exit_after_auth and the forms in which sinks get a token: plain, wrapped, encrypted, wrapped at the method (spec config 2.4, 3.6, 4.4, 4.5).
import { createPublicKey, createPrivateKey } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { expect } from 'chai';
import { plant } from './collector.js';
import { fileSink, onRig, type Rig } from './rig.js';

const PRIVATE = Buffer.alloc(32, 0x22);

// RFC 8410: the wrapping of a raw X25519 key.
const publicOf = (raw: Buffer): string => {
  const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), raw]);
  const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  return key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
};

const runAgent = async (
  rig: Rig,
  hcl: string,
  flags: readonly string[] = ['-exit-after-auth'],
): Promise<number | null> => {
  const running = rig.command(['agent', `-config=${rig.config(hcl)}`, '-log-level=trace', ...flags]);
  return running.code();
};

const token = async (rig: Rig, args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> => {
  const running = rig.command(['token', ...args], { printsSecret: true });
  const code = await running.code();
  return { code, out: running.out, err: running.err };
};

const isToken = async (rig: Rig, text: string): Promise<boolean> =>
  (await rig.server.call('GET', 'auth/token/lookup-self', { token: plant('a delivered token', text) })).status === 200;

const unwrap = (rig: Rig, name: string) => token(rig, ['unwrap', `-address=${rig.url}`, rig.path(name)]);

describe('scenario: exit after auth', function () {
  this.timeout(40_000);

  it('exits 0 when several sinks hold the token: plain without a line break, 0640 unless told otherwise, also as a key of the file', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const sinks = fileSink(rig.path('one')) + fileSink(rig.path('two')).replace('path =', 'mode = 0600\n    path =');
      expect(await runAgent(rig, `exit_after_auth = true\nauto_auth {\n${method}${sinks}}\n`, [])).to.equal(0);
      expect(rig.read('one')).to.equal(rig.read('two'));
      expect(rig.read('one')).to.not.match(/\s/);
      expect(await isToken(rig, rig.read('one'))).to.equal(true);
      expect(['one', 'two'].map((name) => statSync(rig.path(name)).mode & 0o777)).to.deep.equal([0o640, 0o600]);
    }));

  it('delivers a wrapped token that `claviger token unwrap` opens once; the second time it says why not', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      expect(
        await runAgent(rig, `auto_auth {\n${method}${fileSink(rig.path('wrapped'), 'wrap_ttl = "5m"')}}\n`),
      ).to.equal(0);
      const info = rig.read('wrapped');
      expect(info.endsWith('}\n')).to.equal(true);
      expect(Object.keys(JSON.parse(info) as object)).to.deep.equal([
        'token',
        'accessor',
        'ttl',
        'creation_time',
        'creation_path',
        'wrapped_accessor',
      ]);
      expect(JSON.parse(info)).to.include({ ttl: 300, creation_path: 'sys/wrapping/wrap' });
      const first = await unwrap(rig, 'wrapped');
      expect([first.code, await isToken(rig, first.out.trim())]).to.deep.equal([0, true]);
      const second = await unwrap(rig, 'wrapped');
      expect([second.code, second.out]).to.deep.equal([1, '']);
      expect(second.err).to.match(/^AUTH_CREDENTIAL_INVALID: the wrapping token .*\n$/);
    }));

  it('delivers an encrypted token that `claviger token decrypt` opens, with aad and derive_key; a wrong aad is told', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const peer = rig.write('peer.json', JSON.stringify({ curve25519_public_key: publicOf(PRIVATE) }));
      const key = rig.write('private', plant('a private key', PRIVATE.toString('base64')));
      const dh = `dh_type = "curve25519"\n  dh_path = "${peer}"\n  aad = "this pod"\n  derive_key = true`;
      expect(await runAgent(rig, `auto_auth {\n${method}${fileSink(rig.path('encrypted'), dh)}}\n`)).to.equal(0);
      expect(Object.keys(JSON.parse(rig.read('encrypted')) as object)).to.deep.equal([
        'curve25519_public_key',
        'nonce',
        'encrypted_payload',
      ]);
      const decrypt = (aad: string) =>
        token(rig, ['decrypt', `-private-key=${key}`, `-aad=${aad}`, '-derive-key', rig.path('encrypted')]);
      const opened = await decrypt('this pod');
      expect([opened.code, await isToken(rig, opened.out.trim())]).to.deep.equal([0, true]);
      const wrong = await decrypt('that pod');
      expect([wrong.code, wrong.out]).to.deep.equal([1, '']);
      expect(wrong.err).to.match(/^[A-Z_]+: .*\n$/);
    }));

  it('wraps and then encrypts when both are asked for', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const peer = rig.write('peer.json', JSON.stringify({ curve25519_public_key: publicOf(PRIVATE) }));
      const key = rig.write('private', PRIVATE.toString('base64'));
      const both = `wrap_ttl = "2m"\n  dh_type = "curve25519"\n  dh_path = "${peer}"`;
      expect(await runAgent(rig, `auto_auth {\n${method}${fileSink(rig.path('both'), both)}}\n`)).to.equal(0);
      const opened = await token(rig, ['decrypt', `-private-key=${key}`, rig.path('both')]);
      rig.write('inner', opened.out);
      const inner = await unwrap(rig, 'inner');
      expect([opened.code, inner.code, await isToken(rig, inner.out.trim())]).to.deep.equal([0, 0, true]);
    }));

  it('delivers what the server wrapped when the method has wrap_ttl, and unwrapping gives the token of the login', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const wrapping = method.replace('config = {', 'wrap_ttl = "5m"\n  config = {');
      expect(await runAgent(rig, `auto_auth {\n${wrapping}${fileSink(rig.path('login'))}}\n`)).to.equal(0);
      expect(JSON.parse(rig.read('login'))).to.include({ ttl: 300, creation_path: 'auth/approle/login' });
      expect(rig.server.requests.count('PUT', 'auth/token/renew-self')).to.equal(0);
      const opened = await unwrap(rig, 'login');
      expect([opened.code, await isToken(rig, opened.out.trim())]).to.deep.equal([0, true]);
    }));

  it('waits for the sink that cannot be written yet (R12): the key of the other side comes late', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const dh = `dh_type = "curve25519"\n  dh_path = "${rig.path('late.json')}"`;
      const hcl = `auto_auth {\n${method}${fileSink(rig.path('plain'))}${fileSink(rig.path('encrypted'), dh)}}\n`;
      const running = rig.command(['agent', `-config=${rig.config(hcl)}`, '-exit-after-auth', '-log-level=trace']);
      await running.says(/error writing to sink, will retry/);
      await rig.file('plain');
      expect([existsSync(rig.path('plain')), existsSync(rig.path('encrypted'))]).to.deep.equal([true, false]);
      rig.write('late.json', JSON.stringify({ curve25519_public_key: publicOf(PRIVATE) }));
      expect(await running.code()).to.equal(0);
      expect(existsSync(rig.path('encrypted'))).to.equal(true);
    }));

  it('waits for all identities when there are several', () =>
    onRig({}, async (rig) => {
      const [one, two] = [await rig.approle('one'), await rig.approle('two')];
      const block = (name: string, method: string): string =>
        `auto_auth "${name}" {\n${method}${fileSink(rig.path(name))}}\n`;
      expect(await runAgent(rig, block('a', one.method) + block('b', two.method))).to.equal(0);
      expect(rig.read('a')).to.not.equal(rig.read('b'));
    }));

  it('never exits while the login is refused; exit_on_err makes that exit 1 (R11), also for an answer without a token', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      rig.write('app.secret-id', plant('a wrong secret id', 'wrong-secret-id-0815'));
      const sink = fileSink(rig.path('token'));
      const patient = rig.command([
        'agent',
        `-config=${rig.config(`auto_auth {\n${method}${sink}}\n`)}`,
        '-exit-after-auth',
      ]);
      await patient.says(/error authenticating/);
      expect(await patient.stop()).to.equal(0);
      const strict = method.replace('config = {', 'exit_on_err = true\n  config = {');
      expect(await runAgent(rig, `auto_auth {\n${strict}${sink}}\n`, [])).to.equal(1);
      const empty = rig.server.inject({
        trouble: { kind: 'answer', status: 204, body: '' },
        times: 9,
        when: ({ path }) => path.endsWith('login'),
      });
      expect(await runAgent(rig, `auto_auth {\n${strict}${sink}}\n`, [])).to.equal(1);
      empty();
    }));
});
