// Static KV secrets through a whole agent: who gets them from the cache, what takes them away, and what is given out while the server is away (R-10,
// D-40 to D-43, D-60, D-65, D-67 to D-69). The dev server names no mount type in its answers, as OpenBao does not.
import { expect } from 'chai';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import type { Answer } from './client.js';
import { LISTENER, onRig } from './rig.js';
import { client, KV_POLICY, labelOf, lines, played, POLICY, settings, stage, type Stage } from './static-stage.js';
import { until } from './until.js';

const MINUTE = 60_000;

const reads = ({ rig }: Stage, path: string, method = 'GET'): number => rig.server.requests.count(method, path);

describe('scenario: static secrets', function () {
  this.timeout(20_000);

  for (const [version, path] of [
    ['1', 'kv/app'],
    ['2', 'secret/data/app'],
  ] as const) {
    it(`KV ${version}: an answer is a HIT once the token has read it and the server has said that the engine is KV; nothing is asked again (D-68)`, () =>
      played(settings(''), async (on) => {
        expect(await on.label(path)).to.equal('MISS stored-static');
        await on.settle();
        const hit = await on.agent.ask(`/v1/${path}`);
        expect([labelOf(hit), hit.headers.age]).to.deep.equal(['HIT', '0']);
        expect(version === '1' ? hit.json.data : hit.json.data.data).to.deep.equal({ color: 'red' });
        expect(reads(on, path)).to.equal(1);
        await on.rig.pass(4 * MINUTE);
        expect(await on.label(path)).to.equal('HIT');
        await on.rig.pass(MINUTE + 1);
        expect(await on.label(path), 'past its ttl').to.equal('MISS stored-static');
      }));

    it(`KV ${version}: another token is never served before its own read, and never what it may not read (R-10)`, () =>
      played(settings(''), async (on) => {
        await on.warm(path);
        const stranger = await client(on.rig, 'path "sys/*" { capabilities = ["read"] }');
        const friend = await client(on.rig, `path "${path}" { capabilities = ["read"] }`);
        for (let time = 0; time < 3; time++) {
          expect(await on.label(path, stranger)).to.equal('403');
          await on.settle();
        }
        expect(await on.label(path, friend)).to.match(/^MISS/);
        await on.settle();
        await on.warm(path, friend);
        expect(await on.label(path, { headers: { 'X-Vault-Token': 'made-up-token' } })).to.equal('403');
      }));

    it(`KV ${version}: a write through the agent takes the secret away (D-67), also one whose outcome is unclear (R-11)`, () =>
      played(settings(''), async (on) => {
        const body = version === '1' ? { color: 'blue' } : { data: { color: 'blue' } };
        await on.warm(path);
        expect((await on.agent.ask(`/v1/${path}`, { method: 'POST', body })).status).to.be.oneOf([200, 204]);
        const fresh = await on.agent.ask(`/v1/${path}`);
        expect(labelOf(fresh)).to.equal('MISS stored-static');
        expect(JSON.stringify(fresh.json.data)).to.contain('blue').and.not.contain('red');
        await on.warm(path);
        on.rig.server.inject({ trouble: { kind: 'lose' }, when: ({ method }) => method === 'POST' });
        expect((await on.agent.ask(`/v1/${path}`, { method: 'POST', body })).status).to.equal(502);
        expect(await on.label(path)).to.equal('MISS stored-static');
        await on.warm(path);
        expect((await on.agent.ask(`/v1/${path}`, { method: 'DELETE' })).status).to.equal(204);
        expect(await on.label(path)).to.equal('404');
      }));
  }

  it('a write takes data, versions, metadata, subkeys and the lists above away, and nothing else (D-69)', () =>
    played(settings(''), async (on) => {
      await on.rig.admin('POST', 'secret/data/other', { data: { color: 'green' } });
      const kin = [
        'secret/data/app',
        'secret/data/app?version=1',
        'secret/metadata/app',
        'secret/subkeys/app',
        'secret/metadata?list=true',
      ];
      for (const path of [...kin, 'secret/data/other']) await on.warm(path);
      const body = { data: { color: 'blue' } };
      await on.agent.ask('/v1/secret/data/app', { method: 'PUT', body });
      expect(await Promise.all(kin.map((path) => on.label(path)))).to.deep.equal(kin.map(() => 'MISS stored-static'));
      expect(await on.label('secret/data/other')).to.equal('HIT');
      await on.warm('secret/data/app');
      await on.agent.ask('/v1/secret/metadata/app', { method: 'DELETE' });
      expect([await on.label('secret/data/app'), await on.label('secret/subkeys/app')]).to.deep.equal(['404', '404']);
    }));

  it('a read sent before a write has ended is not stored: it may be older (R-1)', () =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      const on = await stage(rig, settings(''));
      rig.server.inject({
        trouble: { kind: 'delay', delayMs: 1000 },
        when: ({ path, method }) => method === 'GET' && path === 'secret/data/app',
      });
      const slow = on.agent.ask('/v1/secret/data/app');
      await until('the read to arrive', () => rig.server.requests.count('GET', 'secret/data/app'));
      await on.agent.ask('/v1/secret/data/app', { method: 'PUT', body: { data: { color: 'blue' } } });
      await (rig.clock as VirtualClock).advance(1000);
      expect(labelOf(await slow)).to.equal('MISS raced');
    }));

  it('a list and a read of one path are two answers, LIST and ?list=true are one (D-40)', () =>
    played(settings(''), async (on) => {
      await on.rig.admin('POST', 'kv/app/below', { color: 'green' });
      const read = await on.warm('kv/app');
      expect(await on.label('kv/app?list=true')).to.equal('MISS stored-static');
      const list = await on.warm('kv/app', { method: 'LIST' });
      expect([read.json.data, list.json.data]).to.deep.equal([{ color: 'red' }, { keys: ['below'] }]);
      expect(await on.label('kv/app/?list=true')).to.equal('HIT');
      expect([reads(on, 'kv/app'), reads(on, 'kv/app', 'LIST')]).to.deep.equal([2, 0]);
      await on.agent.ask('/v1/kv/app/more', { method: 'PUT', body: { color: 'blue' } });
      const fresh = await on.agent.ask('/v1/kv/app', { method: 'LIST' });
      expect([labelOf(fresh), fresh.json.data.keys]).to.deep.equal(['MISS stored-static', ['below', 'more']]);
    }));

  for (const [name, question, path, why] of [
    ['a wrapped read (D-41)', { headers: { 'X-Vault-Wrap-TTL': '60s' } }, 'secret/data/app', 'wrapped'],
    ['Cache-Control: no-cache (D-55)', { headers: { 'Cache-Control': 'no-cache' } }, 'secret/data/app', 'no-store'],
    ['a query that it does not know (R-10)', {}, 'secret/data/app?x=1', 'no-lease'],
    ['the help text (R-10)', {}, 'secret/data/app?help=1', 'no-lease'],
    ['a second factor (D-41)', { headers: { 'X-Vault-MFA': 'x:1' } }, 'secret/data/app', 'mfa'],
  ] as const) {
    it(`${name} passes the cache by, though the secret is held`, () =>
      played(settings(''), async (on) => {
        await on.warm('secret/data/app');
        const before = on.rig.server.requests.all.length;
        const answer = await on.agent.ask(`/v1/${path}`, question);
        expect(labelOf(answer)).to.match(/^MISS /);
        expect(answer.headers['x-cache-reason'], 'reason').to.be.oneOf([why, 'query']);
        if (why === 'wrapped') expect(answer.json.wrap_info.token).to.be.a('string');
        expect(on.rig.server.requests.all).to.have.lengthOf(before + 1);
        expect(await on.label('secret/data/app')).to.equal('HIT');
      }));
  }

  it('HEAD is forwarded (R-10)', () =>
    played(settings(''), async (on) => {
      await on.warm('kv/app');
      const answer = await on.agent.ask('/v1/kv/app', { method: 'HEAD' });
      expect([answer.status, reads(on, 'kv/app', 'HEAD')]).to.deep.equal([405, 1]);
    }));

  it('the configured namespace is part of the name, whether it is prepended or written out (D-42, D-57)', () =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      await rig.admin('POST', 'sys/namespaces/team', {});
      const inTeam = { headers: { 'X-Vault-Namespace': 'team' } };
      await rig.server.call('POST', 'sys/mounts/secret', {
        ...inTeam,
        body: { type: 'kv', options: { version: '2' } },
      });
      await rig.server.call('POST', 'secret/data/app', { ...inTeam, body: { data: { color: 'of the team' } } });
      await rig.admin('POST', 'secret/data/app', { data: { color: 'of the root' } });
      const hcl = settings('').replace('use_auto_auth_token = true', 'prepend_configured_namespace = true');
      const vault = `vault {\n  address = "${rig.url}"\n  namespace = "team"\n  retry {\n    num_retries = -1\n  }\n}\n`;
      const agent = await rig.agent(`${vault}${hcl}`, {});
      const ask = (path: string, headers = {}): Promise<Answer> =>
        agent.ask(path, { headers: { 'X-Vault-Token': rig.rootToken, ...headers } });
      for (let time = 0; time < 3; time++) {
        await ask('/v1/secret/data/app');
        await rig.pass(20);
      }
      const hit = await ask('/v1/secret/data/app');
      expect([labelOf(hit), hit.json.data.data.color]).to.deep.equal(['HIT', 'of the team']);
      const listed = (await agent.ask('/agent/v1/cache?namespace=team')).json.entries as {
        path: string;
        namespace: string;
      }[];
      expect(listed.map(({ path, namespace }) => [path, namespace])).to.deep.equal([['/v1/secret/data/app', 'team/']]);
      const written = await agent.ask('/v1/secret/data/app', {
        method: 'PUT',
        headers: { 'X-Vault-Token': rig.rootToken },
        body: { data: { color: 'new' } },
      });
      expect(written.status).to.equal(200);
      const fresh = await ask('/v1/secret/data/app');
      expect([labelOf(fresh), fresh.json.data.data.color]).to.deep.equal(['MISS stored-static', 'new']);
    }));

  it('a ttl by path, and 0 for never (D-68)', () =>
    played(
      settings(
        lines(
          'ttl = "10m"',
          'path "secret/data/short*" {',
          '  ttl = "10s"',
          '}',
          'path "secret/data/never" {',
          '  ttl = 0',
          '}',
        ),
      ),
      async (on) => {
        for (const name of ['short', 'never', 'long'])
          await on.rig.admin('POST', `secret/data/${name}`, { data: { x: '1' } });
        await on.warm('secret/data/short');
        await on.warm('secret/data/long');
        await on.rig.pass(11_000);
        expect([await on.label('secret/data/short'), await on.label('secret/data/long')]).to.deep.equal([
          'MISS stored-static',
          'HIT',
        ]);
        for (let time = 0; time < 3; time++) {
          expect(await on.label('secret/data/never')).to.equal('MISS no-lease');
          await on.settle();
        }
      },
    ));

  it('stale_while_revalidate gives the old answer once more while one fetch brings the new one (D-68)', () =>
    played(settings(lines('ttl = "1m"', 'stale_while_revalidate = "30s"')), async (on) => {
      await on.warm('secret/data/app');
      await on.rig.admin('POST', 'secret/data/app', { data: { color: 'blue' } });
      await on.rig.pass(MINUTE + 1000);
      const before = reads(on, 'secret/data/app');
      const stale = await on.agent.ask('/v1/secret/data/app');
      expect([labelOf(stale), stale.json.data.data.color]).to.deep.equal(['HIT stale', 'red']);
      await on.settle();
      const fresh = await on.agent.ask('/v1/secret/data/app');
      expect([labelOf(fresh), fresh.json.data.data.color]).to.deep.equal(['HIT', 'blue']);
      expect(reads(on, 'secret/data/app')).to.equal(before + 1);
      await on.rig.pass(MINUTE + 31_000);
      expect(await on.label('secret/data/app'), 'its bound').to.equal('MISS stored-static');
    }));

  it('stale_if_error gives the old answer while the server is cut off, to its bound and not beyond; a lease is never stale (R-10)', () =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      await rig.engines('2m', '10m');
      const tap = await rig.tap();
      const hcl = settings(lines('ttl = "1m"', 'stale_if_error = "3m"', 'capability_refresh_interval = "1h"'));
      const on = await stage(rig, hcl, tap.url);
      const other = await client(rig, 'path "secret/*" { capabilities = ["read"] }');
      await rig.admin('POST', 'sys/policies/acl/app', {
        policy: `${POLICY}\npath "aws/*" { capabilities = ["read"] }`,
      });
      await on.warm('secret/data/app');
      expect(await on.label('aws/creds/app')).to.equal('MISS stored-lease');
      await tap.close();
      await rig.pass(MINUTE + 1000);
      expect(await on.label('secret/data/app')).to.equal('HIT stale');
      expect(await on.label('secret/data/app', other), 'a token that has never read it').to.equal('502');
      expect(await on.label('aws/creds/app')).to.equal('HIT');
      await rig.pass(MINUTE);
      expect(await on.label('aws/creds/app'), 'past its end').to.equal('502');
      await rig.pass(2 * MINUTE - 2000);
      expect(await on.label('secret/data/app')).to.equal('HIT stale');
      await rig.pass(2000);
      expect(await on.label('secret/data/app'), 'past the bound').to.equal('502');
      await tap.open();
      await rig.pass(MINUTE);
      expect(await on.label('secret/data/app')).to.match(/^(MISS stored-static|HIT)$/);
    }));

  it('stale_if_error answers for a 5xx too, not for a refusal, and no longer than the permission was checked (R-10)', () =>
    played(settings(lines('ttl = "1m"', 'stale_if_error = "1h"', 'capability_refresh_interval = "5m"')), async (on) => {
      await on.warm('secret/data/app');
      await on.rig.pass(MINUTE + 1000);
      const isRead = ({ path }: { path: string }): boolean => path === 'secret/data/app';
      on.rig.server.inject({ trouble: { kind: 'fail', status: 503 }, when: isRead, times: 2 });
      expect(await on.label('secret/data/app')).to.equal('HIT stale');
      on.rig.server.inject({ trouble: { kind: 'fail', status: 500 }, when: () => true, times: 1000 });
      await on.rig.pass(10 * MINUTE);
      expect(await on.label('secret/data/app'), 'permission unchecked for too long').to.match(/^50/);
    }));

  it('is no longer a HIT than until the version deletes itself, also as a stale answer (delete_version_after, R-10)', () =>
    played(settings(lines('ttl = "10m"', 'stale_if_error = "1h"', 'stale_while_revalidate = "1h"')), async (on) => {
      await on.rig.admin('POST', 'secret/metadata/brief', { delete_version_after: '90s' });
      await on.rig.admin('POST', 'secret/data/brief', { data: { color: 'red' } });
      await on.warm('secret/data/brief');
      await on.rig.pass(85_000);
      expect(await on.label('secret/data/brief')).to.equal('HIT');
      await on.rig.pass(5_000);
      expect(await on.label('secret/data/brief')).to.equal('404');
      on.rig.server.inject({
        trouble: { kind: 'fail', status: 503 },
        when: ({ path }) => path === 'secret/data/brief',
      });
      expect(await on.label('secret/data/brief')).to.equal('503');
    }));

  it('a changed policy takes the permission away at the next check, and the token must read anew (D-43, R-10)', () =>
    played(settings(lines('ttl = "1h"', 'capability_refresh_interval = "2m"')), async (on) => {
      const own = await client(on.rig, 'path "secret/*" { capabilities = ["read"] }');
      const policies = (
        await on.rig.server.call('GET', 'auth/token/lookup-self', { token: own.headers['X-Vault-Token'] })
      ).body as {
        data: { policies: string[] };
      };
      const name = policies.data.policies.find((policy) => policy !== 'default')!;
      await on.warm('secret/data/app', own);
      await on.warm('secret/data/app');
      await on.rig.admin('POST', `sys/policies/acl/${name}`, { policy: 'path "kv/*" { capabilities = ["read"] }' });
      await on.rig.pass(2 * MINUTE + 1000);
      expect(await on.label('secret/data/app', own)).to.equal('403');
      expect(await on.label('secret/data/app')).to.equal('HIT');
      expect(reads(on, 'sys/capabilities-self', 'POST')).to.be.greaterThan(0);
    }));

  it('a policy written through the agent takes all permissions away at once: each token reads anew', () =>
    played(settings(''), async (on) => {
      await on.warm('secret/data/app');
      const body = { policy: POLICY };
      expect((await on.agent.ask('/v1/sys/policies/acl/app', { method: 'PUT', body })).status).to.equal(204);
      expect(await on.label('secret/data/app')).to.match(/^MISS/);
    }));

  it('a revoked client token gets nothing any more (R-10)', () =>
    played(settings(lines('ttl = "1h"')), async (on) => {
      const own = await client(
        on.rig,
        'path "secret/*" { capabilities = ["read"] }\npath "auth/token/revoke-self" { capabilities = ["update"] }',
      );
      await on.warm('secret/data/app', own);
      expect((await on.agent.ask('/v1/auth/token/revoke-self', { method: 'POST', ...own })).status).to.equal(204);
      expect(await on.label('secret/data/app', own)).to.equal('403');
    }));

  it('a token with limited uses is never served, and spends no use for the agent (D-56, R-10)', () =>
    played(settings(''), async (on) => {
      const own = await client(on.rig, 'path "secret/*" { capabilities = ["read"] }', { num_uses: 5 });
      await on.warm('secret/data/app');
      const seen: string[] = [];
      for (let time = 0; time < 4; time++) {
        seen.push(await on.label('secret/data/app', own));
        await on.settle();
      }
      expect(seen.filter((text) => text.startsWith('HIT'))).to.deep.equal([]);
      expect(seen.slice(0, 2).every((text) => text.startsWith('MISS'))).to.equal(true);
    }));

  it('prefetch reads the listed secrets after the login; the first request is a HIT, and so is it after a new login', () =>
    played(settings(lines('prefetch = ["secret/data/app", "kv/app", "secret/data/absent"]')), async (on) => {
      await on.rig.pass(31_000);
      expect([await on.label('secret/data/app'), await on.label('kv/app')]).to.deep.equal(['HIT', 'HIT']);
      expect([reads(on, 'secret/data/app'), reads(on, 'secret/data/absent')]).to.deep.equal([1, 1]);
    }));

  it('version_poll sees what was changed elsewhere, without reading what did not change', () =>
    played(settings(lines('ttl = "1h"', 'version_poll = "30s"')), async (on) => {
      await on.warm('secret/data/app');
      await on.rig.pass(31_000);
      const before = reads(on, 'secret/data/app');
      expect(await on.label('secret/data/app')).to.equal('HIT');
      await on.rig.admin('POST', 'secret/data/app', { data: { color: 'blue' } });
      await on.rig.pass(31_000);
      await on.settle();
      const fresh = await on.agent.ask('/v1/secret/data/app');
      expect([labelOf(fresh), fresh.json.data.data.color]).to.deep.equal(['HIT', 'blue']);
      expect(reads(on, 'secret/data/app')).to.equal(before + 1);
    }));

  for (const [name, form, left] of [
    ['request_path with /v1/', () => ({ type: 'request_path', value: '/v1/secret/data' }), ['MISS', 'HIT']],
    ['request_path without /v1/', () => ({ type: 'request_path', value: 'secret/data/app' }), ['MISS', 'HIT']],
    ['token: its permissions', (token: string) => ({ type: 'token', value: token }), ['MISS', 'MISS']],
    ['all', () => ({ type: 'all' }), ['MISS', 'MISS']],
    [
      'request_path of another namespace',
      () => ({ type: 'request_path', value: '/v1/secret', namespace: 'x' }),
      ['HIT', 'HIT'],
    ],
  ] as const) {
    it(`cache-clear ${name} (D-60)`, () =>
      played(settings(''), async (on) => {
        const own = await client(on.rig, KV_POLICY.join('\n'));
        await on.warm('secret/data/app', own);
        await on.warm('kv/app', own);
        const body = form(own.headers['X-Vault-Token']);
        expect((await on.agent.ask('/agent/v1/cache-clear', { method: 'POST', body })).status).to.equal(200);
        const after = [await on.label('secret/data/app', own), await on.label('kv/app', own)];
        expect(after.map((text) => text.split(' ')[0])).to.deep.equal(left);
      }));
  }

  it("disable_caching_dynamic_secrets with Vault's own keys: only static secrets are cached, no lease and no token", () =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      await rig.engines('5m', '1h');
      const keys = lines(
        'cache_static_secrets = true',
        'disable_caching_dynamic_secrets = true',
        'static_secret_token_capability_refresh_interval = "2m"',
        'static_secret_token_capability_refresh_behavior = "pessimistic"',
      );
      const on = await stage(rig, `api_proxy {\n  use_auto_auth_token = true\n}\ncache {\n${keys}}\n${LISTENER}`);
      await rig.admin('POST', 'sys/policies/acl/app', {
        policy: `${POLICY}\npath "aws/*" { capabilities = ["read"] }`,
      });
      await on.warm('secret/data/app');
      const [first, second] = [await on.agent.ask('/v1/aws/creds/app'), await on.agent.ask('/v1/aws/creds/app')];
      expect(labelOf(first)).to.equal('MISS leased');
      expect([labelOf(second), second.json.lease_id === first.json.lease_id]).to.deep.equal(['MISS leased', false]);
      rig.server.inject({
        trouble: { kind: 'fail', status: 500 },
        when: ({ path }) => path === 'sys/capabilities-self',
        times: 9,
      });
      await rig.pass(2 * MINUTE + 1000);
      expect(await on.label('secret/data/app'), 'pessimistic: a failed check takes away').to.match(/^MISS/);
    }));

  it('no answer of another engine is ever held as a static secret', () =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      await rig.engines('5m', '1h');
      const on = await stage(rig, settings(''));
      await rig.admin('POST', 'sys/policies/acl/app', {
        policy: `${POLICY}\npath "aws/*" { capabilities = ["read"] }`,
      });
      for (let time = 0; time < 3; time++) {
        const answer = await on.agent.ask('/v1/aws/roles/app');
        expect([answer.status, answer.headers['x-cache']]).to.deep.equal([200, 'MISS']);
        await on.settle();
      }
    }));
});
