// The server of the SDK from a client's side: verbs, smuggling, limits, faults, closing.
import { expect } from 'chai';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dial, parseAnswer, readToEnd, requestBytes } from '../../../../core/sdk/testing/http-client.js';
import { VirtualClock, settle } from '../../../../core/sdk/testing/virtual-clock.js';
import { withServer, type Seen } from './served.js';

const CLOSE = { Connection: 'close' };
const text = (method: string, path: string, headers: Record<string, string> = {}, body = ''): string =>
  requestBytes({ method, path, headers, body }).toString('latin1');
const line = ({ method, url, body }: Seen): string => `${method} ${url} ${body}`.trim();

function errorsOf(answer: string): { status: number; errors: unknown } {
  const { status, body } = parseAnswer(Buffer.from(answer, 'latin1'));
  return { status, errors: (JSON.parse(body) as { errors: unknown }).errors };
}

describe('http server: verbs', () => {
  it('LIST and SCAN pipelined behind bodies, with a request inside a body that stays a body', () =>
    withServer({}, async ({ send, seen }) => {
      const smuggled = text('LIST', '/smuggled');
      const chunked = `POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;
      await send(text('POST', '/b', {}, smuggled) + text('LIST', '/l') + chunked + text('SCAN', '/s', CLOSE));
      expect(seen.map(line)).to.deep.equal([
        `POST /b ${smuggled}`.trim(),
        'LIST /l',
        `POST /c ${smuggled}`.trim(),
        'SCAN /s',
      ]);
    }));

  it('a genuine LINK and SEARCH stay what they are beside LIST and SCAN', () =>
    withServer({}, async ({ send, seen }) => {
      await send(
        text('LINK', '/1') + text('LIST', '/2') + text('SEARCH', '/3') + text('SCAN', '/4') + text('LINK', '/5', CLOSE),
      );
      expect(seen.map(line)).to.deep.equal(['LINK /1', 'LIST /2', 'SEARCH /3', 'SCAN /4', 'LINK /5']);
    }));

  it('a LIST that is refused for its expectation does not shift the names of others', () =>
    withServer({}, async ({ send, seen }) => {
      const answer = await send(text('LIST', '/1', { Expect: 'wonders' }));
      expect(errorsOf(answer).status).to.equal(417);
      expect(seen).to.deep.equal([]);
    }));

  it('the request after an Upgrade header still is a LIST where nobody upgrades', () =>
    withServer({}, async ({ url, seen }) => {
      const socket = await dial(url);
      const all = readToEnd(socket);
      socket.write(text('LIST', '/1', { Connection: 'Upgrade', Upgrade: 'h2c' }));
      await new Promise((answered) => socket.once('data', answered));
      socket.write(text('LIST', '/2', CLOSE));
      await all;
      expect(seen.map(line)).to.deep.equal(['LIST /1', 'LIST /2']);
    }));

  it('hands over an upgraded connection with exactly the bytes that followed', async () => {
    const got: string[] = [];
    const serve = {
      request: (_: IncomingMessage, response: ServerResponse) => void response.end('no'),
      upgrade(request: IncomingMessage, socket: NodeJS.WritableStream, head: Buffer) {
        got.push(String(request.method), head.toString());
        socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nbye');
      },
    };
    await withServer(
      {},
      async ({ send }) => {
        const answer = await send(`${text('GET', '/', { Connection: 'Upgrade', Upgrade: 'websocket' })}LIST / HTTP`);
        expect(answer).to.contain('bye');
      },
      serve,
    );
    expect(got).to.deep.equal(['GET', 'LIST / HTTP']);
  });

  it('random pipelines cut at random points arrive as they were meant', () =>
    withServer({}, async ({ send, seen }) => {
      const random = generator(7);
      for (let round = 0; round < 60; round++) {
        seen.length = 0;
        const { bytes, expected } = pipeline(random);
        await send(...cut(bytes, random));
        expect(seen.map(line), `round ${round}`).to.deep.equal(expected);
      }
    }));
});

describe('http server: request smuggling', () => {
  const inner = text('LIST', '/inner');
  const attempts: readonly (readonly [string, string])[] = [
    [
      'length and encoding',
      `POST /o HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
    ],
    ['two lengths', `POST /o HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n${inner}`],
    ['a blank before the colon', `POST /o HTTP/1.1\r\nHost: x\r\nContent-Length : 0\r\n\r\n${inner}`],
    ['a signed length', `POST /o HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n${inner}`],
    ['a chunk size with a sign', `POST /o HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-0\r\n\r\n${inner}`],
    [
      'an encoding with a tail',
      `POST /o HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${inner}`,
    ],
    ['a header name with a line feed', `GET /o HTTP/1.1\r\nHost: x\r\nX: a\nContent-Length: 5\r\n\r\n${inner}`],
  ];
  for (const [name, bytes] of attempts) {
    it(`${name}: nothing inside is served`, () =>
      withServer({}, async ({ send, seen }) => {
        const answer = await send(bytes);
        expect(seen.filter(({ url }) => url === '/inner')).to.deep.equal([]);
        expect(answer).to.contain(' 400 ');
      }));
  }
});

describe('http server: limits and faults', () => {
  it('headers above the limit are 431, garbage is 400, both in the error shape', () =>
    withServer({}, async ({ send }) => {
      expect(errorsOf(await send(text('GET', '/', { X: 'h'.repeat(70_000) })))).to.deep.equal({
        status: 431,
        errors: ['the request header is too large'],
      });
      expect(errorsOf(await send('nonsense\r\n\r\n')).status).to.equal(400);
      expect(errorsOf(await send('GET / HTTP/1.1\r\n\r\n'))).to.deep.equal({
        status: 400,
        errors: ['missing required Host header'],
      });
    }));

  it('L-4 a head that does not end is 408 after the header time-out', () =>
    withServer({ limits: { headersTimeoutMs: 60 } }, async ({ send }) => {
      expect(errorsOf(await send('GET / HTTP/1.1\r\nHost'))).to.deep.equal({
        status: 408,
        errors: ['the request did not arrive in time'],
      });
    }));

  it('L-4 a connection that never says anything is closed without a word', () =>
    withServer({ limits: { headersTimeoutMs: 60 } }, async ({ send }) => {
      expect(await send()).to.equal('');
    }));

  it('D-35 a body that stands still is given up, one that moves is not', () =>
    withServer({ limits: { bodyIdleTimeoutMs: 150 } }, async ({ send, seen, url }) => {
      const start = 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 12\r\n\r\n';
      expect(errorsOf(await send(start, 'half')).status).to.equal(408);
      const socket = await dial(url);
      const all = readToEnd(socket);
      socket.write(start);
      for (let n = 0; n < 12; n++) {
        await new Promise((later) => AbortSignal.timeout(20).addEventListener('abort', later, { once: true }));
        socket.write('x');
      }
      expect((await all).toString()).to.contain(' 200 ');
      expect(seen.at(-1)?.body).to.equal('x'.repeat(12));
    }));

  it('D-35 an answer that its client does not take is given up, so that it does not hold what is behind it for ever', async () => {
    const size = 32 * 1024 * 1024;
    let given: ((response: ServerResponse) => void) | undefined;
    const response = new Promise<ServerResponse>((resolve) => (given = resolve));
    const serve = {
      request: (_: IncomingMessage, answer: ServerResponse) => {
        answer.end(Buffer.alloc(size));
        given?.(answer);
      },
    };
    await withServer(
      { limits: { bodyIdleTimeoutMs: 50 } },
      async ({ url }) => {
        const socket = await dial(url);
        socket.on('error', () => undefined).pause();
        socket.write(text('GET', '/'));
        const left = await response;
        await new Promise((resolve) => left.once('close', resolve));
        expect(socket.bytesRead).to.be.below(size);
        socket.destroy();
      },
      serve,
    );
  });

  it('an answer that takes long is not cut by the body time-out', async () => {
    let quiet: (() => void) | undefined;
    const serve = {
      request: (_: IncomingMessage, response: ServerResponse) => void (quiet = () => response.end('late')),
    };
    await withServer(
      { limits: { bodyIdleTimeoutMs: 30 } },
      async ({ send, server }) => {
        const answer = send(text('GET', '/', CLOSE));
        for (let fired = 0; fired < 2; fired++) await new Promise((resolve) => server.node.once('timeout', resolve));
        quiet?.();
        expect(await answer).to.contain('late');
      },
      serve,
    );
  });

  it('an idle connection is closed after the keep-alive time-out', () =>
    withServer({ limits: { keepAliveTimeoutMs: 50 } }, async ({ send }) => {
      expect(await send(text('GET', '/'))).to.contain(' 200 ');
    }));

  it('a handler that throws is a 500 and is told, and the server goes on', async () => {
    const told: unknown[] = [];
    const serve = {
      request: (): void => {
        throw new Error('defect');
      },
    };
    await withServer(
      { onError: (error) => told.push(error) },
      async ({ send }) => {
        expect(errorsOf(await send(text('GET', '/'))).status).to.equal(500);
        expect(errorsOf(await send(text('GET', '/'))).status).to.equal(500);
      },
      serve,
    );
    expect(told).to.have.length(2);
  });
});

describe('http server: close', () => {
  it('is safe before listen and twice', () =>
    withServer({}, async ({ server }) => {
      await Promise.all([server.close(10), server.close(10)]);
      await server.close(10);
    }));

  it('ends a connection whose answer had begun when the answer is complete', async () => {
    let response: ServerResponse | undefined;
    const serve = { request: (_: IncomingMessage, given: ServerResponse) => void (response = given).write('part,') };
    await withServer(
      {},
      async ({ send, server }) => {
        const answer = send(text('GET', '/'));
        while (response === undefined) await settle();
        const closing = server.close(60_000);
        response.end('rest');
        await closing;
        expect(await answer).to.contain('rest');
      },
      serve,
    );
  });

  it('answers a request that had arrived on an idle connection but was not read yet, and says that it closes', () =>
    withServer({}, async ({ url, server, seen }) => {
      const socket = await dial(url);
      socket.write(text('GET', '/1'));
      await new Promise((answered) => socket.once('data', answered));
      const rest = readToEnd(socket);
      socket.write(text('GET', '/2'));
      await server.close(60_000);
      expect((await rest).toString('latin1')).to.match(/connection: close/i);
      expect(seen.map(line)).to.deep.equal(['GET /1', 'GET /2']);
    }));

  it('cuts after the grace of the clock, not before', async () => {
    const clock = new VirtualClock();
    let arrived = false;
    await withServer(
      { clock },
      async ({ send, server }) => {
        const answer = send(text('GET', '/'));
        while (!arrived) await settle();
        let closed = false;
        const closing = server.close(5000).then(() => (closed = true));
        await clock.advance(4999);
        expect(closed).to.equal(false);
        await clock.advance(1);
        await closing;
        expect(await answer).to.equal('');
      },
      { request: () => void (arrived = true) },
    );
    expect(clock.pending).to.equal(0);
  });
});

function pipeline(random: (below: number) => number): { bytes: Buffer; expected: string[] } {
  const verbs = ['GET', 'LIST', 'SCAN', 'POST', 'LINK', 'SEARCH', 'PUT', 'DELETE'];
  const count = 1 + random(6);
  const parts: string[] = [];
  const expected: string[] = [];
  for (let n = 0; n < count; n++) {
    const verb = verbs[random(verbs.length)] as string;
    const body = random(2) === 0 ? '' : `LIST /inner${random(100)} HTTP/1.1`.repeat(1 + random(3));
    const headers: Record<string, string> = { 'X-Pad': 'p'.repeat(random(40)), ...(n === count - 1 ? CLOSE : {}) };
    parts.push(random(2) === 0 ? text(verb, `/${n}`, headers, body) : chunked(verb, `/${n}`, headers, body));
    expected.push(`${verb} /${n} ${body}`.trim());
  }
  return { bytes: Buffer.from(parts.join(''), 'latin1'), expected };
}

function chunked(verb: string, path: string, headers: Record<string, string>, body: string): string {
  const head = text(verb, path, { ...headers, 'Transfer-Encoding': 'chunked' });
  const chunks = (body.match(/.{1,17}/gs) ?? []).map((part) => `${part.length.toString(16)};e=1\r\n${part}\r\n`);
  return `${head}${chunks.join('')}0\r\nT: LIST / HTTP/1.1\r\n\r\n`;
}

function cut(bytes: Buffer, random: (below: number) => number): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random(random(3) === 0 ? 6 : 200);
    parts.push(bytes.subarray(at, at + size));
    at += size;
  }
  return parts;
}

function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
