// The soak in its 20-second form (the long one is in bench/): random issues, renewals, revocations, expiries, logins, kills without warning and store
// outages. No client ever sees a dead credential as a HIT, and the server holds no more than the clients and the requests lost at kills account for.
import { expect } from 'chai';
import { hasRedisServer } from '../../plugins/cache-store/redis/harness-server.js';
import { soak } from './soak/soak.js';
import { fileVariant, redisVariant, type Variant } from './soak/variants.js';
import { faultsOf, tell } from './soak/verdict.js';

const SECONDS = 20;
const CLIENTS = 6;
const SEED = Number(process.env['SOAK_SEED'] ?? 4);

describe('scenario: soak', function () {
  this.timeout(80_000);
  let variant: Variant | undefined;
  afterEach(async () => {
    await variant?.close();
    variant = undefined;
  });

  async function soaked(open: () => Promise<Variant>): Promise<void> {
    variant = await open();
    const { stage, outage } = variant;
    const verdict = await soak({ stage, outage, seconds: SECONDS, seed: SEED, clients: CLIENTS });
    const faults = faultsOf(verdict);
    expect(faults, `${tell(verdict)}\n${faults.slice(0, 20).join('\n')}\n`).to.deep.equal([]);
  }

  it('a journal on disk, an agent that is killed, a store that vanishes for a while', () => soaked(fileVariant));

  it('R-7 two agents on one redis, which is killed and comes back empty (needs redis-server)', async function () {
    if (!hasRedisServer()) this.skip();
    await soaked(redisVariant);
  });
});
