// The soak in its 20-second form (the long one is in bench/): random issues, renewals, revocations, expiries, logins, kills without warning and store
// outages. No client ever sees a dead credential as a HIT, and the server holds no more than the clients and the requests lost at kills account for.
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { soak } from './soak/soak.js';
import { openStage, type Stage } from './soak/stage.js';

const SECONDS = 20;

describe('scenario: soak', function () {
  this.timeout(60_000);
  let stage: Stage | undefined;
  afterEach(async () => {
    await stage?.close();
    stage = undefined;
  });

  it('a journal on disk, an agent that is killed, a store that vanishes for a while', async () => {
    let folder = '';
    const persist = (own: string): string => {
      folder = join(own, 'store');
      return `persist "file" {\n path = "${folder}"\n key_provider "key_file" {\n path = "${own}/cache.key"\n }\n }`;
    };
    stage = await openStage({ agents: 1, persist });
    const outage = async (): Promise<void> => {
      await rename(folder, `${folder}-away`);
      await pause(700);
      await rename(`${folder}-away`, folder);
    };
    const verdict = await soak({ stage, seconds: SECONDS, seed: 4, clients: 6, outage });
    expect(verdict.violations).to.deep.equal([]);
    expect(verdict.orphans, JSON.stringify(verdict)).to.be.at.most(verdict.lost);
    expect(verdict.hits, JSON.stringify(verdict)).to.be.greaterThan(100);
    expect(verdict.kills).to.be.greaterThan(0);
  });
});
