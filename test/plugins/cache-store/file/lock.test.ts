// The owner record: who gets a folder, who is turned away, who notices that it has lost it.
import { expect } from 'chai';
import { VirtualClock, settle } from '../../../../core/sdk/testing/index.js';
import { Lock } from '../../../../plugins/cache-store/file/lock.js';
import type { ProcessFacts, Processes } from '../../../../plugins/cache-store/file/processes.js';
import { realProcesses } from '../../../../plugins/cache-store/file/processes.js';
import { FOLDER, open, write } from './opening-journals.js';
import { MemoryDisk } from './memory-disk.js';

const PATH = `${FOLDER}/lock`;

interface Machine {
  readonly disk: MemoryDisk;
  readonly clock: VirtualClock;
  readonly living: Set<number>;
}

const machine = (): Machine => ({ disk: new MemoryDisk(), clock: new VirtualClock(), living: new Set([1, 2, 3]) });

function processes({ living }: Machine, pid: number, host = 'here'): Processes {
  const self: ProcessFacts = { pid, host, space: '', started: '' };
  return { self, isAlive: (other) => (other.host === host ? living.has(other.pid) : undefined) };
}

const take = (on: Machine, pid: number, host?: string): Promise<Lock> =>
  Lock.take({ disk: on.disk, folder: FOLDER, clock: on.clock, processes: processes(on, pid, host) });

async function codeOf(action: Promise<unknown>): Promise<unknown> {
  return action.then(
    () => 'done',
    (error: { code: unknown }) => error.code,
  );
}

