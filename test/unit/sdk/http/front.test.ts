// When the server asks the front, and when it must not (architecture 2.18, rule 1).
import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { dial } from '../../../../core/sdk/testing/http-client.js';
import { settle } from '../../../../core/sdk/testing/virtual-clock.js';
import type { HttpServerOptions, Serve } from '../../../../core/sdk/http-server.js';
import { withServer } from './served.js';

const KNOWN = 'GET /known HTTP/1.1\r\nHost: x\r\n\r\n';
const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

/** A server whose front knows one head; answers of node say `node`, of the front `front`. */
class Fronted {
  readonly asked: string[] = [];
  readonly alone: (string | undefined)[] = [];
  readonly waiting: ServerResponse[] = [];
  body = 'front';
  readonly serve: Serve = {
    request: (request, response, alone) => {
      this.alone.push(alone?.toString('latin1'));
      if (request.url === '/slow') return void this.waiting.push(response);
      request.resume();
      request.on('end', () => response.end(`node ${request.url}`));
    },
    front: (bytes, lines) => {
      const text = bytes.toString('latin1');
      this.asked.push(text);
      if (text !== KNOWN) return undefined;
      return `HTTP/1.1 200 OK\r\nContent-Length: ${this.body.length}\r\n${lines}\r\n${this.body}`;
    },
  };
}

/** A client that shows which way each answer went. */
class Client {
  text = '';
  closed = false;

  constructor(readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => (this.text += bytes.toString('latin1')));
    socket.on('end', () => socket.end());
    socket.on('close', () => (this.closed = true));
  }

  get ways(): string[] {
    return this.text.match(/node \/[a-z]*|front/g) ?? [];
  }

  async say(...parts: string[]): Promise<void> {
    for (const part of parts) {
      this.socket.write(part, 'latin1');
      await settle(20);
    }
  }
}

async function withFront(
  body: (given: {
    front: Fronted;
    client: Client;
    url: string;
    close: (ms: number) => Promise<void>;
    server: Socket;
  }) => Promise<void>,
  options: HttpServerOptions = {},
): Promise<void> {
  const front = new Fronted();
  await withServer(
    options,
    async ({ url, server }) => {
      const accepted = new Promise<Socket>((resolve) => server.node.once('connection', resolve));
      const client = new Client(await dial(url));
      await body({ front, client, url, close: (ms) => server.close(ms), server: await accepted });
      client.socket.destroy();
    },
    front.serve,
  );
}

