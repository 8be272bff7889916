// `claviger cache`: what it asks of a running agent, what it prints, and that no secret can be an argument. The agent is a server of the test.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { agentAddress } from '../../../core/cli/agent-address.js';
import { entryTable, shown, span } from '../../../core/cli/cache-text.js';
import { dispatch } from '../../../core/cli/dispatch.js';
import type { Terminal } from '../../../core/cli/terminal.js';

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const ENTRY = {
  id: 'e1',
  kind: 'lease',
  path: '/v1/db/creds/\u001b[31mapp',
  namespace: '',
  age_seconds: 61,
  remaining_seconds: 7_500,
  renewals: 2,
  state: 'renewing',
  why: 'stored-lease',
  next_in_seconds: null,
  parent: 'identity default',
  children: 0,
  keys: 1,
  bytes: 900,
};
const LIST = { entries: [ENTRY], matched: 3, size: 5, bytes: 4_000, max_entries: 100, max_bytes: 0 };

describe('claviger cache', () => {
  let folder = '';
  let server: Server;
  let address = '';
  let asked: Asked[] = [];
  let answer: { status: number; body: string } = { status: 200, body: '' };

  const serve = (): Server =>
    createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        asked.push({ method, url, headers, body });
        response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(answer.body);
      });
    });
  const listening = (one: Server, ...where: [string] | [number, string]): Promise<void> =>
    new Promise((resolve) => one.listen(...(where as [number, string]), resolve));

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'claviger-cli-'));
    server = serve();
    await listening(server, 0, '127.0.0.1');
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    asked = [];
    answer = { status: 200, body: JSON.stringify(LIST) };
  });

  async function run(args: readonly string[], env: Record<string, string> = {}, input?: string) {
    let out = '';
    let err = '';
    const terminal: Terminal = {
      out: (text) => void (out += text),
      err: (text) => void (err += text),
      outIsTerminal: false,
      errIsTerminal: false,
      env: { CLAVIGER_AGENT_ADDR: address, ...env },
      cwd: folder,
      pid: 1,
      ...(input !== undefined && { input: () => Promise.resolve(input) }),
      onSignal: () => () => undefined,
      cut: () => undefined,
    };
    return { code: await dispatch(['cache', ...args], terminal), out, err };
  }

  it('list asks with the header of the gate, and prints a table that no answer can disturb', async () => {
    const { code, out, err } = await run(['list', '-kind=lease', '-path=db/', '-limit=1']);
    expect([code, err]).to.deep.equal([0, '']);
    expect(asked.map(({ method, url }) => `${method} ${url}`)).to.deep.equal([
      'GET /agent/v1/cache?kind=lease&path=db%2F&limit=1',
    ]);
    expect(asked[0]?.headers).to.include({ 'x-vault-request': 'true' });
    expect(out.split('\n')).to.deep.equal([
      'ID  KIND   STATE     AGE  LEFT  NEXT  RENEWED  BYTES  NAMESPACE  PATH',
      'e1  lease  renewing  61s  2h5m  -     2        900    -          /v1/db/creds/?[31mapp',
      '5 of 100 entries, 4000 bytes. 2 more match; ask with -limit.',
      '',
    ]);
  });

  it('options may stand before and after the id or path', async () => {
    for (const args of [
      ['show', '-format=json', 'e1'],
      ['show', 'e1', '-format=json'],
    ]) {
      const { code, out } = await run(args);
      expect([code, JSON.parse(out)]).to.deep.equal([0, ENTRY]);
    }
    expect((await run(['show', 'e1', '-format=json', 'e2'])).code).to.equal(1);
  });

  it('list -format=json prints the answer as it is', async () => {
    expect(JSON.parse((await run(['list', '-format=json'])).out)).to.deep.equal(LIST);
  });

  it('a proxy has its own paths', async () => {
    await run(['list', '-proxy']);
    expect(asked[0]?.url).to.equal('/proxy/v1/cache?');
  });

  it('show prints all of one entry, and fails when there is none', async () => {
    const { code, out } = await run(['show', 'e1']);
    expect([code, asked[0]?.url]).to.deep.equal([0, '/agent/v1/cache?id=e1']);
    expect(out)
      .to.match(/^id +e1$/m)
      .and.match(/^remaining_seconds +7500$/m);
    answer.body = JSON.stringify({ ...LIST, entries: [] });
    expect(await run(['show', 'e9'])).to.deep.include({ code: 1, out: '', err: 'there is no entry e9 (any more)\n' });
  });

  for (const [args, body] of [
    [['-type=all'], { type: 'all', value: '', namespace: '' }],
    [['-type=id', '-value=e1'], { type: 'id', value: 'e1', namespace: '' }],
    [
      ['-type=request_path', '-value=/v1/db', '-namespace=ns1'],
      { type: 'request_path', value: '/v1/db', namespace: 'ns1' },
    ],
    [['-type=lease', '-value=db/creds/app/1'], { type: 'lease', value: 'db/creds/app/1', namespace: '' }],
    [['-type=token', '-value=-'], { type: 'token', value: 'hvs.piped', namespace: '' }],
    [['-type=token_accessor', '-value=-'], { type: 'token_accessor', value: 'hvs.piped', namespace: '' }],
  ] as const) {
    it(`clear ${args.join(' ')}`, async () => {
      answer.body = '';
      expect(await run(['clear', ...args], {}, 'hvs.piped\n')).to.deep.equal({ code: 0, out: 'cleared\n', err: '' });
      expect([asked[0]?.method, asked[0]?.url]).to.deep.equal(['POST', '/agent/v1/cache-clear']);
      expect(JSON.parse(asked[0]?.body ?? '')).to.deep.equal(body);
    });
  }

  it('a token or accessor as argument is refused, and not repeated', async () => {
    for (const type of ['token', 'token_accessor']) {
      const { code, out, err } = await run(['clear', `-type=${type}`, '-value=hvs.secret']);
      expect([code, out, asked]).to.deep.equal([1, '', []]);
      expect(err).to.include('-value=-').and.not.include('hvs.secret');
    }
  });

  it('explain sends the token of the environment, the path and the method, and says what it means', async () => {
    answer.body = JSON.stringify({
      method: 'GET',
      path: '/v1/a',
      token: 'client',
      verdict: 'bypass',
      lease: { candidate: false, reason: 'no-store', meaning: 'The request said so.', held: null },
      static: { candidate: true, held: null },
      entries: [],
      last_reason: 'no-lease',
      last_meaning: 'No lease.',
    });
    const { code, out } = await run(['explain', '-method=POST', 'a?b=1'], {
      VAULT_TOKEN: 'hvs.mine',
      VAULT_NAMESPACE: 'ns1',
    });
    expect(code).to.equal(0);
    expect(asked[0]?.url).to.equal('/agent/v1/cache/explain?path=a%3Fb%3D1&method=POST&namespace=ns1');
    expect(asked[0]?.headers).to.include({ 'x-vault-token': 'hvs.mine' });
    expect(out.split('\n')).to.deep.equal([
      'GET /v1/a, token: client',
      'bypass: It would go to the server, and its answer is not kept.',
      'leases and tokens: no-store The request said so.',
      'static secrets: may be kept; held: -',
      'last time: no-lease No lease.',
      '',
    ]);
  });

  it('explain without a token asks for the one that the agent would use', async () => {
    answer.body = '{}';
    await run(['explain', 'a']);
    expect(asked[0]?.headers).to.not.have.property('x-vault-token');
  });

  const wrong: [args: string[], told: string][] = [
    [['lst'], 'unknown action "cache lst"'],
    [['constructor'], 'unknown action "cache constructor"'],
    [['list', '-fromat=json'], 'did you mean -format?'],
    [['list', '-format=xml'], '-format is table or json'],
    [['list', 'x'], 'unexpected argument "x"'],
    [['list', '-limit=all'], '-limit is a whole number'],
    [['show'], 'it needs an id'],
    [['show', 'a', 'b'], 'unexpected argument "b"'],
    [['explain'], 'it needs a path'],
    [['clear'], 'cache clear needs -type'],
    [['clear', '-type=moon', '-value=x'], 'not "moon"'],
    [['clear', '-type=lease'], 'cache clear -type=lease needs -value'],
    [['clear', '-type=token', '-value=-'], 'standard input is empty'],
    [['list', '-address=127.0.0.1:1'], '-address is not an http, https or unix address'],
    [['list', '-address=http://127.0.0.1:1'], 'cannot reach http://127.0.0.1:1: ECONNREFUSED'],
  ];
  for (const [args, told] of wrong) {
    it(`${args.join(' ')} is one line on standard error`, async () => {
      const { code, out, err } = await run(args);
      expect([code, out, asked]).to.deep.equal([1, '', []]);
      expect(err)
        .to.include(told)
        .and.match(/^[^\n]+\n$/);
    });
  }

  for (const [status, body, told] of [
    [412, '{"errors":["missing"]}', 'it answered 412: missing'],
    [404, 'page not found', 'it answered 404'],
    [200, 'hello', 'it answered 200'],
    [200, '[1]', 'it answered 200'],
    [500, '{"errors":"x"}', 'it answered 500'],
  ] as const) {
    it(`an answer ${status} ${body} is told`, async () => {
      answer = { status, body };
      const { code, err } = await run(['list']);
      expect(code).to.equal(1);
      expect(err)
        .to.include(told)
        .and.match(/^[^\n]+\n$/);
    });
  }

  it('finds the agent by its configuration: a tcp or a unix listener', async () => {
    const port = address.split(':').at(-1);
    const path = join(folder, 'agent.hcl');
    writeFileSync(path, `listener "tcp" {\n  address = "0.0.0.0:${port}"\n  tls_disable = true\n}\n`);
    expect((await run(['list', '-config', path], { CLAVIGER_AGENT_ADDR: '' })).code).to.equal(0);
    const socket = join(folder, 's');
    const other = serve();
    await listening(other, socket);
    try {
      writeFileSync(path, `listener "unix" {\n  address = "${socket}"\n  tls_disable = true\n}\n`);
      expect((await run(['list', '-config', path], { CLAVIGER_AGENT_ADDR: '' })).code).to.equal(0);
      expect((await run(['list', `-address=unix://${socket}`])).code).to.equal(0);
    } finally {
      other.close();
    }
    expect(asked).to.have.length(3);
  });

  it('a configuration with errors, or without a listener that serves, is told', async () => {
    const path = join(folder, 'bad.hcl');
    writeFileSync(path, 'listener "tcp" {');
    expect((await run(['list', '-config', path])).err).to.include('claviger config validate');
    writeFileSync(path, 'listener "tcp" {\n tls_disable = true\n role = "metrics_only"\n}\n');
    expect((await run(['list', '-config', path])).err).to.include('no listener that could be asked');
  });

  it('help names the actions, no action is a failure', async () => {
    const { code, out } = await run(['-help']);
    expect([code, /clear .*explain/s.test(out)]).to.deep.equal([0, true]);
    expect((await run([])).code).to.equal(1);
  });
});

