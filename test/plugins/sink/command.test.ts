// command sink beyond the conformance suite: environment, codes, time, process groups, and that nothing it prints is shown.
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, Secret, type Delivery, type Sink } from '../../../core/sdk/index.js';
import { loadPlugin, makeFakes, type Fakes } from '../../../core/sdk/testing/index.js';

const MANIFEST = new URL('../../../plugins/sink/command/plugin.json', import.meta.url).href;
const SIGNAL = new AbortController().signal;
const TOKEN = 'planted-token-of-the-command';
const delivery: Delivery = {
  payload: new Secret(TOKEN),
  ...{ form: 'plain', identity: 'web', accessor: 'a', expiresAt: 0, sequence: 1 },
};

describe('sink command', () => {
  let dir: string;
  let fakes: Fakes;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-command-sink-'));
    fakes = makeFakes();
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));
  const make = async (script: string, settings: object = {}): Promise<Sink> => {
    const program = join(dir, 'program');
    await writeFile(program, `#!/bin/sh\n${script}`);
    await chmod(program, 0o755);
    const all = { argv: [program, join(dir, 'out'), '$(id)'], ...settings };
    return (await loadPlugin<Sink>(MANIFEST, { settings: all, fakes })).plugin;
  };
  const failure = async (work: Promise<unknown> | undefined): Promise<AgentError> => {
    const error: unknown = await work?.then(
      () => 'no error',
      (reason: unknown) => reason,
    );
    if (error instanceof AgentError) return error;
    throw new Error(`no AgentError but ${String(error)}`);
  };
  // one that nobody has collected yet (state Z) is dead
  const alive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
    } catch {
      return false;
    }
    return !existsSync(`/proc/${String(pid)}/stat`) || !/\) Z /.test(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
  };

  it('gives the token on standard input only, with a bare environment and no shell', async () => {
    process.env['PLANTED_OF_THE_AGENT'] = 'x';
    try {
      const sink = await make('{ cat; echo; echo "$2"; pwd; env; tr "\\0" " " < /proc/$$/cmdline; } > "$1"', {
        environment: { MINE: 'yes' },
      });
      await sink.write(delivery, SIGNAL);
    } finally {
      delete process.env['PLANTED_OF_THE_AGENT'];
    }
    const [token, argument, folder, ...rest] = (await readFile(join(dir, 'out'), 'utf8')).split('\n');
    expect([token, argument, folder]).to.deep.equal([TOKEN, '$(id)', '/']);
    const text = rest.join('\n');
    for (const line of ['MINE=yes', 'CLAVIGER_IDENTITY=web', 'CLAVIGER_FORM=plain']) expect(text).to.contain(line);
    expect(text).to.not.contain('PLANTED_OF_THE_AGENT');
    expect(text).to.not.contain(TOKEN);
  });

  it('a code other than 0 is a failure that does not show what was printed (5.4)', async () => {
    const error = await failure((await make('cat; cat "$0" >&2; exit 7')).write(delivery, SIGNAL));
    expect([error.code, error.message.includes('it ended with code 7; it printed')]).to.deep.equal([
      'SINK_WRITE_FAILED',
      true,
    ]);
    expect(error.message).to.not.contain(TOKEN);
    expect(fakes.log.leaks([TOKEN])).to.deep.equal([]);
  });

  it('a program that does not read its input is no failure', async () => {
    await (await make('exit 0')).write({ ...delivery, payload: new Secret('x'.repeat(1 << 20)) }, SIGNAL);
  });

  it('a program that ends by a signal is a failure', async () => {
    const error = await failure((await make('kill -TERM $$')).write(delivery, SIGNAL));
    expect(error.message).to.contain('it was ended by SIGTERM');
  });

  const started = async (): Promise<number> => {
    for (;;) {
      const text = await readFile(join(dir, 'out'), 'utf8').catch(() => '');
      if (text.endsWith('\n')) return Number(text);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const gone = async (pid: number): Promise<void> => {
    while (alive(pid)) await new Promise((resolve) => setImmediate(resolve));
  };
  const ENDLESS = 'sleep 600 & echo $! > "$1"; wait';

  it('kills a late program with everything that it started', async () => {
    const failing = failure((await make(ENDLESS, { timeout: 3_000 })).write(delivery, SIGNAL));
    const pid = await started();
    await fakes.clock.advance(3_000);
    expect((await failing).message).to.contain('it did not end within 3 s and was killed');
    await gone(pid);
  });

  it('kills it when the delivery is no longer wanted', async () => {
    const over = new AbortController();
    const writing = (await make(ENDLESS)).write(delivery, over.signal).catch((error: unknown) => error);
    const pid = await started();
    const reason = new Error('stopping');
    over.abort(reason);
    expect(await writing).to.equal(reason);
    await gone(pid);
  });

  it('kills what it leaves running', async () => {
    await (await make('sleep 600 > /dev/null 2>&1 & echo $! > "$1"')).write(delivery, SIGNAL);
    await gone(await started());
  });

  it('refuses at start what cannot be run', async () => {
    const sink = await make('exit 0');
    await chmod(join(dir, 'program'), 0o644);
    expect((await failure(sink.start?.(SIGNAL))).code).to.equal('SINK_NOT_WRITABLE');
    expect((await failure((await make('', { argv: [dir] })).start?.(SIGNAL))).message).to.contain('not a file');
    expect((await failure((await make('', { argv: ['true'] })).start?.(SIGNAL))).message).to.contain('absolute');
    const missing = await make('', { argv: ['/no/such/program'] });
    expect((await failure(missing.start?.(SIGNAL))).message).to.contain('no such file');
    expect((await failure(missing.write(delivery, SIGNAL))).message).to.contain('could not be started');
  });
});
