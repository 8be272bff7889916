// The reason of each answer that is no hit: every code of core/contracts/reasons.ts is provoked here through a whole agent, or by a test that is named.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { CACHE_REASONS } from '../../core/contracts/reasons.js';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import type { Answer, Question } from './client.js';
import { LISTENER, onRig, type RunningAgent } from './rig.js';

const POLICY = 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }';
const PROXY = 'api_proxy {\n  use_auto_auth_token = true\n}\n';
const sorted = (texts: readonly string[]): string[] => [...texts].sort();

interface Provocation {
  readonly reason: string;
  /** Which agent: one that caches leases, one that caches static secrets only, or both. */
  readonly on?: 'statics' | 'both';
  readonly path: string;
  readonly question?: Question;
  /** The server answers so instead. */
  readonly answer?: { readonly status?: number; readonly body: string; readonly headers?: Record<string, string> };
  /** The same request once before. */
  readonly twice?: boolean;
  readonly asRoot?: boolean;
}

const CREDS = 'aws/creds/app';
const BIG = 'x'.repeat(33 * 1024 * 1024);
const envelope = (more: object): string =>
  JSON.stringify({ request_id: 'r', lease_id: '', renewable: false, lease_duration: 0, data: null, ...more });
const leased = (more: object): { body: string } => ({
  body: envelope({ lease_id: 'aws/creds/app/1', renewable: true, lease_duration: 300, data: {}, ...more }),
});
const issued = (more: object): { body: string } => ({
  body: envelope({
    auth: { client_token: '', accessor: '', policies: [], renewable: true, lease_duration: 300, ...more },
  }),
});
const header = (name: string, value: string): Question => ({ headers: { [name]: value } });

const PROVOCATIONS: readonly Provocation[] = [
  { reason: 'method', path: 'secret/data/app', question: { method: 'DELETE' } },
  { reason: 'path', path: 'secret/data/.hidden' },
  { reason: 'system', path: 'sys/health' },
  { reason: 'token-upkeep', path: 'auth/token/lookup-self' },
  { reason: 'wrapped', path: CREDS, question: header('X-Vault-Wrap-TTL', '60s') },
  { reason: 'no-store', path: CREDS, question: header('Cache-Control', 'no-store') },
  { reason: 'mfa', path: CREDS, question: header('X-Vault-MFA', 'totp:123456') },
  { reason: 'authorization', path: CREDS, question: header('Authorization', 'AWS4-HMAC-SHA256 x') },
  { reason: 'inline-auth', path: CREDS, question: header('X-Vault-Inline-Auth-Path', 'auth/x') },
  { reason: 'path-policy', path: 'aws/creds/never' },
  { reason: 'body-too-large', path: CREDS, question: { method: 'POST', body: BIG } },
  { reason: 'answer-too-large', path: 'aws/creds/large', answer: { body: `"${BIG}"` } },
  { reason: 'stored-lease', path: `${CREDS}?stored` },
  { reason: 'stored-token', path: 'auth/token/create', question: { method: 'POST', body: { ttl: '1h' } } },
  { reason: 'status', path: 'aws/creds/unknown' },
  { reason: 'encoded', path: CREDS, answer: { body: 'x', headers: { 'Content-Encoding': 'gzip' } } },
  { reason: 'not-json', path: CREDS, answer: { body: 'x', headers: { 'Content-Type': 'text/plain' } } },
  { reason: 'empty', path: CREDS, answer: { body: '' } },
  { reason: 'no-envelope', path: CREDS, answer: { body: '[]' } },
  { reason: 'no-lease', path: CREDS, answer: { body: envelope({ data: { a: 1 } }) } },
  { reason: 'not-renewable', path: CREDS, answer: leased({ renewable: false }) },
  { reason: 'no-ttl', path: CREDS, answer: leased({ lease_duration: 0 }) },
  { reason: 'token-not-managed', path: CREDS, asRoot: true },
  {
    reason: 'parent-not-managed',
    path: 'auth/token/create',
    question: { method: 'POST', body: { ttl: '1h' } },
    asRoot: true,
  },
  { reason: 'no-token', path: 'auth/token/create', question: { method: 'POST', body: { a: 1 } }, answer: issued({}) },
  {
    reason: 'batch-token',
    path: 'auth/token/create',
    question: { method: 'POST', body: { type: 'batch', ttl: '1h' } },
  },
  {
    reason: 'use-limited',
    path: 'auth/token/create',
    question: { method: 'POST', body: { a: 2 } },
    answer: issued({ client_token: 'made-up-limited-token', accessor: 'made-up-accessor', num_uses: 3 }),
  },
  { reason: 'stored-static', on: 'both', path: 'secret/data/app' },
  { reason: 'not-renewable', on: 'both', path: CREDS, answer: leased({ renewable: false }) },
  { reason: 'no-data', on: 'both', path: 'kv/app', answer: { body: envelope({}) } },
  { reason: 'policy', on: 'statics', path: 'secret/data/never' },
  { reason: 'header', on: 'statics', path: 'secret/data/app', question: header('X-Vault-Index', 'x') },
  { reason: 'body', on: 'statics', path: 'secret/data/app', question: { body: { a: 1 } } },
  { reason: 'query', on: 'statics', path: 'secret/data/app?help=1' },
  { reason: 'not-static', on: 'statics', path: 'sys/health' },
  {
    reason: 'not-kv',
    on: 'statics',
    path: 'secret/data/app',
    answer: { body: envelope({ data: {}, mount_type: 'aws' }) },
  },
  { reason: 'no-data', on: 'statics', path: 'kv/app', answer: { body: envelope({}) } },
  { reason: 'auth', on: 'statics', path: 'kv/app', answer: issued({ client_token: 'made-up-static-token' }) },
  { reason: 'leased', on: 'statics', path: CREDS },
  {
    reason: 'deleted',
    on: 'statics',
    path: 'secret/data/app',
    answer: { body: envelope({ data: { data: null, metadata: { version: 1, destroyed: true } } }) },
  },
];