describe('http server: the front', () => {
  it('is asked from the second request of a connection on', () =>
    withFront(async ({ front, client }) => {
      await client.say(KNOWN, KNOWN, get('/other'), KNOWN);
      expect(client.ways).to.deep.equal(['node /known', 'front', 'node /other', 'front']);
      expect(front.asked).to.deep.equal([KNOWN, get('/other'), KNOWN]);
    }));

  it('gets the lines about the connection that node writes itself', () =>
    withFront(
      async ({ client }) => {
        await client.say(KNOWN, KNOWN);
        const [node, front] = client.text
          .split(/(?=HTTP\/1\.1)/)
          .map((one) => one.match(/^(Connection|Keep-Alive): .*/gm));
        expect(front).to.deep.equal(['Connection: keep-alive', 'Keep-Alive: timeout=7']);
        expect(front).to.deep.equal(node);
      },
      { limits: { keepAliveTimeoutMs: 7_900 } },
    ));

  const never: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['a head in two segments', [KNOWN.slice(0, 9), KNOWN.slice(9)], ['node /known']],
    ['two heads in one segment', [KNOWN + KNOWN], ['node /known', 'node /known']],
    ['a body that is a known head', [get('/b', `Content-Length: ${KNOWN.length}\r\n`), KNOWN], ['node /b']],
    [
      'a chunk that is a known head',
      [`${get('/b', 'Transfer-Encoding: chunked\r\n')}${KNOWN.length.toString(16)}\r\n`, KNOWN, '\r\n0\r\n\r\n'],
      ['node /b'],
    ],
    ['the rest of a head that is a known head', ['POST /b HTTP/1.1\r\nHost: x\r\nX: ', KNOWN], ['node /b']],
    ['what follows a stray verb part', ['L', KNOWN], []],
    ['what follows the preface of HTTP/2', ['PRI * HTTP/2.0\r\n\r\n', KNOWN], []],
    ['what follows Connection: close', [get('/c', 'Connection: close\r\n'), KNOWN], ['node /c']],
    ['what follows HTTP/1.0', ['GET /c HTTP/1.0\r\n\r\n', KNOWN], ['node /c']],
    ['what follows a blank line, once', ['\r\n', KNOWN], ['node /known']],
    ['what follows garbage', ['nonsense\r\n\r\n', KNOWN], []],
  ];
  for (const [name, parts, ways] of never) {
    it(`is never asked about ${name}`, () =>
      withFront(async ({ front, client }) => {
        await client.say(KNOWN, KNOWN);
        front.asked.length = 0;
        await client.say(...parts);
        expect(front.asked.filter((bytes) => bytes === KNOWN)).to.deep.equal([]);
        expect(client.ways.slice(2)).to.deep.equal(ways);
      }));
  }

  it('is not asked while an answer is under way, also behind another waiting one', () =>
    withFront(async ({ front, client }) => {
      await client.say(KNOWN, get('/slow'), KNOWN, get('/slow'), KNOWN);
      expect(client.ways).to.deep.equal(['node /known']);
      front.waiting[0]!.end('node /slow');
      await settle(20);
      await client.say(KNOWN);
      front.waiting[1]!.end('node /slow');
      await settle(20);
      expect(client.ways).to.deep.equal([
        'node /known',
        'node /slow',
        'node /known',
        'node /slow',
        'node /known',
        'node /known',
      ]);
      expect(front.asked).to.deep.equal([get('/slow')]);
      await client.say(KNOWN);
      expect(client.ways.at(-1)).to.equal('front');
    }));

  it('is not asked while the client does not read, and what waits for it stays bounded', () =>
    withFront(async ({ front, client, server }) => {
      front.body = 'b'.repeat(1 << 20);
      await client.say(KNOWN);
      client.socket.pause();
      let most = 0;
      for (let n = 0; n < 60; n++) {
        client.socket.write(KNOWN);
        await settle(20);
        most = Math.max(most, server.writableLength);
      }
      expect(most)
        .to.be.above(0)
        .and.below(3 << 20);
      const answered = front.asked.length;
      expect(answered).to.be.below(30);
      const heads = (): number => client.text.match(/HTTP\/1\.1 200/g)?.length ?? 0;
      client.socket.resume();
      for (let turn = 0; turn < 400 && heads() < 61; turn++) await settle(50);
      expect(heads()).to.equal(61);
    }));

  it('an answer that the client did not wait for does no harm', () =>
    withFront(async ({ front, client, url }) => {
      await client.say(KNOWN);
      client.socket.write(KNOWN);
      client.socket.resetAndDestroy();
      await settle(20);
      const next = new Client(await dial(url));
      await next.say(KNOWN, KNOWN);
      expect(next.ways).to.deep.equal(['node /known', 'front']);
      expect(front.asked.length).to.be.at.least(1);
      next.socket.destroy();
    }));

  it('a client that has ended its side gets its answer', () =>
    withFront(async ({ client }) => {
      await client.say(KNOWN);
      client.socket.end(KNOWN);
      for (let turn = 0; turn < 2000 && !client.closed; turn++) await settle(1);
      expect(client.ways).to.deep.equal(['node /known', 'front']);
    }));

  it('is not asked once the server closes', () =>
    withFront(async ({ front, client, close }) => {
      await client.say(KNOWN, get('/slow'), KNOWN.slice(0, 5));
      const closing = close(60_000);
      front.waiting[0]!.end('node /slow');
      await client.say(KNOWN.slice(5), KNOWN);
      await closing;
      expect(front.asked).to.deep.equal([get('/slow')]);
      expect(client.text).to.contain('Connection: close');
    }));

  it('L-4 a connection that only the front answers outlives the header time-out, and ends after the idle one', () =>
    withFront(
      async ({ client, front }) => {
        await client.say(KNOWN);
        const long = AbortSignal.timeout(300);
        while (!long.aborted) await client.say(KNOWN);
        expect(client.closed).to.equal(false);
        expect(front.asked.length).to.be.above(3);
        await new Promise((closed) => client.socket.once('close', closed));
        expect(client.ways.slice(1).every((way) => way === 'front')).to.equal(true);
      },
      { limits: { headersTimeoutMs: 60, keepAliveTimeoutMs: 90 } },
    ));

  it('L-4 a head that never ends is still cut after answers of the front', () =>
    withFront(
      async ({ client }) => {
        await client.say(KNOWN, KNOWN, KNOWN.slice(0, 20));
        await new Promise((closed) => client.socket.once('close', closed));
        expect(client.text).to.contain(' 408 ');
      },
      { limits: { headersTimeoutMs: 60 } },
    ));

  it('tells the exact bytes of a request only when it came alone and without a body', () =>
    withFront(async ({ front, client }) => {
      const big = get('/big', `X: ${'x'.repeat(10_000)}\r\n`);
      const length = get('/l', 'Content-Length: 1\r\n');
      await client.say(
        get('/a'),
        get('/b') + get('/c'),
        `${length}x`,
        get('/d').slice(0, 9),
        get('/d').slice(9),
        `\r\n${get('/e')}`,
        big,
      );
      await client.say(get('/f').replace('GET', 'LIST'));
      expect(front.alone).to.deep.equal([
        get('/a'),
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
        big,
        undefined,
      ]);
    }));
});
