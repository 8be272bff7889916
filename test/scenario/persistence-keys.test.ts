// Where the key of the durable cache may come from, end to end: each provider over a restart, a key that moves, keys that must not lie beside their
// data, and the hand-over from an init container to a sidecar with a service account token.
import { chmodSync, chownSync, existsSync, readFileSync, statSync } from 'node:fs';
import { expect } from 'chai';
import { ask } from './client.js';
import { plant } from './collector.js';
import {
  CREDS,
  durable,
  expectSealed,
  filesOf,
  gist,
  keyFile,
  persist,
  printOf,
  ready,
  said,
} from './persistence-stage.js';
import { onRig, OPEN_POLICY, type Rig, type RunningAgent } from './rig.js';
import { until } from './until.js';

type Start = (block: string, more?: string) => Promise<RunningAgent>;

const TRANSIT = 'path "transit/*" { capabilities = ["create", "update"] }';

const onStage = (scenario: (rig: Rig, start: Start, method: string) => Promise<void>): Promise<void> =>
  onRig({}, async (rig) => {
    await rig.engines('10m', '1h');
    const { method } = await rig.approle('app', { policy: `${OPEN_POLICY}\n${TRANSIT}` });
    const start: Start = async (block, more) => {
      const agent = await rig.agent(durable(method, block, more));
      await ready(rig, agent);
      return agent;
    };
    await scenario(rig, start, method);
  });

/** One run that gets a lease, and one after it that must give the same out. */
async function survives(rig: Rig, start: Start, first: string, second = first): Promise<RunningAgent> {
  const one = await start(first);
  const issued = await one.ask(CREDS);
  expect(issued.headers['x-cache']).to.equal('MISS');
  await one.stop();
  expectSealed(rig.path('store'), [issued.json.lease_id as string, issued.json.data.password as string, rig.rootToken]);
  const two = await start(second);
  const again = await until('the restored lease', async () => {
    const answer = await two.ask(CREDS);
    return answer.headers['x-cache'] === 'HIT' ? answer : undefined;
  });
  expect(gist(again)).to.deep.equal(['HIT', issued.json.lease_id]);
  return two;
}

/** A service account token as the kubelet writes it; each call is another token of the same account. */
function serviceToken(account = 'app', nonce = Math.random()): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    'kubernetes.io': {
      namespace: 'team',
      pod: { name: 'p', uid: `pod-${String(nonce)}` },
      serviceaccount: { name: account, uid: `uid-${account}` },
    },
    sub: `system:serviceaccount:team:${account}`,
    jti: String(nonce),
  };
  return `${part({ alg: 'RS256' })}.${part(claims)}.${Buffer.from(String(nonce)).toString('base64url')}`;
}

const provider = (type: string, body: string): string => `key_provider "${type}" {\n  ${body}\n}`;

