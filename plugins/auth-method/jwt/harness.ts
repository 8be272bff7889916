// How the conformance suite makes and breaks a JSON web token.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuthMethodHarness } from 'claviger/sdk/testing';

const file = (dir: string): string => join(dir, 'jwt');

const harness: AuthMethodHarness = {
  async settings(bench) {
    const { dir } = bench;
    await writeFile(file(dir), `${bench.plant('planted.jwt.one')}\n`, { mode: 0o600 });
    return { path: file(dir), role: 'app' };
  },
  async change(bench) {
    const { dir } = bench;
    await writeFile(file(dir), bench.plant('planted.jwt.two'));
  },
  missing: ({ dir }) => rm(file(dir), { force: true }),
  empty: ({ dir }) => writeFile(file(dir), '\n'),
  async unreadable({ dir }) {
    await rm(file(dir), { force: true });
    await mkdir(file(dir));
  },
};

export default harness;
