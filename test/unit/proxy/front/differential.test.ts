// The same bytes against a pipeline with the front and one without it: every answer, every call of the server and every counter must be equal
// (architecture 2.18, rule 5).
import { expect } from 'chai';
import { state } from '../identity-fake.js';
import { CREDS, FrontRig, generator, head, normal, type FrontRigOptions, type Wire } from './front-rig.js';

type Random = (below: number) => number;
/** Bytes to send, or one of the four words of `take`. */
type Step = string;

const BIG = head('/v1/db/creds/app', { 'X-Pad': 'p'.repeat(6000) });
/** Heads that the memo comes to hold. */
const KNOWN = [CREDS, CREDS, head('/v1/db/creds/app', { Accept: '*/*' }), head('/v1/db/creds/other?a=b'), BIG];
const COUNTERS = [
  'agent.proxy.success',
  'agent.proxy.client_error',
  'agent.proxy.error',
  'agent.cache.hit',
  'agent.cache.miss',
  'agent.cache.bypass',
  'agent.cache.evictions',
] as const;

const pick = <T>(random: Random, items: readonly T[]): T => items[random(items.length)] as T;

/** A request whose body is or holds complete heads of the memo. */
function withBody(random: Random): string {
  const inner = pick(random, [CREDS, `x${CREDS}`, CREDS + CREDS, `${CREDS}y`, `\r\n${CREDS}`]);
  const verb = pick(random, ['POST', 'PUT', 'GET', 'LIST']);
  if (random(2) === 0) return head('/v1/kv/a', { 'Content-Length': String(inner.length) }, verb) + inner;
  const chunk = `${inner.length.toString(16)}\r\n${inner}\r\n`;
  return `${head('/v1/kv/b', { 'Transfer-Encoding': 'chunked' }, verb)}${chunk}${chunk}0\r\n\r\n`;
}

const ordinary: readonly ((random: Random) => string)[] = [
  ...Array.from({ length: 16 }).map(() => (random: Random) => pick(random, KNOWN)),
  withBody,
  withBody,
  (random) => head(`/v1/kv/${random(3)}`),
  (random) => head(`/v1/slow/${random(1000)}`),
  () => head('/v1/refused'),
  () => head('/v1/db/creds/app', { 'X-Other': 'yes' }, 'HEAD'),
  (random) => head('/v1/db/creds', {}, pick(random, ['LIST', 'SCAN', 'LINK', 'SEARCH'])),
  () => head('/v1/db/creds/app', { 'X-Vault-Token': 'hvs.foreign' }),
  () => head('/v1/db/creds/app', { 'Content-Length': '0' }),
  () => head('/v1/db/creds/app', { Connection: 'keep-alive' }),
  () => head('/v1/db/creds/app', { Expect: '100-continue' }),
  () => head('/v1/sys/leases/revoke-prefix/db/creds/app', {}, 'PUT'),
  () => 'GET /v1/db/creds/app HTTP/1.1\r\nHost: agent\r\nHost: agent\r\n\r\n',
  () => 'GET /v1/db/creds/app HTTP/1.1\r\nHost: agent\r\nX-Vault-Namespace: a\r\nX-Vault-Namespace: b\r\n\r\n',
  () => `\r\n${CREDS}`,
];

/** What ends a connection, or makes what follows uncertain. */
const last: readonly string[] = [
  head('/v1/db/creds/app', { Connection: 'close' }),
  head('/v1/db/creds/app', { Upgrade: 'h2c', Connection: 'Upgrade' }),
  'GET /v1/db/creds/app HTTP/1.0\r\nHost: agent\r\n\r\n',
  'GET /v1/db/creds/app HTTP/1.0\r\nHost: agent\r\nConnection: keep-alive\r\n\r\n',
  'GET /v1/db/creds/app HTTP/1.1\r\nHost: agent\r\nX-Fold: a\r\n b\r\n\r\n',
  'GET /v1/db/creds/app HTTP/1.1\nHost: agent\n\n',
  'GET /v1/db/creds/app HTTP/1.1\r\nHost: agent\nX: y\r\n\r\n',
  'GET /v1/db/creds/app HTTP/1.1\r\n\r\n',
  'GET /v1/db/creds/app\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\n',
  'CONNECT agent:1 HTTP/1.1\r\nHost: agent\r\n\r\n',
  'complete nonsense\r\n\r\n',
  '\u0016\u0003\u0001\u0000',
  'POST /v1/kv/a HTTP/1.1\r\nHost: agent\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'POST /v1/kv/a HTTP/1.1\r\nHost: agent\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n',
  'POST /v1/kv/a HTTP/1.1\r\nHost: agent\r\nContent-Length : 9\r\n\r\n',
  `POST /v1/kv/a HTTP/1.1\r\nHost: agent\r\nContent-Length: ${CREDS.length + 1}\r\n\r\n`,
  'POST /v1/kv/a HTTP/1.1\r\nHost: agent\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n',
  'GET /v1/kv/unfinished HTTP/1.1\r\nHost: ag',
  'LIS',
];

function cut(random: Random, bytes: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const headEnd = bytes.indexOf('\r\n\r\n', at);
    const size = random(3) === 0 && headEnd >= 0 ? headEnd + 4 - at : 1 + random(random(2) === 0 ? 20 : 300);
    parts.push(bytes.slice(at, at + size));
    at += size;
  }
  return parts;
}

