// Model-based: random requests, logins, token creations, revocations in many forms, cache-clears and steps of the clock through the whole request path.
// What the reference holds and the server knows to live is a HIT, all else is a MISS, and no HIT is ever dead.
import { expect } from 'chai';
import fc from 'fast-check';
import { play, type Command } from './model/play.js';

const RUNS = 80;
const MOST_COMMANDS = 40;
const SEED = 20_261_124;

const which = fc.nat(12);
// few, so that requests are repeated
const who = fc.nat(3);
const namespace = fc.constantFrom('', '', 'team/');
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      who,
      role: fc.constantFrom('app', 'app', 'web'),
      n: fc.constantFrom(0, 0, 0, 0, 0, 1),
      fresh: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('login' as const), user: fc.constantFrom('ann', 'bob'), namespace }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('child' as const),
      who,
      kind: fc.constantFrom('plain' as const, 'plain' as const, 'orphan' as const, 'uses' as const, 'batch' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('revoke-lease' as const),
      which,
      form: fc.constantFrom('body' as const, 'url' as const, 'post' as const, 'later' as const, 'encoded' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('revoke-token' as const),
      which: who,
      form: fc.constantFrom(
        'body' as const,
        'accessor' as const,
        'self' as const,
        'orphan' as const,
        'orphan' as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('revoke-prefix' as const),
      prefix: fc.constantFrom('aws/creds/app', 'aws/creds', 'auth/userpass', 'auth/userpass/login/ann'),
      namespace,
      force: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('write-auth' as const), namespace }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('clear' as const),
      by: fc.constantFrom('all' as const, 'path' as const, 'token' as const, 'accessor' as const, 'lease' as const),
      which,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('relogin' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: fc.oneof(fc.nat(30), fc.nat(200)) }),
  },
);

describe('scenario: model', function () {
  this.timeout(60_000);

  it('D-7 D-8 D-10 R-3 R-11 random sequences agree with a small reference (the seed is printed on failure)', async () => {
    let hits = 0;
    const property = fc.asyncProperty(
      fc.array(command, { minLength: 15, maxLength: MOST_COMMANDS, size: 'max' }),
      async (commands) => {
        hits += (await play(commands)).hits;
      },
    );
    await fc.assert(property, { seed: SEED, numRuns: RUNS, endOnFailure: false });
    // a reference that never sees a hit proves nothing
    expect(hits).to.be.greaterThan(2 * RUNS);
  });
});
