// How the conformance suite watches a command sink: its program is a small script that puts what it reads into a file, as one step.
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SinkHarness } from 'claviger/sdk/testing';

const SCRIPT = '#!/bin/sh\nset -e\ncat > "$1.new"\nmv "$1.new" "$1"\n';
const script = (dir: string): string => join(dir, 'store');
const stored = (dir: string): string => join(dir, 'stored');

const harness: SinkHarness = {
  async settings({ dir }) {
    await writeFile(script(dir), SCRIPT);
    await chmod(script(dir), 0o755);
    return { argv: [script(dir), stored(dir)] };
  },
  read: ({ dir }) => readFile(stored(dir), 'utf8').catch(() => undefined),
  async sabotage({ dir }) {
    await rm(`${script(dir)}-moved`, { force: true });
    await rename(script(dir), `${script(dir)}-moved`);
  },
  unwritable: ({ dir }) => ({ argv: [join(dir, 'no-such-program')] }),
};

export default harness;
