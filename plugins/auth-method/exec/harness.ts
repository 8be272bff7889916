// How the conformance suite makes and breaks a command: a script that prints a file, or that is not there.
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuthMethodHarness, Bench } from 'claviger/sdk/testing';

const script = (dir: string): string => join(dir, 'print-token');
const printed = (dir: string): string => join(dir, 'printed');

// The word on standard error is planted: it must show nowhere.
async function print(bench: Bench, text: string): Promise<void> {
  const { dir } = bench;
  await writeFile(printed(dir), text);
  await writeFile(
    script(dir),
    `#!/bin/sh\necho '${bench.plant('planted-on-standard-error')}' >&2\ncat '${printed(dir)}'\n`,
  );
  await chmod(script(dir), 0o700);
}

const harness: AuthMethodHarness = {
  async settings(bench) {
    await print(bench, `${bench.plant('planted.jwt.one')}\n`);
    bench.fakes.env.set('PATH', '/usr/bin:/bin');
    return { command: [script(bench.dir)], role: 'app' };
  },
  change: (bench) => print(bench, bench.plant('planted.jwt.two')),
  missing: ({ dir }) => rm(script(dir), { force: true }),
  empty: (bench) => print(bench, '\n'),
  async unreadable({ dir }) {
    await rm(script(dir), { force: true });
    await mkdir(script(dir));
  },
};

export default harness;
