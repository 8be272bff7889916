// node bench/soak.mjs [minutes=10] [file|redis] [seed]: the long form of test/scenario/soak.test.ts, after `npm run build`. A crowd of clients issues,
// renews, revokes and re-reads with short lives while agents are killed (kill -9), the store goes away and the agents' tokens are revoked: `file` is one
// agent with a journal on disk, `redis` two agents that share one redis-server (from the PATH). Nobody is killed in the last third of the time; memory
// must not grow from the beginning of that third to its end. Prints the verdict; exit code 1 when something is wrong. The seed is printed: the same one
// makes the same choices, though not at the same moments.
import { soak } from '../dist/test/scenario/soak/soak.js';
import { fileVariant, redisVariant } from '../dist/test/scenario/soak/variants.js';
import { faultsOf, growthOf, tell } from '../dist/test/scenario/soak/verdict.js';

const CALM = 1 / 3;
const CLIENTS = 6;
// of the resident memory at the beginning of the calm part
const MOST_GROWTH = 1.15;
const MOST_TOLD = 40;

const [minutes = '10', kind = 'file', seed = String(Date.now() % 100_000)] = process.argv.slice(2);
const seconds = Number(minutes) * 60;
if (!(seconds > 0) || !['file', 'redis'].includes(kind) || !Number.isInteger(Number(seed))) {
  process.stderr.write('usage: node bench/soak.mjs [minutes=10] [file|redis] [seed]\n');
  process.exit(2);
}

process.stdout.write(`soak: ${minutes} minutes on ${kind}, seed ${seed}\n`);
const { stage, outage, close } = await (kind === 'redis' ? redisVariant() : fileVariant());
try {
  const verdict = await soak({ stage, outage, seconds, seed: Number(seed), clients: CLIENTS, calm: CALM });
  const { from, to } = growthOf(verdict.rssMb, CALM);
  const faults = faultsOf(verdict);
  if (to > from * MOST_GROWTH) faults.push(`memory grew from ${from} MB to ${to} MB while nobody was killed`);
  process.stdout.write(`${tell(verdict)}\nmemory without kills: ${from} MB, then ${to} MB\n`);
  for (const fault of faults.slice(0, MOST_TOLD)) process.stdout.write(`WRONG: ${fault}\n`);
  process.stdout.write(faults.length === 0 ? 'PASS\n' : `FAIL: ${faults.length} things are wrong\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  await close();
}
