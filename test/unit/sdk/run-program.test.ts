import { expect } from 'chai';
import { Secret, runProgram, type Program, type ProgramEnd } from '../../../core/sdk/index.js';
import { VirtualClock } from '../../../core/sdk/testing/index.js';

const SIGNAL = new AbortController().signal;
const sh = (script: string, more: Partial<Program> = {}): Promise<ProgramEnd> =>
  runProgram({
    argv: ['/bin/sh', '-c', script],
    timeoutMs: 10_000,
    clock: new VirtualClock(),
    signal: SIGNAL,
    ...more,
  });

describe('runProgram', () => {
  it('gives what was printed, and the input to the program', async () => {
    const end = await sh('cat; printf err >&2', { input: new Secret('in'), maxBytes: 100 });
    expect([end.why, end.output.reveal(), end.outputBytes, end.errorBytes]).to.deep.equal([undefined, 'in', 2, 3]);
  });

  it('only counts output without a limit', async () => {
    const end = await sh('printf abc');
    expect([end.output.reveal(), end.outputBytes]).to.deep.equal(['', 3]);
  });

  it('kills a program that prints too much', async () => {
    const end = await sh('yes', { maxBytes: 1_000 });
    expect(end.why).to.equal('it printed more than 1000 bytes and was killed');
    expect(end.output.length).to.be.at.most(1_000);
  });

  for (const [script, why] of [
    ['exit 3', 'it ended with code 3'],
    ['kill -KILL $$', 'it was ended by SIGKILL'],
  ] as const)
    it(`tells how it ended: ${script}`, async () => {
      expect((await sh(script)).why).to.equal(why);
    });

  it('tells when it cannot be started, also with impossible arguments', async () => {
    const missing = await runProgram({ argv: ['/no/such'], timeoutMs: 1, clock: new VirtualClock(), signal: SIGNAL });
    expect(missing.why).to.match(/^it could not be started: no such file or folder/);
    const odd = await sh('true', { argv: ['/bin/sh', 'a\0b'] });
    expect(odd.why).to.match(/^it could not be started/);
  });

  it('waits for nobody that the program left behind', async () => {
    const end = await sh('sleep 600 & echo done', { maxBytes: 100 });
    expect([end.why, end.output.reveal()]).to.deep.equal([undefined, 'done\n']);
  });

  it('kills a late program', async () => {
    const clock = new VirtualClock();
    const running = sh('sleep 600', { clock, timeoutMs: 2_000 });
    while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(2_000);
    expect((await running).why).to.equal('it did not end within 2 s and was killed');
  });

  it('has nothing of our environment but a plain PATH', async () => {
    process.env['PLANTED_HERE'] = 'x';
    const end = await sh('env', { maxBytes: 10_000, environment: { A: 'b' } });
    delete process.env['PLANTED_HERE'];
    const names = end.output
      .reveal()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names).to.include.members(['PATH', 'A']);
    expect(names).to.not.include('PLANTED_HERE');
  });

  it('rejects with the reason of the signal', async () => {
    const reason = new Error('stopping');
    const over = new AbortController();
    const running = sh('sleep 600', { signal: over.signal }).catch((error: unknown) => error);
    over.abort(reason);
    expect(await running).to.equal(reason);
    expect(await sh('true', { signal: over.signal }).catch((error: unknown) => error)).to.equal(reason);
  });

  it('does not quote arguments or variables that cannot be passed on', async () => {
    for (const more of [{ environment: { KEY: 'planted\0' } }, { argv: ['/bin/echo', 'planted\0'] }]) {
      const { why } = await sh('true', more);
      expect(why).to.contain('cannot be passed on').and.not.contain('planted');
    }
  });

  it('waits two seconds at most for a daemon that left the group and holds the output', async () => {
    const clock = new VirtualClock();
    const daemon = `
      const { spawn } = require('node:child_process');
      const child = spawn('/bin/sleep', ['600'], { detached: true, stdio: 'inherit' });
      child.unref();
      console.log(child.pid);`;
    const running = sh('', { argv: [process.execPath, '-e', daemon], clock, maxBytes: 100 });
    while (clock.pending < 2) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(2_000);
    const { why, output } = await running;
    process.kill(Number(output.reveal()), 'SIGKILL');
    expect(why).to.equal(undefined);
    expect(clock.pending).to.equal(0);
  });

  it('does not wait for a program that this user may not kill', async () => {
    const clock = new VirtualClock();
    const kill = process.kill.bind(process);
    let group: number | undefined;
    process.kill = (target) => {
      group = target;
      throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
    };
    try {
      const running = sh('sleep 600', { clock, timeoutMs: 2_000 });
      while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(2_000);
      await clock.advance(2_000);
      expect((await running).why).to.equal(
        'it did not end within 2 s and cannot be killed by this user: it still runs',
      );
      expect(clock.pending).to.equal(0);
    } finally {
      process.kill = kill;
      if (group !== undefined) process.kill(group, 'SIGKILL');
    }
  });

  it('says so when there are no file descriptors left for a program', async () => {
    const program = `
      import { openSync } from 'node:fs';
      import 'node:child_process';
      import { runProgram } from ${JSON.stringify(new URL('../../../core/sdk/index.js', import.meta.url).href)};
      const clock = { now: () => 0, after: () => () => undefined };
      try { for (;;) openSync('/dev/null'); } catch {}
      const end = await runProgram({ argv: ['/bin/true'], timeoutMs: 1, clock, signal: new AbortController().signal });
      process.stdout.write(end.why);
    `;
    const script = 'ulimit -n 64; exec "$0" --input-type=module -e "$1"';
    const argv = ['/bin/sh', '-c', script, process.execPath, program];
    const end = await sh('', { argv, maxBytes: 1_000 });
    expect(end.why).to.equal(undefined);
    expect(end.output.reveal()).to.match(/^it could not be started: this process has too many open files/);
  });
});
