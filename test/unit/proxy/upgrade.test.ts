import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { VirtualClock } from '../../../core/sdk/testing/virtual-clock.js';
import { textReply } from '../../../core/kernel/local-reply.js';
import { Secret } from '../../../core/sdk/index.js';
import { readToEnd } from '../../../core/sdk/testing/http-client.js';
import { IdentityFake, state } from './identity-fake.js';
import { until } from './rig.js';
import { ACCEPTED, SWITCH, UpgradeRig, handshake, type UpgradeRigOptions } from './upgrade-rig.js';

/** Collects what arrives on a socket. */
function gather(socket: Socket): { readonly text: string } {
  const got = { text: '' };
  socket.on('data', (bytes: Buffer) => (got.text += bytes.toString('latin1')));
  return got;
}

/** An address where nobody listens. */
async function free(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

describe('proxy/upgrade: WebSocket (D-35)', () => {
  let rig: UpgradeRig | undefined;
  afterEach(async () => {
    await rig?.close();
    rig = undefined;
  });
  const start = async (options: UpgradeRigOptions = {}): Promise<UpgradeRig> => (rig = await UpgradeRig.start(options));
  const opened = async (
    running: UpgradeRig,
    text = handshake(),
  ): Promise<{ socket: Socket; got: { text: string } }> => {
    const socket = running.dial(text);
    const got = gather(socket);
    await until(() => got.text.includes('\r\n\r\n'));
    return { socket, got };
  };
  const answerTo = async (running: UpgradeRig, text: string): Promise<string> =>
    (await readToEnd(running.dial(text))).toString('latin1');

  it('the handshake travels with its headers, the token and the namespace, and bytes flow both ways', async () => {
    const identity = new IdentityFake('default', state('agent-token'));
    const running = await start({ serve: { identities: new Map([['default', identity]]) } });
    const { socket, got } = await opened(
      running,
      handshake('/v1/sys/events/subscribe/kv*?json=true', 'X-Vault-Namespace: a', 'Sec-WebSocket-Protocol: x'),
    );
    expect(got.text)
      .to.match(/^HTTP\/1\.1 101 /)
      .and.to.contain(`Sec-WebSocket-Accept: ${ACCEPTED}`);
    expect(got.text)
      .to.match(/\r\nUpgrade: websocket\r\n/)
      .and.to.match(/\r\nConnection: Upgrade\r\n/);
    socket.write('ping');
    await until(() => got.text.endsWith('ping'));
    const [request] = running.seen;
    expect(request?.url).to.equal('/v1/sys/events/subscribe/kv*?json=true');
    expect(request?.headers).to.deep.include({
      'x-vault-token': 'agent-token',
      'x-vault-namespace': 'a/',
      upgrade: 'websocket',
      connection: 'upgrade',
      'sec-websocket-protocol': 'x',
      'sec-websocket-version': '13',
    });
    expect(running.client.pending).to.equal(1);
  });

  it('what the client sends together with its request is not lost', async () => {
    const running = await start();
    const { got } = await opened(running, `${handshake()}early`);
    await until(() => got.text.endsWith('early'));
  });

  it('what the server sends together with its answer is not lost', async () => {
    const running = await start({ accept: (_request, socket) => void socket.write(`${SWITCH}hello`) });
    const { got } = await opened(running);
    await until(() => got.text.endsWith('\r\n\r\nhello'));
  });

  it('a megabyte goes round whole', async () => {
    const running = await start();
    const { socket, got } = await opened(running);
    const head = got.text.length;
    socket.write(Buffer.alloc(1024 * 1024, 'x'));
    await until(() => got.text.length >= head + 1024 * 1024);
    expect(got.text.length).to.equal(head + 1024 * 1024);
  });

  it('a reader that does not read stops the writer', async () => {
    let written = 0;
    const running = await start({
      accept: (_request, socket) => {
        socket.write(SWITCH);
        const pump = (): void => {
          while (written < 64 * 1024 * 1024) {
            written += 65_536;
            if (!socket.write(Buffer.alloc(65_536))) return void socket.once('drain', pump);
          }
        };
        pump();
      },
    });
    const { socket } = await opened(running);
    socket.pause();
    for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(written).to.be.lessThan(48 * 1024 * 1024);
  });

  it('half-close: the end of one side travels, and the other may still send', async () => {
    const running = await start({
      accept: (_request, socket) => {
        socket.allowHalfOpen = true;
        socket.write(SWITCH);
        socket.on('data', () => undefined).on('end', () => socket.end('last words'));
      },
    });
    const { socket, got } = await opened(running);
    socket.end('bye');
    await once(socket, 'close');
    expect(got.text).to.match(/last words$/);
    await until(() => running.client.pending === 0);
  });

  it('a client that breaks off ends the connection of the server, and the other way round', async () => {
    const ends: Socket[] = [];
    const running = await start({
      accept: (_request, socket) => {
        ends.push(socket);
        socket.write(SWITCH);
        socket.resume().on('end', () => socket.end());
      },
    });
    const first = await opened(running);
    first.socket.resetAndDestroy();
    await until(() => ends[0]!.destroyed);
    const second = await opened(running);
    ends[1]!.resetAndDestroy();
    await once(second.socket, 'end');
    second.socket.end();
    await until(() => running.client.pending === 0);
  });

  it('an answer other than 101 is relayed as it is and ends the connection', async () => {
    const running = await start({
      accept: (_request, socket) =>
        void socket.end('HTTP/1.1 403 Forbidden\r\nX-Kept: 1\r\nContent-Length: 17\r\n\r\n{"errors":["no"]}'),
    });
    const text = await answerTo(running, handshake());
    expect(text)
      .to.match(/^HTTP\/1\.1 403 Forbidden\r\n/)
      .and.to.match(/X-Kept: 1/)
      .and.to.match(/\{"errors":\["no"\]\}$/);
    await until(() => running.client.pending === 0);
  });

  it('a server that nobody can reach is a 502 in words', async () => {
    const dead = await free();
    const running = await start({ addresses: () => [dead] });
    const text = await answerTo(running, handshake());
    expect(text)
      .to.match(/^HTTP\/1\.1 502 /)
      .and.to.match(/connection refused/);
    expect(running.metrics.snapshot().find(({ name }) => name === 'agent.proxy.error')?.value).to.equal(1);
  });

  it('the handshake is bounded: a silent server is a 504', async () => {
    const clock = new VirtualClock();
    const running = await start({ accept: () => undefined, clock });
    const socket = running.dial(handshake());
    const got = gather(socket);
    await until(() => running.seen.length === 1);
    await clock.advance(5_100);
    await until(() => got.text.includes('did not answer'));
    expect(got.text).to.match(/^HTTP\/1\.1 504 /);
  });

  it('an open tunnel is bounded by nothing: it lives long after the bound of the handshake', async () => {
    const clock = new VirtualClock();
    const running = await start({ clock });
    const { socket, got } = await opened(running);
    await clock.advance(3_600_000);
    socket.write('still here');
    await until(() => got.text.endsWith('still here'));
  });

  it('a client that leaves during the handshake ends it', async () => {
    let gone = false;
    const running = await start({ accept: (_request, socket) => void socket.resume().on('end', () => (gone = true)) });
    const socket = running.dial(handshake());
    await until(() => running.seen.length === 1);
    socket.destroy();
    for (let turn = 0; turn < 200 && !gone; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
    expect([gone, running.client.pending]).to.deep.equal([true, 0]);
  });

  it('closing the client ends open tunnels at once', async () => {
    const running = await start();
    const { socket } = await opened(running);
    const ended = once(socket, 'end');
    await running.client.close();
    await ended;
    await until(() => running.client.pending === 0);
  });

  it('closing the listener does not wait for open tunnels', async () => {
    const running = await start();
    const { socket } = await opened(running);
    const closed = once(socket, 'end');
    await running.agent.close(60_000);
    await closed;
  });

  it('a refused connection goes on to the next address', async () => {
    const dead = await free();
    const running = await start({ addresses: (own) => [dead, own] });
    const { got } = await opened(running);
    expect(got.text).to.match(/^HTTP\/1\.1 101 /);
  });

  describe('the rules of every request', () => {
    it('require_request_header: 412 without the header, a tunnel with it', async () => {
      const listener = { role: 'default', requireRequestHeader: true, enableQuit: false, autoAuth: 'default' } as const;
      const running = await start({ serve: { listener } });
      expect(await answerTo(running, handshake())).to.match(/^HTTP\/1\.1 412 /);
      expect(running.seen).to.have.length(0);
      expect((await opened(running, handshake('/v1/x', 'X-Vault-Request: true'))).got.text).to.match(
        /^HTTP\/1\.1 101 /,
      );
    });
    it("the client's own token is left alone", async () => {
      const identity = new IdentityFake('default', { ...state('agent'), token: new Secret('agent') });
      const running = await start({ serve: { identities: new Map([['default', identity]]) } });
      await opened(running, handshake('/v1/x', 'X-Vault-Token: mine'));
      expect(running.seen[0]?.headers['x-vault-token']).to.equal('mine');
    });
    it('a request that has passed here before is refused (D-62)', async () => {
      const running = await start();
      const text = await answerTo(running, handshake('/v1/x', `X-Claviger-Hop: ${running.client.instance}`));
      expect([text.slice(9, 12), running.seen.length]).to.deep.equal(['508', 0]);
    });
    it('a metrics_only listener refuses', async () => {
      const listener = {
        role: 'metrics_only',
        requireRequestHeader: false,
        enableQuit: false,
        autoAuth: 'default',
      } as const;
      const running = await start({ serve: { listener } });
      expect(await answerTo(running, handshake())).to.match(/^HTTP\/1\.1 404 /);
      expect(running.seen).to.have.length(0);
    });
    it('a local endpoint answers as usual', async () => {
      const metrics = { control: false, handle: () => textReply(200, 'text/plain', 'm 1\n') };
      const running = await start({ serve: { admin: new Map([['metrics', metrics]]) } });
      expect(await answerTo(running, handshake('/agent/v1/metrics'))).to.match(/^HTTP\/1\.1 200 OK\r\n[^]*m 1\n$/);
    });
    it('a whole URL as target does not choose the host', async () => {
      const running = await start();
      await opened(running, handshake('http://elsewhere:1/v1/x'));
      expect(running.seen[0]?.url).to.equal('/v1/x');
    });
  });

  it('an offer of h2c is stripped and answered as a usual request, also when tunnels are possible (D-32)', async () => {
    const running = await start();
    const offer =
      'GET /v1/secret/foo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n';
    const socket = running.dial(offer);
    const got = gather(socket);
    await until(() => got.text.includes('"errors"'));
    expect(got.text).to.match(/^HTTP\/1\.1 403 /);
    socket.write('LIST /v1/secret HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await once(socket, 'end');
    expect(running.seen.map(({ method }) => method)).to.deep.equal(['GET', 'LIST']);
    expect(running.seen[0]?.headers).to.not.have.any.keys('upgrade', 'http2-settings');
  });

  it('a WebSocket offer on a write is answered as a usual request, with its body', async () => {
    const running = await start();
    const text = await answerTo(
      running,
      'PUT /v1/a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\n{}',
    );
    expect([text.slice(9, 12), running.seen[0]?.method, running.seen[0]?.headers.upgrade]).to.deep.equal([
      '403',
      'PUT',
      undefined,
    ]);
  });
});
