// Handing a connection over, and the limit of connections, from a client's side.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { expect } from 'chai';
import { offersWebSocket } from '../../../../core/sdk/http/web-socket.js';
import type { Serve } from '../../../../core/sdk/http-server.js';
import { dial, readToEnd } from '../../../../core/sdk/testing/http-client.js';
import { VirtualClock, settle } from '../../../../core/sdk/testing/virtual-clock.js';
import { recorder, withServer, type Seen } from './served.js';

const offer = (upgrade: string, method = 'GET', more = ''): string =>
  `${method} /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n${more}\r\n`;
const list = 'LIST /after HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

describe('http server: upgrades', () => {
  for (const [value, meant] of [
    ['websocket', true],
    ['WebSocket', true],
    ['foo, websocket', true],
    ['h2c', false],
    ['h2c, websocket', false],
    ['websocket2', false],
    ['', false],
  ] as const) {
    it(`"${value}" ${meant ? 'offers' : 'does not offer'} a WebSocket`, () =>
      expect(offersWebSocket(value)).to.equal(meant));
  }

  const upgrading = (seen: Seen[], taken: Duplex[]): Serve => ({
    ...recorder(seen),
    upgrade: (_request, socket) => {
      taken.push(socket);
      socket.on('error', () => undefined).write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    },
  });

  for (const [name, text] of [
    ['h2c (D-32)', offer('h2c')],
    ['WebSocket on a write', offer('websocket', 'DELETE')],
  ] as const) {
    it(`an offer of ${name} is answered as usual, and LIST still works behind it`, () => {
      const [seen, taken]: [Seen[], Duplex[]] = [[], []];
      return withServer(
        {},
        async ({ url }) => {
          const socket = await dial(url);
          const all = readToEnd(socket);
          socket.write(text);
          await once(socket, 'data');
          if (text.startsWith('GET')) socket.write(list);
          else socket.end();
          expect((await all).toString()).to.match(/^HTTP\/1\.1 200 /);
          expect(taken).to.deep.equal([]);
          if (text.startsWith('GET')) expect(seen.map(({ method }) => method)).to.deep.equal(['GET', 'LIST']);
        },
        upgrading(seen, taken),
      );
    });
  }

  it('an offer with a body is a usual request', () => {
    const [seen, taken]: [Seen[], Duplex[]] = [[], []];
    return withServer(
      {},
      async ({ send }) => {
        const text = offer('websocket', 'GET', 'Content-Length: 2\r\n').replace(': Upgrade', ': Upgrade, close');
        expect(await send(`${text}{}`)).to.match(/^HTTP\/1\.1 200 /);
        expect(seen.map(({ url, body }) => `${url} ${body}`)).to.deep.equal(['/ws {}']);
        expect(taken).to.deep.equal([]);
      },
      upgrading(seen, taken),
    );
  });

  it('a request without Host is refused before it is handed over', () =>
    withServer(
      {},
      async ({ send }) => {
        expect(await send(offer('websocket').replace('Host: x\r\n', ''))).to.match(/^HTTP\/1\.1 400 /);
      },
      upgrading([], []),
    ));

  it('behind a request that has no answer yet nothing is handed over: the answer would get into the tunnel', () => {
    const taken: Duplex[] = [];
    const serve: Serve = { request: () => undefined, upgrade: (_request, socket) => void taken.push(socket) };
    return withServer(
      {},
      async ({ send }) => {
        expect(await send(`GET /slow HTTP/1.1\r\nHost: x\r\n\r\n${offer('websocket')}`)).to.equal('');
        expect(taken).to.deep.equal([]);
      },
      serve,
    );
  });

  it('an idle tunnel is not cut by the time-outs of the server (D-35), and closing does not wait for it', () => {
    const taken: Duplex[] = [];
    return withServer(
      {},
      async ({ url, server }) => {
        const socket = await dial(url);
        socket.write(offer('websocket'));
        await once(socket, 'data');
        expect((taken[0] as Socket).timeout).to.equal(0);
        const ended = once(socket, 'end');
        await Promise.all([server.close(60_000), ended]);
      },
      upgrading([], taken),
    );
  });
});

describe('http server: the limit of connections', () => {
  it('closes what comes above it, says so once a minute with the number, and serves again when there is room', async () => {
    const clock = new VirtualClock();
    const told: [number, number][] = [];
    const onFull = (count: number, limit: number): void => void told.push([count, limit]);
    await withServer({ limits: { maxConnections: 2 }, clock, onFull }, async ({ url, send }) => {
      const held = [await dial(url), await dial(url)];
      const refused = async (): Promise<string> => {
        const socket = await dial(url);
        return (await readToEnd(socket).catch(() => Buffer.alloc(0))).toString();
      };
      expect([await refused(), await refused(), told]).to.deep.equal(['', '', [[1, 2]]]);
      await clock.advance(60_000);
      await refused();
      expect(told).to.deep.equal([[1, 2], [2, 2]]); // prettier-ignore
      for (const socket of held) socket.destroy();
      let answer = '';
      for (let turn = 0; turn < 200 && answer === ''; turn++) {
        await settle();
        answer = await send('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n').catch(() => '');
      }
      expect(answer).to.match(/ 200 /);
    });
  });

  it('0 means no limit', () =>
    withServer({ limits: { maxConnections: 0 } }, ({ server }) => {
      expect(server.node.maxConnections).to.equal(undefined);
      return Promise.resolve();
    }));
});