describe('scenario: persistence, keys', function () {
  this.timeout(30_000);

  describe('providers', () => {
    it('key_file makes its file (0600) and names it at start', () =>
      onStage(async (rig, start) => {
        const agent = await survives(rig, start, persist(rig));
        const path = rig.path('keys/cache.key');
        expect(statSync(path).mode & 0o777).to.equal(0o600);
        expect(agent.lines.some((line) => line.includes(path))).to.equal(true);
      }));

    for (const [what, env, place] of [
      ['$XDG_CONFIG_HOME', (rig: Rig) => ({ XDG_CONFIG_HOME: rig.path('xdg') }), 'xdg/claviger/cache.key'],
      ['~/.config', () => ({}), '.config/claviger/cache.key'],
    ] as const)
      it(`key_file lies in ${what} by default, outside the store, mode 0600`, () =>
        onStage(async (rig, _start, method) => {
          rig.config(durable(method, persist(rig, { key: '' })));
          const user = process.getuid?.() === 0 ? 65_534 : undefined;
          if (user !== undefined) handOver(rig, user);
          const running = rig.command(['agent', `-config=${rig.path('agent.hcl')}`], { env: env(rig), uid: user });
          await running.says(/Api Address 1: (\S+)/);
          await until('the key', () => existsSync(rig.path(place)));
          expect(statSync(rig.path(place)).mode & 0o777).to.equal(0o600);
          expect(running.text).to.contain(rig.path(place));
        }));

    it('file: 32 bytes of the operator in hex; a missing one ends the start', () =>
      onStage(async (rig, start) => {
        const key = provider('file', `path = "${rig.path('operator.key')}"`);
        const refused = await start(persist(rig, { key })).catch((error: unknown) => String(error));
        expect(refused).to.contain('does not exist');
        rig.write('operator.key', plant('a store key', Buffer.alloc(32, 0xa7).toString('hex')));
        await survives(rig, start, persist(rig, { key }));
      }));

    it('env: the key in a variable', () =>
      onStage(async (rig, _start, method) => {
        rig.config(durable(method, persist(rig, { key: provider('env', 'variable = "STORE_KEY"') })));
        const env = { STORE_KEY: plant('a store key', Buffer.alloc(32, 0x5c).toString('base64')) };
        const leases: unknown[] = [];
        for (const state of ['MISS', 'HIT']) {
          const running = rig.command(['agent', `-config=${rig.path('agent.hcl')}`], { env });
          const [, url = ''] = await running.says(/Api Address 1: (\S+)/);
          const answer = await until('an answer', async () => {
            const one = await ask(url, CREDS);
            return one.status === 200 ? one : undefined;
          });
          expect(answer.headers['x-cache']).to.equal(state);
          leases.push(answer.json.lease_id);
          running.signal('SIGTERM');
          expect((await running.ended).code).to.equal(0);
        }
        expect(leases[1]).to.equal(leases[0]);
        const without = rig.command(['agent', `-config=${rig.path('agent.hcl')}`]);
        expect((await without.ended).code).to.equal(1);
        expect(without.text).to.contain('CACHE_KEY_UNAVAILABLE');
      }));

    it('passphrase: scrypt over the content of a file; another one opens nothing and overwrites nothing', () =>
      onStage(async (rig, start) => {
        const key = provider('passphrase', `file = "${rig.path('phrase')}"`);
        rig.write('phrase', plant('a passphrase', 'correct horse battery staple'));
        await (await survives(rig, start, persist(rig, { key }))).stop();
        const before = printOf(rig.path('store'));
        rig.write('phrase', 'another passphrase');
        const other = await start(persist(rig, { key }));
        expect(said(other, /CACHE_UNSEAL_FAILED/)).to.equal(true);
        expect((await other.ask(CREDS)).headers['x-cache']).to.equal('MISS');
        await other.stop();
        expect(printOf(rig.path('store'))).to.deep.equal(before);
      }));

    it('transit: locked until the first login, restored after it, sealed by the server (R-15)', () =>
      onStage(async (rig, start) => {
        await rig.admin('POST', 'sys/mounts/transit', { type: 'transit' });
        await rig.admin('POST', 'transit/keys/agent', {});
        const key = provider('transit', 'key_name = "agent"');
        const one = await start(persist(rig, { key }));
        const body = { role_id: rig.read('app.role-id'), secret_id: rig.read('app.secret-id') };
        const login = await one.ask('/v1/auth/approle/login', { method: 'POST', body });
        const headers = { 'X-Vault-Token': login.json.auth.client_token as string };
        const issued = await one.ask(CREDS, { headers });
        await until('the unlocked store', async () => (await one.ask('/agent/v1/cache')).json.persist.state === 'open');
        await one.stop();
        expectSealed(rig.path('store'), [headers['X-Vault-Token'], issued.json.lease_id as string]);
        const two = await start(persist(rig, { key }));
        await until('the restored store', () => said(two, /the cache store has been read/));
        expect(said(two, /locked until the first login/)).to.equal(true);
        expect(gist(await two.ask(CREDS, { headers }))).to.deep.equal(['HIT', issued.json.lease_id]);
        expect(existsSync(rig.path('keys')), 'no key on this machine').to.equal(false);
      }));

    it('a key that moves to another provider opens with previous_key_provider once, and without it from then on', () =>
      onStage(async (rig, start) => {
        const [old, fresh] = [keyFile(rig, 'old/cache.key'), keyFile(rig, 'new/cache.key')];
        const both = persist(rig, { key: `${fresh}\n  previous_${old}` });
        const moved = await survives(rig, start, persist(rig, { key: old }), both);
        const lease = (await moved.ask(CREDS)).json.lease_id;
        await moved.stop();
        const after = await start(persist(rig, { key: fresh }));
        expect(gist(await after.ask(CREDS))).to.deep.equal(['HIT', lease]);
        await after.stop();
        const late = await start(persist(rig, { key: old }));
        expect(said(late, /CACHE_UNSEAL_FAILED/), 'the old key opens nothing any more').to.equal(true);
      }));

    it('a key beside its data is refused, unless compat says otherwise (D-17)', () =>
      onStage(async (rig, start) => {
        const beside = persist(rig, { key: keyFile(rig, 'store/cache.key') });
        expect(String(await start(beside).catch((error: unknown) => error))).to.contain('keep the key elsewhere');
        await survivesBeside(rig, start, beside);
      }));
  });

  describe('drop-in persist "kubernetes"', () => {
    const block = (rig: Rig, more = ''): string =>
      `persist "kubernetes" {\n  path = "${rig.path('store')}"\n  service_account_token_file = "${rig.path('sa-token')}"\n  ${more}\n}\n`;

    it('hands the cache from an init container to a sidecar, which removes the store (keep_after_import = false); the token may rotate (D-51)', () =>
      onStage(async (rig, start) => {
        rig.write('sa-token', serviceToken());
        const init = await start(block(rig, 'keep_after_import = true'));
        const issued = await init.ask(CREDS);
        await init.stop();
        expectSealed(rig.path('store'), [issued.json.lease_id as string, issued.json.data.password as string]);
        rig.write('sa-token', serviceToken());
        const sidecar = await start(block(rig));
        expect(gist(await sidecar.ask(CREDS))).to.deep.equal(['HIT', issued.json.lease_id]);
        const records = (): number =>
          [...filesOf(rig.path('store')).keys()].filter((name) => /log|snapshot/.test(name)).length;
        await sidecar.ask('/v1/aws/creds/app');
        await sidecar.stop();
        const third = await start(block(rig));
        expect((await third.ask(CREDS)).headers['x-cache'], 'nothing was kept').to.equal('MISS');
        expect(records()).to.be.at.most(1);
      }));

    it('exit_after_auth of the init run leaves the token for the sidecar, which does not log in', () =>
      onStage(async (rig, start, method) => {
        rig.write('sa-token', serviceToken());
        rig.config(`exit_after_auth = true\n${durable(method, block(rig))}`);
        const init = rig.command(['agent', `-config=${rig.path('agent.hcl')}`]);
        expect((await init.ended).code).to.equal(0);
        rig.server.requests.clear();
        await start(block(rig));
        expect(rig.server.requests.count('PUT', 'auth/approle/login')).to.equal(0);
      }));

    it('a token of another account does not open it (D-51), and an unreadable one ends the start whatever exit_on_err says', () =>
      onStage(async (rig, start) => {
        rig.write('sa-token', serviceToken());
        const one = await start(block(rig, 'keep_after_import = true'));
        await one.ask(CREDS);
        await one.stop();
        rig.write('sa-token', serviceToken('intruder'));
        const other = await start(block(rig, 'keep_after_import = true'));
        expect(said(other, /CACHE_UNSEAL_FAILED/)).to.equal(true);
        expect((await other.ask(CREDS)).headers['x-cache']).to.equal('MISS');
        await other.stop();
        rig.write('sa-token', '');
        expect(String(await start(block(rig)).catch((error: unknown) => error))).to.contain('is empty');
      }));
  });
});

async function survivesBeside(rig: Rig, start: Start, block: string): Promise<void> {
  const compat = 'compat {\n  key_beside_data = true\n}\n';
  await survives(rig, (text) => start(text, compat), block);
  expect(readFileSync(rig.path('store/cache.key')).length).to.be.greaterThan(30);
}

// The command runs as somebody who is not root: root's key lies in /etc.
function handOver(rig: Rig, uid: number): void {
  for (const name of ['.', 'agent.hcl', 'app.role-id', 'app.secret-id']) chownSync(rig.path(name), uid, uid);
  chmodSync(rig.folder, 0o755);
}