function script(random: Random): Step[] {
  const steps: Step[] = [CREDS];
  for (let n = 2 + random(7); n > 0; n--) {
    const batch = Array.from({ length: random(4) === 0 ? 1 + random(4) : 1 }, () =>
      pick(random, ordinary)(random),
    ).join('');
    steps.push(...(random(3) === 0 ? cut(random, batch) : [batch]));
    if (random(10) === 0) steps.push(pick(random, ['RELEASE', 'TICK', 'CLEAR', 'TOKEN'] as const));
  }
  if (random(3) === 0) {
    const end = pick(random, last);
    steps.push(...(random(3) === 0 ? cut(random, end) : [end]), CREDS, CREDS);
  }
  return steps;
}

async function take(rig: FrontRig, wire: Wire, step: Step): Promise<void> {
  if (step === 'RELEASE') rig.release();
  else if (step === 'TICK') await rig.clock.advance(1000);
  else if (step === 'CLEAR') rig.cache.clear({ type: 'all' });
  else if (step === 'TOKEN') {
    const sequence = (rig.identity.current?.sequence ?? 0) + 1;
    rig.cache.adopt(state(`hvs.auto${sequence}`, 'default', sequence));
    rig.identity.publish(state(`hvs.auto${sequence}`, 'default', sequence));
  } else return wire.say(step);
  return wire.calm();
}

async function play(rig: FrontRig, steps: readonly Step[]): Promise<object> {
  const wire = await rig.wire();
  rig.sent.length = 0;
  for (const step of steps) await take(rig, wire, step);
  while (rig.release() > 0) await wire.calm();
  await wire.calm();
  const { closed } = wire;
  wire.socket.destroy();
  await wire.calm();
  return { ...normal(wire.text), closed, sent: rig.sent, counts: COUNTERS.map((name) => [name, rig.count(name)]) };
}

async function compare(options: FrontRigOptions, rounds: number, seed: number): Promise<number> {
  const fast = await FrontRig.start({ ...options, front: true });
  const plain = await FrontRig.start({ ...options, front: false });
  try {
    const random = generator(seed);
    for (let round = 0; round < rounds; round++) {
      const steps = script(random);
      const [quick, usual] = [await play(fast, steps), await play(plain, steps)];
      expect(quick, `round ${round}: ${JSON.stringify(steps)}`).to.deep.equal(usual);
    }
    return fast.fronted;
  } finally {
    await fast.close();
    await plain.close();
  }
}

describe('front: the same bytes with and without it (2.18 rule 5)', () => {
  it('random requests, cut at random points', async () => {
    expect(await compare({}, 250, 11)).to.be.above(150);
  }).timeout(60_000);

  it('with the request-header gate', async () => {
    expect(await compare({ listener: { requireRequestHeader: true } }, 50, 5)).to.be.above(20);
  }).timeout(30_000);

  it('over TLS', async () => {
    expect(await compare({ tls: true }, 50, 3)).to.be.above(20);
  }).timeout(60_000);

  for (const ms of [0, 700, 1500, 90_000]) {
    it(`says the same about the connection with a keep-alive time-out of ${ms} ms`, async () => {
      const options = { server: { limits: { keepAliveTimeoutMs: ms } } };
      const [fast, plain] = [await FrontRig.start(options), await FrontRig.start({ ...options, front: false })];
      const texts = [(await fast.warm()).text, (await plain.warm()).text];
      expect(fast.fronted).to.equal(1);
      await fast.close();
      await plain.close();
      expect(texts[0]).to.equal(texts[1]);
    });
  }
});

describe('front: request smuggling (2.18 rule 5)', () => {
  for (const tail of last) {
    it(`a known head after ${JSON.stringify(tail.slice(0, 120))} is answered as node would, or not at all`, async () => {
      const outcomes: object[] = [];
      for (const front of [true, false]) {
        const rig = await FrontRig.start({ front });
        for (let n = 0; n < 2; n++) await (await rig.warm()).ask(CREDS);
        outcomes.push(await play(rig, [CREDS, CREDS, tail, CREDS, CREDS]));
        outcomes.push(await play(rig, [CREDS, CREDS, ...tail, CREDS, CREDS]));
        outcomes.push(await play(rig, [CREDS, CREDS, tail + CREDS, CREDS]));
        await rig.close();
      }
      expect(outcomes.slice(0, 3)).to.deep.equal(outcomes.slice(3));
    });
  }

  it('a known head that is the body of a request, or a chunk of it, is never answered', async () => {
    const rig = await FrontRig.start();
    const wire = await rig.warm();
    await wire.ask(CREDS);
    const { fronted } = rig;
    await wire.say(head('/v1/kv/a', { 'Content-Length': String(CREDS.length) }, 'POST'));
    await wire.say(CREDS);
    await wire.say(head('/v1/kv/b', { 'Transfer-Encoding': 'chunked' }, 'POST') + `${CREDS.length.toString(16)}\r\n`);
    await wire.say(CREDS);
    await wire.say('\r\n0\r\n\r\n');
    expect(rig.sent.slice(1)).to.deep.equal([
      { line: 'POST /v1/kv/a', body: CREDS },
      { line: 'POST /v1/kv/b', body: CREDS },
    ]);
    expect(rig.fronted).to.equal(fronted);
    await wire.ask(CREDS);
    await wire.ask(CREDS);
    expect(rig.fronted).to.equal(fronted + 1);
    await rig.close();
  });
});