/** Where the other codes are provoked, below test/. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'no-key': 'unit/proxy/stages/lease-path.test.ts',
  // a whole agent has no cache of leases then
  'dynamic-off': 'unit/cache/lives.test.ts',
  'body-budget': 'unit/proxy/stages/lease-path.test.ts',
  paced: 'unit/proxy/stages/lease-path.test.ts',
  raced: 'scenario/static.test.ts',
  full: 'scenario/limits.test.ts',
  'share-full': 'scenario/limits.test.ts',
  error: 'unit/cache/lives.test.ts',
  'shared-lost': 'unit/proxy/stages/lease-path.test.ts',
  older: 'unit/cache/static/serving.test.ts',
  stale: 'scenario/static.test.ts',
};

const reasonOf = async ({ agent, on }: { agent: RunningAgent; on: Provocation }, answer: Answer): Promise<string> => {
  const told = answer.headers['x-cache-reason'];
  if (typeof told === 'string' || answer.status < 400) return String(told);
  const query = new URLSearchParams({ path: on.path, method: on.question?.method ?? 'GET' });
  return String((await agent.ask(`/agent/v1/cache/explain?${String(query)}`)).json.last_reason);
};

describe('scenario: the reason of each answer that is no hit', function () {
  this.timeout(30_000);

  it('every documented code is provoked by a row of this table or by a named test, and no row has a code that is not documented', () => {
    const here = PROVOCATIONS.map(({ reason }) => reason);
    expect(sorted([...new Set([...here, ...Object.keys(ELSEWHERE)])])).to.deep.equal(
      sorted(Object.keys(CACHE_REASONS)),
    );
    const root = fileURLToPath(new URL('../../../test/', import.meta.url));
    const silent = Object.entries(ELSEWHERE).filter(
      ([reason, file]) => !new RegExp(`['" ]${reason}['"]`).test(readFileSync(`${root}${file}`, 'utf8')),
    );
    expect(silent).to.deep.equal([]);
  });

  it('X-Cache-Reason tells it, or for errors, which carry no labels, cache/explain', () =>
    onRig({ clock: new VirtualClock() }, async (rig) => {
      await rig.engines('5m', '1h');
      await rig.admin('POST', 'sys/mounts/kv', { type: 'kv' });
      await rig.admin('POST', 'kv/app', { color: 'red' });
      for (const name of ['app', '.hidden', 'never'])
        await rig.admin('POST', `secret/data/${name}`, { data: { color: 'red' } });
      await rig.admin('POST', 'aws/roles/never', { credential_type: 'iam_user', policy_document: '{}' });
      const { method } = await rig.approle('app', { policy: POLICY });
      const caches = {
        leases: 'path "aws/creds/never" {\n  cache = false\n}\n',
        both: 'static_secrets {\n}\n',
        statics:
          'disable_caching_dynamic_secrets = true\nstatic_secrets {\n  path "secret/data/never" {\n    ttl = 0\n  }\n}\n',
      };
      const agentFor = (cache: string): Promise<RunningAgent> =>
        rig.agent(`auto_auth {\n${method}}\n${PROXY}cache {\n${cache}}\n${LISTENER}`);
      const agents = {
        leases: await agentFor(caches.leases),
        both: await agentFor(caches.both),
        statics: await agentFor(caches.statics),
      };
      await rig.pass(20);
      const seen: string[] = [];
      for (const on of PROVOCATIONS) {
        const agent = agents[on.on ?? 'leases'];
        const isIt = ({ path }: { path: string }): boolean => path === on.path.split('?')[0];
        if (on.answer !== undefined)
          rig.server.inject({ trouble: { kind: 'answer', status: 200, ...on.answer }, when: isIt });
        const headers = { ...on.question?.headers, ...(on.asRoot === true && { 'X-Vault-Token': rig.rootToken }) };
        const answer = await agent.ask(`/v1/${on.path}`, { ...on.question, headers });
        seen.push(await reasonOf({ agent, on }, answer));
        await agent.ask('/agent/v1/cache-clear', { method: 'POST', body: { type: 'all' } });
        if (on.reason === 'method') await rig.admin('POST', 'secret/data/app', { data: { color: 'red' } });
      }
      expect(seen).to.deep.equal(PROVOCATIONS.map(({ reason }) => reason));
      const counted = agents.leases.agent.metrics.snapshot().filter(({ name }) => name === 'agent.cache.bypass');
      expect(counted.map(({ labels }) => labels.reason)).to.include.members(['no-store', 'not-renewable', 'status']);
    }));
});
