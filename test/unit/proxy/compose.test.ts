import { expect } from 'chai';
import type { Stage } from '../../../core/contracts/exchange.js';
import { compose, type Repeater } from '../../../core/proxy/compose.js';
import { answered, exchange } from './exchange-fake.js';

describe('compose', () => {
  it('runs stages in order and their way back in reverse', async () => {
    const trace: string[] = [];
    const stage =
      (name: string): Stage =>
      async (_exchange, next) => {
        trace.push(`${name} in`);
        const reply = await next();
        trace.push(`${name} out`);
        return reply;
      };
    await compose([stage('a'), stage('b'), answered])(exchange());
    expect(trace).to.deep.equal(['a in', 'b in', 'b out', 'a out']);
  });

  it('answers without a promise when no stage makes one', () => {
    const pass: Stage = (_exchange, next) => next();
    expect(compose([pass, pass, answered])(exchange())).not.to.be.instanceOf(Promise);
  });

  it('throws BUG_STAGE_NEXT_TWICE with the name of the stage', () => {
    const greedy: Stage = (_exchange, next) => {
      void next();
      return next();
    };
    expect(() => compose([greedy, answered])(exchange())).to.throw(/stage greedy called next\(\) twice/);
  });

  it('gives `again` to a repeater only, once', async () => {
    let runs = 0;
    const server: Stage = () => (runs++, answered());
    const twice: Repeater = {
      repeat: async (_exchange, next, again) => {
        await next();
        return again();
      },
    };
    await compose([twice, server])(exchange());
    expect(runs).to.equal(2);
    const greedy: Repeater = { repeat: (_exchange, _next, again) => (void again(), again()) };
    expect(() => compose([greedy, server])(exchange())).to.throw(/stage repeat called next\(\) twice/);
  });

  it('throws when no stage answers', () => {
    expect(() => compose([])(exchange())).to.throw(/no stage answered/);
  });
});