describe('where the agent is', () => {
  const listener = (address: string, more = {}) => ({
    type: 'tcp',
    settings: { address, tls_disable: true, ...more },
  });
  const name = (sources: Partial<Parameters<typeof agentAddress>[0]>): string =>
    agentAddress({ env: {}, ...sources }).name;

  it('an option, then a listener, then the environment', () => {
    const env = { CLAVIGER_AGENT_ADDR: 'http://c:1', VAULT_AGENT_ADDR: 'http://v:1' };
    const own = listener('127.0.0.1:9');
    expect(name({ address: 'https://o', listener: own, env })).to.equal('https://o');
    expect(name({ listener: own, env })).to.equal('http://127.0.0.1:9');
    expect(name({ env })).to.equal('http://c:1');
    expect(name({ env: { ...env, CLAVIGER_AGENT_ADDR: '' } })).to.equal('http://v:1');
    expect(() => name({})).to.throw('where is the agent?');
  });

  for (const [address, wanted] of [
    [':8100', 'http://127.0.0.1:8100'],
    ['0.0.0.0:8100', 'http://127.0.0.1:8100'],
    ['[::]:8100', 'http://[::1]:8100'],
    ['[2001:db8::1]:8100', 'http://[2001:db8::1]:8100'],
    ['host:8100', 'http://host:8100'],
  ] as const) {
    it(`a listener on ${address} is asked at ${wanted}`, () => {
      expect(name({ listener: listener(address) })).to.equal(wanted);
    });
  }

  it('a listener with a certificate is asked over TLS; one on any free port cannot be asked', () => {
    const tls = listener('h:1', { tls_disable: false, tls_cert_file: '/c' });
    expect(name({ listener: tls })).to.equal('https://h:1');
    expect(() => name({ listener: listener('127.0.0.1:0') })).to.throw('no fixed port');
  });

  it('ports of http and https are known', () => {
    expect(agentAddress({ address: 'http://h', env: {} }).port).to.equal(80);
    expect(agentAddress({ address: 'https://[::1]', env: {} })).to.deep.include({ port: 443, host: '::1', tls: true });
  });
});

describe('texts of claviger cache', () => {
  it('times', () => {
    expect([0, 119, 120, 7_199, 7_200, 172_799, 172_800, null, undefined].map(span)).to.deep.equal([
      '0s',
      '119s',
      '2m',
      '119m',
      '2h0m',
      '47h59m',
      '2d',
      '-',
      '-',
    ]);
  });

  it('an answer of another shape is no crash', () => {
    expect(entryTable({})).to.equal('- entries, - bytes.\n');
    expect(entryTable({ entries: [1, null, {}], size: 'x' })).to.include('ID');
    expect(shown({ a: '\n' })).to.equal('{"a":"\\n"}');
  });
});
