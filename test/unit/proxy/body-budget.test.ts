import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { BUFFER_LIMIT, BodyBudget, SMALL_BODY, collected } from '../../../core/proxy/body-budget.js';
import { RequestStream } from '../../../core/proxy/request-stream.js';
import { StreamFake } from './exchange-fake.js';

describe('the budget of bodies in memory (D-35)', () => {
  const MIB = SMALL_BODY;
  const take = (bytes: number, budget: BodyBudget, owner = {}): Promise<number | string> =>
    collected(new StreamFake(Buffer.alloc(bytes)), { budget, owner }).then((got) =>
      typeof got === 'string' ? got : got.length,
    );

  it('does not count bodies up to 1 MiB', async () => {
    const budget = new BodyBudget(0);
    expect([await take(MIB, budget), budget.held]).to.deep.equal([MIB, 0]);
    expect(await take(MIB + 1, budget)).to.equal('no-room');
  });

  it('counts longer ones with what they really take, until their owner is released', async () => {
    const budget = new BodyBudget();
    const [one, two] = [{}, {}];
    await take(5 * MIB + 7, budget, one);
    await take(2 * MIB, budget, two);
    expect([budget.held, budget.holds(one)]).to.deep.equal([7 * MIB + 7, true]);
    budget.release(one);
    budget.release(one);
    expect([budget.held, budget.holds(one), budget.holds(two)]).to.deep.equal([2 * MIB, false, true]);
    budget.release(two);
    expect(budget.held).to.equal(0);
  });

  it('has a bound for all together: 256 MiB unless told otherwise', async () => {
    const budget = new BodyBudget();
    for (let n = 0; n < 8; n++) expect(budget.take(budget, BUFFER_LIMIT)).to.equal(true);
    expect(await take(2 * MIB, budget)).to.equal('no-room');
    expect(budget.held).to.equal(256 * MIB);
  });

  it('takes one body up to 32 MiB', async () => {
    const budget = new BodyBudget();
    expect(await take(BUFFER_LIMIT, budget)).to.equal(BUFFER_LIMIT);
    expect(await take(BUFFER_LIMIT + 1, budget)).to.equal('too-large');
    expect(budget.held).to.equal(BUFFER_LIMIT);
  });

  it('gives back what a body took that broke off', async () => {
    const budget = new BodyBudget();
    const body = new StreamFake(Buffer.alloc(0));
    body.collect = (limit) => (limit > 4 * MIB ? Promise.reject(new Error('lost')) : Promise.resolve(undefined));
    expect(await collected(body, { budget, owner: body }).catch((error: Error) => error.message)).to.equal('lost');
    expect(budget.held).to.equal(0);
  });

  describe('the body of a request', () => {
    const arriving = (bytes: number): RequestStream => {
      const source = new PassThrough();
      const chunk = Buffer.alloc(64 * 1024, 'x');
      for (let left = bytes; left > 0; left -= chunk.length) source.write(chunk.subarray(0, left));
      source.end();
      return new RequestStream(source as unknown as IncomingMessage);
    };
    const piped = async (body: RequestStream): Promise<number> => {
      const out = new PassThrough();
      body.pipeTo(out);
      let bytes = 0;
      for await (const chunk of out) bytes += (chunk as Buffer).length;
      return bytes;
    };

    it('is collected in steps', async () => {
      const budget = new BodyBudget();
      const got = await collected(arriving(5 * MIB + 3), { budget, owner: budget });
      expect([got.length, budget.held]).to.deep.equal([5 * MIB + 3, 5 * MIB + 3]);
    });

    it('still streams from its beginning when there was no room', async () => {
      const body = arriving(5 * MIB + 3);
      expect(await collected(body, { budget: new BodyBudget(3 * MIB), owner: body })).to.equal('no-room');
      expect(await piped(body)).to.equal(5 * MIB + 3);
    });
  });
});
