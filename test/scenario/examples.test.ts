// Every configuration in examples/ and every sample of a plugin: what a person is told about it, and where it can run, it runs
// (issue 3, done when 2). Four of the examples are the configurations of the source documents.
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { inFolder } from './bad-input/folder.js';
import { ask } from './client.js';
import { plant } from './collector.js';
import { onRig, OPEN_POLICY, type Rig } from './rig.js';
import { call } from './terminal.js';
import { until } from './until.js';

const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));
const PLUGINS = fileURLToPath(new URL('../../plugins/', import.meta.url));

const textOf = (name: string): string => readFileSync(join(EXAMPLES, name, 'agent.hcl'), 'utf8');

interface Finding {
  readonly severity: string;
  readonly code: string;
  readonly line: number;
  readonly column: number;
  readonly hint: string;
}

async function findings(path: string): Promise<{ code: number; found: string[]; hints: string }> {
  const { code, out } = await call(['config', 'validate', '-json', path]);
  const problems = (JSON.parse(out) as { problems: Finding[] }).problems;
  const found = problems.map(
    ({ severity, code: what, line, column }) => `${severity} ${what} ${String(line)}:${String(column)}`,
  );
  return { code, found, hints: problems.map(({ hint }) => hint).join('\n') };
}

const TOLD: Readonly<
  Record<string, { readonly code: number; readonly found: readonly string[]; readonly hint?: string }>
> = {
  'caching-aws': {
    code: 1,
    found: ['warning CONFIG_DEPRECATED 28:3', 'error CONFIG_ADDRESS 37:3'],
    hint: 'write https://host:8200, http://host:8200 or unix:///path/to/socket',
  },
  'caching-aws-request-header': {
    code: 1,
    found: ['warning CONFIG_DEPRECATED 27:3', 'error CONFIG_LISTENER_TLS 30:1', 'error CONFIG_ADDRESS 36:3'],
    hint: 'set tls_cert_file and tls_key_file, or tls_disable = true for plain HTTP',
  },
  'caching-wrapped': {
    code: 1,
    found: ['warning CONFIG_DEPRECATED 24:3', 'error CONFIG_CONFLICT 24:3', 'warning CONFIG_CONFLICT 34:3'],
    hint: 'remove wrap_ttl from the method (line 9) and set it in the sink, or remove use_auto_auth_token',
  },
  'caching-persistent': {
    code: 0,
    found: ['warning CONFIG_FILE_MISSING 6:5', 'warning CONFIG_DEPRECATED 19:3', 'warning CONFIG_CONFLICT 28:3'],
  },
  quickstart: { code: 0, found: ['warning CONFIG_FILE_MISSING 10:7', 'warning CONFIG_FILE_MISSING 11:7'] },
};

