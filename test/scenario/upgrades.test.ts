// Connections that are no single answer, through a whole agent: WebSocket tunnels and long event streams (D-35).
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { expect } from 'chai';
import { dial, parseAnswer, readToEnd, requestBytes } from '../../core/sdk/testing/http-client.js';
import { collect, plant } from './collector.js';
import { LISTENER, onRig, SERVE, type Rig, type RunningAgent } from './rig.js';
import { until } from './until.js';

interface Opened {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** In front of the dev server: takes WebSockets and echoes, streams events, and hands everything else on. */
class EventServer {
  readonly opened: Opened[] = [];
  readonly streams: ServerResponse[] = [];
  readonly #sockets = new Set<Duplex>();
  readonly #server: Server;
  #url = '';

  constructor(rig: Rig) {
    this.#server = createServer((request, response) => {
      if (request.url?.startsWith('/v1/sys/monitor') === true) return this.#stream(response);
      const chunks: Buffer[] = [];
      request.on('data', (bytes: Buffer) => chunks.push(bytes));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const headers = request.headers as Record<string, string>;
        const body: unknown = text === '' ? undefined : JSON.parse(text);
        const token = headers['x-vault-token'] ?? '';
        void rig.server.call(request.method ?? 'GET', (request.url ?? '').slice(4), { token, body }).then((answer) => {
          response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer.body));
        });
      });
    });
    this.#server.on('upgrade', (request, socket: Duplex) => {
      this.opened.push({ url: request.url ?? '', headers: request.headers });
      this.#sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
      );
      socket.pipe(socket);
    });
  }

  get url(): string {
    return this.#url;
  }

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#url = `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #stream(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.write('{"n":0}\n');
    this.streams.push(response);
  }
}

const HANDSHAKE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
};
const EVENTS = '/v1/sys/events/subscribe/kv*?json=true';

interface Line {
  readonly socket: Socket;
  readonly text: () => string;
}

async function open(agent: RunningAgent, path: string, headers: Record<string, string>): Promise<Line> {
  const socket = await dial(agent.url);
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  socket.write(requestBytes({ path, headers }));
  await until('an answer', () => text.includes('\r\n\r\n'));
  return { socket, text: () => text };
}

const onEvents = (
  hcl: (method: string) => string,
  play: (agent: RunningAgent, server: EventServer, rig: Rig) => Promise<unknown>,
): Promise<unknown> =>
  onRig({}, async (rig) => {
    const server = new EventServer(rig);
    await server.open();
    try {
      const { method } = await rig.approle('app');
      const agent = await rig.agent(hcl(method), { address: server.url });
      await play(agent, server, rig);
      await agent.stop();
    } finally {
      server.close();
    }
  });

const withAuth = (serve: string) => (method: string) => `auto_auth {\n${method}}\n${serve}`;

describe('scenario: connections that stay open', function () {
  this.timeout(20_000);

  it("a WebSocket goes through with the agent's token, both ways, and ends with the client (D-35)", () =>
    onEvents(withAuth(SERVE), async (agent, server, rig) => {
      const { socket, text } = await open(agent, EVENTS, HANDSHAKE);
      expect(text()).to.match(/^HTTP\/1\.1 101 /);
      const [seen] = server.opened;
      expect(seen?.url).to.equal(EVENTS);
      expect(rig.server.world.tokens.find(seen?.headers['x-vault-token'] as string)?.policies).to.include('app');
      for (const word of ['one', 'two', 'three']) {
        socket.write(word);
        await until(`${word} to come back`, () => text().endsWith(word));
      }
      socket.end();
      await once(socket, 'close');
      expect(server.opened).to.have.lengthOf(1);
    }));

  it('a client with a token of its own keeps it, and force replaces it (D-22)', async () => {
    const own = plant('token of a client', 'the-own-token-of-a-client');
    for (const [serve, kept] of [
      [SERVE, true],
      [SERVE.replace('= true', '= "force"'), false],
    ] as const) {
      await onEvents(withAuth(serve), async (agent, server) => {
        const { socket } = await open(agent, EVENTS, { ...HANDSHAKE, 'X-Vault-Token': own });
        expect(server.opened[0]?.headers['x-vault-token'] === own).to.equal(kept);
        socket.destroy();
      });
    }
  });

  it('require_request_header: without the header 412, no tunnel and nothing sent; with it it opens', () =>
    onEvents(
      withAuth(SERVE.replace('tls_disable', 'require_request_header = true\n  tls_disable')),
      async (agent, server) => {
        const refused = await dial(agent.url);
        refused.write(requestBytes({ path: EVENTS, headers: HANDSHAKE }));
        const answer = parseAnswer(await readToEnd(refused));
        collect('an error body', answer.body);
        expect([answer.status, JSON.parse(answer.body)]).to.deep.equal([
          412,
          { errors: ['missing "X-Vault-Request" header'] },
        ]);
        expect(server.opened).to.deep.equal([]);
        const { socket, text } = await open(agent, EVENTS, { ...HANDSHAKE, 'X-Vault-Request': 'true' });
        expect(text()).to.match(/^HTTP\/1\.1 101 /);
        socket.destroy();
      },
    ));

  it('a local endpoint never upgrades: it answers as usual', () =>
    onEvents(withAuth(SERVE), async (agent, server) => {
      const socket = await dial(agent.url);
      socket.write(requestBytes({ path: '/agent/v1/livez', headers: HANDSHAKE }));
      expect(parseAnswer(await readToEnd(socket)).status).to.equal(200);
      expect(server.opened).to.deep.equal([]);
    }));

  it('the stop of the agent ends open tunnels within its grace', () =>
    onEvents(withAuth(SERVE), async (agent) => {
      const { socket } = await open(agent, EVENTS, HANDSHAKE);
      const closed = once(socket, 'close');
      await agent.stop();
      await closed;
    }));

  for (const [name, serve] of [
    ['with a cache', SERVE],
    ['with static secrets', SERVE.replace('cache {\n', 'cache {\n  static_secrets {\n  }\n')],
    ['without a cache', `api_proxy {\n  use_auto_auth_token = true\n}\n${LISTENER}`],
  ] as const) {
    it(`a long event stream ${name} arrives piece by piece and ends with the client (D-35)`, () =>
      onEvents(withAuth(serve), async (agent, server) => {
        const { socket, text } = await open(agent, '/v1/sys/monitor?log_level=debug', { Accept: 'application/json' });
        await until('the first piece', () => text().includes('{"n":0}'));
        const [stream] = server.streams;
        for (let n = 1; n <= 3; n++) {
          stream!.write(`{"n":${String(n)}}\n`);
          await until('the next piece', () => text().includes(`{"n":${String(n)}}`));
        }
        const ended = once(stream!, 'close');
        socket.destroy();
        await ended;
      }));
  }
});
