// How the conformance suite makes and breaks a service account token.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuthMethodHarness } from 'claviger/sdk/testing';

const file = (dir: string): string => join(dir, 'service-account-token');

const harness: AuthMethodHarness = {
  async settings(bench) {
    const { dir } = bench;
    await writeFile(file(dir), `${bench.plant('planted.service-account.one')}\n`, { mode: 0o600 });
    return { token_path: file(dir), role: 'app' };
  },
  async change(bench) {
    const { dir } = bench;
    await writeFile(file(dir), bench.plant('planted.service-account.two'));
  },
  missing: ({ dir }) => rm(file(dir), { force: true }),
  empty: ({ dir }) => writeFile(file(dir), '\n'),
  async unreadable({ dir }) {
    await rm(file(dir), { force: true });
    await mkdir(file(dir));
  },
};

export default harness;
