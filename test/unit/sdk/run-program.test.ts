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
});