describe('cache store file: lock', function () {
  this.timeout(20_000);

  it('turns a second opener away and names the owner', async () => {
    const on = machine();
    await take(on, 1);
    await on.clock.advance(3000);
    const error = (await take(on, 2).catch((reason: unknown) => reason)) as Error;
    expect(error).to.include({ code: 'CACHE_STORE_LOCKED', act: 'fix-host' });
    expect(error.message).to.equal('/store is in use by process 1 on here, last seen 3 s ago');
  });

  it('is free again after a release, and the record is gone', async () => {
    const on = machine();
    await (await take(on, 1)).release();
    expect(on.disk.files.has(PATH)).to.equal(false);
    expect(on.clock.pending).to.equal(0);
    await take(on, 2);
  });

  it('keeps its record alive for hours', async () => {
    const on = machine();
    const lock = await take(on, 1);
    await on.clock.advance(3_600_000);
    expect(await codeOf(take(on, 2, 'elsewhere'))).to.equal('CACHE_STORE_LOCKED');
    await lock.check();
  });

  it('takes over at once from a process of this host that is dead', async () => {
    const on = machine();
    await take(on, 1);
    on.living.delete(1);
    await take(on, 2);
  });

  it('takes over from another host only after 15 s without a heartbeat', async () => {
    const on = machine();
    await take(on, 1, 'elsewhere');
    const record = on.disk.files.get(PATH)!;
    const frozen = Buffer.from(record.content);
    await on.clock.advance(14_999);
    record.content = frozen;
    expect(await codeOf(take(on, 2))).to.equal('CACHE_STORE_LOCKED');
    await on.clock.advance(1);
    record.content = frozen;
    expect(await codeOf(take(on, 2))).to.equal('done');
  });

  it('who was overtaken writes no more and does not remove the record of the new owner', async () => {
    const on = machine();
    const old = await take(on, 1);
    on.living.delete(1);
    await take(on, 2);
    const record = on.disk.files.get(PATH)!;
    const { journal } = await open(new MemoryDisk(), { mayWrite: () => old.check() });
    await on.clock.advance(5000);
    await settle();
    expect(await codeOf(write(journal, { a: 'a' }))).to.equal('CACHE_STORE_LOCKED');
    await old.release();
    expect(on.disk.files.get(PATH)).to.equal(record);
    expect(record.content.toString()).to.include('"pid":2');
  });

  it('a record that was removed stops the writing, and says so', async () => {
    const on = machine();
    const lock = await take(on, 1);
    const record = on.disk.files.get(PATH)!;
    on.disk.files.delete(PATH);
    await on.clock.advance(5000);
    await settle();
    const error = (await lock.check().catch((reason: unknown) => reason)) as Error;
    expect(error).to.include({ code: 'CACHE_STORE_UNAVAILABLE' });
    expect(error.message).to.include('was removed while the agent ran');
    on.disk.files.set(PATH, record);
    await lock.check();
  });

  it('who slept through its heartbeats looks before it writes', async () => {
    const on = machine();
    const sleeper = new VirtualClock();
    const parts = { disk: on.disk, folder: FOLDER, clock: sleeper, processes: processes(on, 1) };
    let nowMs = sleeper.now();
    const clock = { now: () => nowMs, after: () => () => undefined, sleep: async () => undefined };
    const lock = await Lock.take({ ...parts, clock });
    await lock.check();
    on.living.delete(1);
    await take(on, 2);
    nowMs += 60_000;
    expect(await codeOf(lock.check())).to.equal('CACHE_STORE_LOCKED');
  });

  it('a clock that jumps by a day, forth or back, neither loses a lock nor blocks the next start for a day', async () => {
    for (const jump of [86_400_000, -86_400_000]) {
      const on = machine();
      let shift = 0;
      const clock = {
        now: () => on.clock.now() + shift,
        after: on.clock.after.bind(on.clock),
        sleep: on.clock.sleep.bind(on.clock),
      };
      const lock = await Lock.take({ disk: on.disk, folder: FOLDER, clock, processes: processes(on, 1, 'elsewhere') });
      shift = jump;
      await lock.check();
      expect(await codeOf(Lock.take({ disk: on.disk, folder: FOLDER, clock, processes: processes(on, 2) }))).to.equal(
        'CACHE_STORE_LOCKED',
      );
      const crashed = on.disk.copy();
      shift = jump - jump;
      await on.clock.advance(1);
      await Lock.take({ disk: crashed, folder: FOLDER, clock, processes: processes(on, 2) });
    }
  });

  it('of many that take over a dead lock at once, one gets it', async () => {
    const on = machine();
    await take(on, 1);
    on.living.delete(1);
    const all = await Promise.all(Array.from({ length: 10 }, () => codeOf(take(on, 2))));
    expect(all.filter((one) => one === 'done')).to.have.length(1);
    expect(all.filter((one) => one === 'CACHE_STORE_LOCKED')).to.have.length(9);
  });

  it('a record that cannot be read counts from the last change of its file', async () => {
    for (const text of ['', '{"pid":', 'null', '[]', '{"pid":"1"}', '\u0000'.repeat(512)]) {
      const on = machine();
      const content = Buffer.from(text);
      on.disk.files.set(PATH, { content, synced: content, changedMs: on.clock.now() });
      expect(await codeOf(take(on, 2)), text).to.equal('CACHE_STORE_LOCKED');
      await on.clock.advance(15_000);
      expect(await codeOf(take(on, 2)), text).to.equal('done');
    }
  });

  it('a failure in the middle leaves no record behind', async () => {
    const on = machine();
    on.disk.fails = (call) => (call === 'write' ? 'ENOSPC' : undefined);
    expect(await codeOf(take(on, 1))).to.equal('ENOSPC');
    on.disk.fails = () => undefined;
    await take(on, 2);
  });

  it('knows this process as alive, and one of the same number but another start as dead', () => {
    const real = realProcesses();
    const { self } = real;
    expect(real.isAlive(self)).to.equal(true);
    expect(real.isAlive({ ...self, host: 'elsewhere' })).to.equal(undefined);
    if (self.started !== '') expect(real.isAlive({ ...self, started: '1' })).to.equal(false);
  });
});
