// How the conformance suite makes and breaks a file with a personal access token.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuthMethodHarness } from 'claviger/sdk/testing';

const file = (dir: string): string => join(dir, 'token');

const harness: AuthMethodHarness = {
  async settings({ dir, plant }) {
    await writeFile(file(dir), `${plant('ghp_plantedTokenOne')}\n`, { mode: 0o600 });
    return { token_file_path: file(dir) };
  },
  async change({ dir, plant }) {
    await writeFile(file(dir), plant('ghp_plantedTokenTwo'));
  },
  missing: ({ dir }) => rm(file(dir), { force: true }),
  empty: ({ dir }) => writeFile(file(dir), ' \n'),
  async unreadable({ dir }) {
    await rm(file(dir), { force: true });
    await mkdir(file(dir));
  },
};

export default harness;
