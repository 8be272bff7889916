// The rules of the fast front, one by one, over a whole served pipeline (architecture 2.18).
import { expect } from 'chai';
import { show } from '../../../../core/sdk/testing/log-spy.js';
import { IdentityFake, state } from '../identity-fake.js';
import { lease } from '../rig.js';
import { CREDS, FrontRig, head, reply, type FrontRigOptions } from './front-rig.js';

const PATH = '/v1/db/creds/app';
const age = (answer: string): string | undefined => /^Age: (\d+)/m.exec(answer)?.[1];
const cached = (answer: string): string | undefined => /^X-Cache: (\w+)/m.exec(answer)?.[1];
const seconds = (answer: string): number => Number(/"lease_duration":(\d+)/.exec(answer)?.[1]);

describe('front: rules (2.18)', () => {
  let rig: FrontRig;
  const start = async (options: FrontRigOptions = {}): Promise<FrontRig> => (rig = await FrontRig.start(options));
  afterEach(() => rig.close());

  it('the first request of a connection, and the first hit, go through the pipeline; the next one does not', async () => {
    await start();
    const wire = await rig.wire();
    const seen: (string | number | undefined)[] = [];
    for (let n = 0; n < 4; n++) seen.push(cached(await wire.ask(CREDS)), rig.fronted);
    expect(seen).to.deep.equal(['MISS', 0, 'HIT', 0, 'HIT', 1, 'HIT', 2]);
    const other = await rig.wire();
    await other.ask(CREDS);
    expect(rig.fronted).to.equal(2);
    await other.ask(CREDS);
    expect(rig.fronted).to.equal(3);
  });

  it('parallel connections share what is remembered, each with its whole answer', async () => {
    await start();
    const wires = await Promise.all(Array.from({ length: 20 }, () => rig.warm()));
    const before = rig.fronted;
    const answers = await Promise.all(wires.map((wire) => wire.ask(CREDS)));
    expect(new Set(answers).size).to.equal(1);
    expect(rig.fronted).to.equal(before + 20);
    expect(rig.sent).to.have.length(1);
  });

  for (const apart of [true, false]) {
    it(`nothing in flight: a slow request before a known head is answered first (${apart ? 'two segments' : 'one'})`, async () => {
      await start();
      const wire = await rig.warm();
      const { fronted } = rig;
      const from = wire.text.length;
      const slow = head('/v1/slow/1');
      if (apart) {
        await wire.say(slow);
        await wire.say(CREDS);
      } else await wire.say(slow + CREDS);
      expect(wire.text.slice(from)).to.equal('');
      rig.release();
      await wire.calm();
      expect(wire.text.slice(from).match(/\/v1\/slow\/1|X-Cache: HIT/g)).to.deep.equal(['/v1/slow/1', 'X-Cache: HIT']);
      expect(rig.fronted).to.equal(fronted);
      await wire.ask(CREDS);
      expect(rig.fronted).to.equal(fronted + 1);
    });
  }

  it('ages are honest: Age, Date and the remaining seconds move second by second (D-4)', async () => {
    await start();
    const wire = await rig.warm();
    const seen: string[] = [];
    for (let n = 0; n < 12; n++) {
      await rig.clock.advance(1000);
      const answer = await wire.ask(CREDS);
      seen.push(`${age(answer)} ${3600 - seconds(answer)} ${/^Date: .*:(\d\d) GMT/m.exec(answer)?.[1]}`);
    }
    expect(seen).to.deep.equal(
      Array.from({ length: 12 }, (_, n) => `${n + 1} ${n + 1} ${String(n + 1).padStart(2, '0')}`),
    );
    expect(rig.fronted).to.equal(13);
  });

  it('counters advance as on the usual way', async () => {
    await start();
    const wire = await rig.warm();
    for (let n = 0; n < 5; n++) await wire.ask(CREDS);
    expect(rig.fronted).to.equal(6);
    expect(['agent.proxy.success', 'agent.cache.hit', 'agent.cache.miss'].map((name) => rig.count(name))).to.deep.equal(
      [8, 7, 1],
    );
  });

  it('while debug lines are written every request takes the usual way', async () => {
    await start();
    const wire = await rig.warm();
    rig.log.debugging = true;
    await wire.ask(CREDS);
    expect(rig.fronted).to.equal(1);
    expect(rig.log.lines.filter(({ message }) => message === 'received request').length).to.equal(1);
    rig.log.debugging = false;
    await wire.ask(CREDS);
    expect(rig.fronted).to.equal(2);
  });

  describe('what ends a remembered answer', () => {
    const ends: readonly (readonly [string, () => Promise<unknown> | void])[] = [
      [
        'a revocation through the agent',
        async () => (await rig.wire()).ask(head('/v1/sys/leases/revoke-prefix/db', {}, 'PUT')),
      ],
      ['cache-clear of everything', () => void rig.cache.clear({ type: 'all' })],
      ['cache-clear of the lease', () => void rig.cache.clear({ type: 'lease', value: 'db/creds/app/1' })],
      ['cache-clear of the path', () => void rig.cache.clear({ type: 'request_path', value: PATH, namespace: '' })],
      ['expiry', () => rig.clock.advance(3_600_000)],
      [
        'a new token of the identity',
        () => {
          rig.cache.adopt(state('hvs.next', 'default', 2));
          rig.identity.publish(state('hvs.next', 'default', 2));
        },
      ],
    ];
    for (const [name, end] of ends) {
      it(name, async () => {
        await start();
        const wire = await rig.warm();
        await end();
        const { fronted } = rig;
        const answers = [await wire.ask(CREDS), await wire.ask(CREDS), await wire.ask(CREDS)];
        expect(answers.map(cached)).to.deep.equal(['MISS', 'HIT', 'HIT']);
        for (const answer of answers) expect(answer).to.contain('"lease_id":"db/creds/app/2"');
        expect(rig.fronted).to.equal(fronted + 1);
      });
    }

    it('the same token published again sends the request through the pipeline, where it still is a hit', async () => {
      await start();
      const wire = await rig.warm();
      rig.identity.publish(state('hvs.auto', 'default', 2));
      expect(cached(await wire.ask(CREDS))).to.equal('HIT');
      expect(rig.fronted).to.equal(1);
      await wire.ask(CREDS);
      expect(rig.fronted).to.equal(2);
    });
  });

  describe('what is never remembered', () => {
    const leased = (id: string, data: object): string => JSON.stringify({ ...lease(id), data });

    it('an answer from which the own token was taken (D-23)', async () => {
      await start({ answers: { [PATH]: () => reply(200, leased('db/creds/app/x', { keep: 'k', id: 'hvs.auto' })) } });
      const wire = await rig.warm();
      const answer = await wire.ask(CREDS);
      expect([cached(answer), answer.includes('"keep"'), answer.includes('hvs.auto')]).to.deep.equal([
        'HIT',
        true,
        false,
      ]);
      expect(rig.fronted).to.equal(0);
    });

    it('a later answer under the same key is redacted although the earlier one had nothing to redact (D-23)', async () => {
      let answered = 0;
      const next = (): string =>
        ++answered === 1 ? leased('db/1', { a: 1 }) : leased('db/2', { a: 2, id: 'hvs.auto' });
      await start({ answers: { [PATH]: () => reply(200, next()) } });
      const wire = await rig.warm();
      expect(rig.fronted).to.equal(1);
      rig.cache.clear({ type: 'all' });
      const renewed = await wire.ask(head(PATH, { Accept: 'x' }));
      const answer = await wire.ask(CREDS);
      expect([cached(renewed), cached(answer)]).to.deep.equal(['MISS', 'HIT']);
      expect([renewed, answer].map((text) => text.includes('hvs.auto'))).to.deep.equal([false, false]);
    });

    it('an answer with a header that HTTP cannot carry', async () => {
      await start({ answers: { [PATH]: () => reply(200, leased('db/1', {}), ['X-Bad', 'a\u0001b']) } });
      const wire = await rig.warm();
      expect(await wire.ask(CREDS)).not.to.match(/^HTTP\/1\.1 200|X-Bad/);
      expect(rig.fronted).to.equal(0);
    });

    it('a body above 16 KB; one below it is, byte for byte', async () => {
      const text = (size: number): string => leased(`db/${size}`, { p: '\u00e9\u0000\u{1f511}'.repeat(size / 10) });
      await start({
        answers: {
          '/v1/a/creds/big': () => reply(200, text(200_000)),
          '/v1/a/creds/small': () => reply(200, text(10_000)),
        },
      });
      const big = await rig.warm(head('/v1/a/creds/big'));
      expect(rig.fronted).to.equal(0);
      expect(await big.ask(head('/v1/a/creds/big'))).to.contain('X-Cache: HIT');
      const wire = await rig.warm(head('/v1/a/creds/small'));
      expect(rig.fronted).to.equal(1);
      const body = (await wire.ask(head('/v1/a/creds/small'))).split('\r\n\r\n')[1]!;
      expect(Buffer.from(body, 'latin1').toString('utf8')).to.equal(text(10_000));
    });

    it('a head above 16 KB; one of 15 KB is', async () => {
      await start();
      await rig.warm(head(PATH, { 'X-Pad': 'p'.repeat(17_000) }));
      expect(rig.fronted).to.equal(0);
      const big = head(PATH, { 'X-Vault-Request': 'true', 'X-Pad': 'p'.repeat(15_000) });
      const wire = await rig.wire();
      for (let n = 0; n < 3; n++) await wire.ask(big);
      expect(rig.fronted).to.equal(2);
    });

    it('L-10 a head without the request header, where it is required', async () => {
      await start({ listener: { requireRequestHeader: true } });
      const wire = await rig.warm();
      expect(rig.fronted).to.equal(1);
      for (const refused of [
        head(PATH),
        head(PATH, { 'X-Vault-Request': 'TRUE' }),
        CREDS.replace(': true', ': true\r\nX-Vault-Request: true'),
      ]) {
        for (let n = 0; n < 3; n++) expect(await wire.ask(refused)).to.match(/^HTTP\/1\.1 412 /);
      }
      expect(rig.fronted).to.equal(1);
    });

    it('anything on a metrics-only listener', async () => {
      await start({ listener: { role: 'metrics_only' } });
      const wire = await rig.wire();
      for (let n = 0; n < 3; n++) expect(await wire.ask(CREDS)).to.match(/^HTTP\/1\.1 404 /);
      expect(rig.fronted).to.equal(0);
    });

    const others: readonly (readonly [string, string])[] = [
      ['HEAD', CREDS.replace('GET', 'HEAD')],
      ['no-cache', head(PATH, { 'Cache-Control': 'no-cache' })],
      ['a foreign token', head(PATH, { 'X-Vault-Token': 'hvs.foreign' })],
      ['Content-Length: 0', head(PATH, { 'Content-Length': '0' })],
      ['plain data', head('/v1/kv/a')],
      ['a refusal', head('/v1/refused')],
    ];
    for (const [name, bytes] of others) {
      it(name, async () => {
        await start();
        const wire = await rig.warm();
        for (let n = 0; n < 4; n++) await wire.say(bytes);
        expect(rig.fronted).to.equal(1);
      });
    }
  });

  it('a draining server answers what had begun with Connection: close, and nothing after it', async () => {
    await start();
    const wire = await rig.warm();
    await wire.say(CREDS.slice(0, 30));
    const from = wire.text.length;
    const closing = rig.server.close(60_000);
    await wire.say(CREDS.slice(30));
    await wire.say(CREDS);
    await closing;
    expect(wire.text.slice(from).match(/^(HTTP|Connection).*/gm)).to.deep.equal([
      'HTTP/1.1 200 OK',
      'Connection: close',
    ]);
    expect(rig.fronted).to.equal(1);
  });

  it('the keys hold tokens: none shows in logs, metrics, errors or the served object (rule 4)', async () => {
    await start({ identity: new IdentityFake('default', state('hvs.planted-auto')) });
    const own = head(PATH, { 'X-Vault-Token': 'hvs.planted-auto', Authorization: 'Bearer hvs.planted-bearer' });
    const wire = await rig.warm(own);
    expect(rig.fronted).to.equal(1);
    rig.cache.clear({ type: 'all' });
    await wire.ask(own);
    await wire.say(own.replace('HTTP/1.1', 'HTTP/9'));
    const planted = ['hvs.planted-auto', 'hvs.planted-bearer'];
    expect(rig.log.leaks(planted)).to.deep.equal([]);
    for (const text of [show(rig.metrics.snapshot()), show(rig.serve), wire.text, JSON.stringify(rig.serve)])
      for (const secret of planted) expect(text).not.to.contain(secret);
  });
});
