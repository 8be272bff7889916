// Answers that never end, through the whole path: every chunk reaches the client as it comes, whatever stages are present.
import { expect } from 'chai';
import http from 'node:http';
import { IdentityFake, state } from './identity-fake.js';
import { Rig, json, until, type RigOptions } from './rig.js';

interface Follower {
  readonly chunks: string[];
  readonly response: http.IncomingMessage;
  stop(): void;
}

/** Opens a stream and follows it. */
function follow(rig: Rig, target: string): Promise<Follower> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port: rig.port, path: target, agent: false }, (response) => {
      const chunks: string[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk.toString())).on('error', () => undefined);
      resolve({ chunks, response, stop: () => request.destroy() });
    });
    request.on('error', reject);
  });
}

describe('proxy: event streams and other long answers (D-35)', () => {
  let rig: Rig | undefined;
  afterEach(async () => {
    await rig?.close();
    rig = undefined;
  });
  const cases: readonly (readonly [string, string, string, Partial<RigOptions>])[] = [
    ['server-sent events', '/v1/sys/events/stream', 'text/event-stream', { cache: false }],
    ['server-sent events beside a cache', '/v1/sys/events/stream', 'text/event-stream', {}],
    ['sys/monitor beside a cache', '/v1/sys/monitor?log_level=debug', 'text/plain', {}],
    [
      'sys/monitor beside a cache and an identity',
      '/v1/sys/monitor?log_level=debug',
      'text/plain',
      { identity: new IdentityFake('default', state('agent')) },
    ],
    ['a stream without a type beside a cache', '/v1/sys/storage/raft/snapshot', '', {}],
  ];
  for (const [name, target, type, options] of cases) {
    it(`${name}: chunk by chunk, and a client that leaves ends it`, async () => {
      let out: http.ServerResponse | undefined;
      rig = await Rig.start({
        ...options,
        answer: (_call, response) => {
          response.writeHead(200, type === '' ? {} : { 'Content-Type': type });
          response.write('0\n');
          out = response;
        },
      });
      const stream = await follow(rig, target);
      for (let turn = 1; turn < 4; turn++) {
        await until(() => stream.chunks.join('').endsWith(`${turn - 1}\n`));
        out!.write(`${turn}\n`);
      }
      await until(() => stream.chunks.join('') === '0\n1\n2\n3\n');
      stream.stop();
      await until(() => rig!.calls[0]!.aborted);
    });
  }

  it('seventy open streams do not keep a short request from the server', async () => {
    rig = await Rig.start({
      cache: false,
      answer: (call, response) => {
        if (call.target === '/v1/short') return json(response, 200, {});
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write('data: x\n\n');
      },
    });
    const streams = [];
    for (let turn = 0; turn < 70; turn++) streams.push(await follow(rig, `/v1/stream/${turn}`));
    expect((await rig.send('GET', '/v1/short')).status).to.equal(200);
    for (const stream of streams) stream.stop();
    await until(() => rig!.calls.filter(({ aborted }) => aborted).length === 70);
  });
});