describe('examples', function () {
  this.timeout(20_000);

  it('are all listed here, or tested with the plugin they belong to', () => {
    const names = readdirSync(EXAMPLES, { withFileTypes: true }).flatMap((one) =>
      one.isDirectory() ? [one.name] : [],
    );
    expect(names.sort()).to.deep.equal([...Object.keys(TOLD), 'plugin-jwt-env', 'plugin-lmdb-store'].sort());
  });

  for (const [name, { code, found, hint }] of Object.entries(TOLD)) {
    it(`${name}: "config validate" tells exactly ${found.length === 0 ? 'nothing' : found.join(', ')}`, async () => {
      const told = await findings(join(EXAMPLES, name, 'agent.hcl'));
      expect([told.code, told.found]).to.deep.equal([code, found]);
      if (hint !== undefined) expect(told.hints).to.include(hint);
    });
  }

  it('what is told is the cure: with it the faulty ones are valid', () =>
    inFolder(async (folder) => {
      const cured = {
        'caching-aws': textOf('caching-aws').replace('<vault-server-host>', '127.0.0.1'),
        'caching-aws-request-header': textOf('caching-aws-request-header')
          .replace('<vault-server-host>', '127.0.0.1')
          .replace('require_request_header = true', 'require_request_header = true\n  tls_disable = true'),
        'caching-wrapped': textOf('caching-wrapped').replace(/ *wrap_ttl = 300\n/, ''),
      };
      for (const [name, text] of Object.entries(cured)) {
        const path = folder.write(`${name}.hcl`, text);
        const { code, found } = await findings(path);
        expect(
          found.filter((one) => one.startsWith('error')),
          name,
        ).to.deep.equal([]);
        expect(code, name).to.equal(0);
      }
      expect(folder.names()).to.have.lengthOf(3);
    }));

  it('caching-persistent runs: a Kubernetes login, the sink, a lease as MISS and HIT, and as HIT in the next container', () =>
    onRig({}, async (rig) => {
      const review = await reviewer();
      try {
        await rig.engines('5m', '1h');
        const tokenPath = await kubernetes(rig, review);
        const text = textOf('caching-persistent')
          .replace('role = "foobar"', `role = "foobar"\n      token_path = "${tokenPath}"`)
          .replace('"/vault/agent-cache"', `"${rig.path('store')}"\n    service_account_token_file = "${tokenPath}"`)
          .replace('/tmp/file-foo', rig.path('token'))
          .replace('"127.0.0.1:8200"', '"127.0.0.1:0"')
          .replace('"http://127.0.0.1:8200"', `"${rig.url}"`);
        const first = await rig.agent(text);
        const token = plant('the token of the example', await rig.file('token'));
        const answers = [await first.ask('/v1/aws/creds/app'), await first.ask('/v1/aws/creds/app')];
        await first.stop();
        const second = await rig.agent(text);
        await until('the token of the store', () => second.agent.status().every(({ state }) => state === 'ok'));
        answers.push(await second.ask('/v1/aws/creds/app'));
        expect(answers.map(({ status, headers }) => [status, headers['x-cache']])).to.deep.equal([
          [200, 'MISS'],
          [200, 'HIT'],
          [200, 'HIT'],
        ]);
        expect(answers[2]!.json.lease_id).to.equal(answers[0]!.json.lease_id);
        expect(rig.read('token'), 'no second login').to.equal(token);
        await second.stop();
      } finally {
        review.close();
      }
    }));

  it('quickstart runs as it is, but for addresses: AppRole login, the sink, requests without a token', () =>
    onRig({}, async (rig) => {
      await rig.approle('app');
      rig.write('role-id', rig.read('app.role-id'));
      rig.write('secret-id', rig.read('app.secret-id'));
      rig.write('agent.hcl', textOf('quickstart').replace('127.0.0.1:8100', '127.0.0.1:0'));
      const agent = rig.command(['agent', '-config=agent.hcl', `-address=${rig.url}`]);
      const url = (await agent.says(/Api Address 1: (\S+)/))[1]!;
      plant('the token of the quickstart', await rig.file('token'));
      await rig.admin('POST', 'secret/data/app', { data: { colour: 'green' } });
      expect((await ask(url, '/v1/secret/data/app')).json.data.data).to.deep.equal({ colour: 'green' });
      expect(await agent.stop()).to.equal(0);
    }));

  it('samples of plugins are valid; only files that are missing here are told', async () => {
    const samples = readdirSync(PLUGINS, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('sample.hcl'),
    );
    expect(samples.length).to.be.greaterThan(10);
    for (const sample of samples) {
      const { code, found } = await findings(join(PLUGINS, sample));
      expect([code, found.filter((one) => !one.startsWith('warning CONFIG_FILE_MISSING'))], sample).to.deep.equal([
        0,
        [],
      ]);
    }
  });
});

/** A stand-in for the API server of a cluster: every token is the service account `web` in `shop`. */
function reviewer(): Promise<Server> {
  const user = { username: 'system:serviceaccount:shop:web', uid: 'u-1' };
  const api = createServer((request, response) => {
    request.resume();
    response
      .writeHead(201)
      .end(JSON.stringify({ kind: 'TokenReview', status: { authenticated: true, audiences: ['api'], user } }));
  });
  return new Promise((resolve) => api.listen(0, '127.0.0.1', () => resolve(api)));
}

/** The server side of the Kubernetes login; returns the path of a service account's token. */
async function kubernetes(rig: Rig, review: Server): Promise<string> {
  const host = `http://127.0.0.1:${String((review.address() as AddressInfo).port)}`;
  await rig.admin('POST', 'sys/auth/kubernetes', { type: 'kubernetes' });
  await rig.admin('POST', 'auth/kubernetes/config', { kubernetes_host: host, token_reviewer_jwt: 'reviewer' });
  await rig.admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
  const bounds = { bound_service_account_names: ['web'], bound_service_account_namespaces: ['shop'] };
  await rig.admin('POST', 'auth/kubernetes/role/foobar', { ...bounds, token_policies: ['app'], token_ttl: '10m' });
  const nowS = Math.floor(Date.now() / 1000);
  const account = { namespace: 'shop', serviceaccount: { name: 'web', uid: 'u-1' } };
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { aud: ['api'], iat: nowS, exp: nowS + 600, 'kubernetes.io': account };
  return rig.write(
    'service-account',
    plant('a service account token', `${part({ alg: 'RS256' })}.${part(claims)}.c2ln`),
  );
}
