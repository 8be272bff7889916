import { expect } from 'chai';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { ByteStream } from '../../../core/contracts/exchange.js';
import { systemClock } from '../../../core/kernel/clock.js';
import { LogSpy } from '../../../core/sdk/testing/log-spy.js';
import { createVaultClient } from '../../../core/vault/client.js';
import { client, config, Counts, exchange, json, upstream } from './rig.js';

describe('vault/transport: connections', () => {
  const bytes = [0, 1, 127, 128, 200, 255];

  it('a small answer keeps every byte on its way to a client', async () => {
    const server = await upstream((_request, response) => void response.end(Buffer.from(bytes)));
    const made = client(config(server.url));
    const agent = createServer((_request, response) => {
      void made.forward(exchange()).then(async (reply) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        (reply.body as ByteStream).pipeTo(response.writeHead(reply.status, reply.headers));
      });
    });
    agent.listen(0, '127.0.0.1');
    await once(agent, 'listening');
    try {
      const got = await fetch(`http://127.0.0.1:${(agent.address() as AddressInfo).port}/`);
      expect([...new Uint8Array(await got.arrayBuffer())]).to.deep.equal(bytes);
      expect(got.headers.get('content-length')).to.equal(String(bytes.length));
    } finally {
      agent.closeAllConnections();
      agent.close();
      await made.close();
      await server.close();
    }
  });

  it('a call of the agent itself gets through while hung requests of clients hold every connection', async () => {
    let hung = 0;
    let full: () => void = () => undefined;
    const crowded = new Promise<void>((resolve) => (full = resolve));
    const server = await upstream((request, response) => {
      if (request.url === '/v1/login') return void response.end('{}');
      if (++hung === 64) full();
    });
    const made = client(config(server.url));
    const waiting = Array.from({ length: 80 }, () => made.forward(exchange()).catch(() => undefined));
    try {
      await crowded;
      expect((await made.vault('auto-auth').request('PUT', 'login')).status).to.equal(200);
    } finally {
      await made.close();
      await Promise.all(waiting);
      await server.close();
    }
  });

  for (const keepAlive of [
    { idle: true, keepAlives: true, most: 4 },
    { idle: false, keepAlives: true, most: 10 },
    { idle: true, keepAlives: false, most: 10 },
  ]) {
    it(`idle ${keepAlive.idle}, keep-alive ${keepAlive.keepAlives}: ten requests use ${keepAlive.most === 10 ? 'ten connections' : 'few connections'} (spec 1.4)`, async () => {
      const server = await upstream(json(200, {}));
      let connections = 0;
      server.server.on('connection', () => (connections += 1));
      const made = createVaultClient({
        config: config(server.url),
        clock: systemClock({ unref: true }),
        log: { named: () => new LogSpy() },
        metrics: new Counts(),
        keepAlive,
        userAgent: { version: '1' },
      });
      const vault = made.vault('renewal');
      for (let turn = 0; turn < 10; turn++) await vault.request('GET', 'a');
      await made.close();
      await server.close();
      if (keepAlive.most === 10) expect(connections).to.equal(10);
      else expect(connections).to.be.at.most(keepAlive.most);
    });
  }

  it('goes through the configured HTTP proxy (VAULT_PROXY_ADDR)', async () => {
    const server = await upstream(json(200, { ok: true }));
    const asked: string[] = [];
    const sockets = new Set<Socket>();
    const proxy = createServer();
    proxy.on('connect', (request, socket: Socket) => {
      asked.push(request.url ?? '');
      const [host, port] = (request.url ?? '').split(':');
      const onward = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      for (const each of [socket, onward]) {
        sockets.add(each);
        each.on('error', () => undefined);
      }
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const httpProxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const made = client(config(server.url, { httpProxy }));
    try {
      const answer = await made.vault('auto-auth').request('GET', 'a');
      expect([answer.body, asked, server.seen[0]?.method]).to.deep.equal([
        { ok: true },
        [new URL(server.url).host],
        server.seen[0]?.method,
      ]);
    } finally {
      await made.close();
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await server.close();
    }
  });

  it('a server that restarts on the same port is found again', async () => {
    const first = await upstream(json(200, { n: 1 }));
    const made = client(config(first.url));
    const vault = made.vault('renewal');
    await vault.request('GET', 'a');
    await first.close();
    const second = await upstream(json(200, { n: 2 }), { where: Number(new URL(first.url).port) });
    try {
      expect((await vault.request('GET', 'a')).body).to.deep.equal({ n: 2 });
    } finally {
      await made.close();
      await second.close();
    }
  });
});
