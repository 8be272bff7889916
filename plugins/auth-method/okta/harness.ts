// How the conformance suite makes and breaks an Okta password file. A change lets five minutes pass, because of the limit of pushes.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuthMethodHarness } from 'claviger/sdk/testing';

const file = (dir: string): string => join(dir, 'password');

const harness: AuthMethodHarness = {
  async settings({ dir, plant }) {
    await writeFile(file(dir), `${plant('planted-password-one')}\n`, { mode: 0o600 });
    return { username: 'app@example.com', password_file_path: file(dir) };
  },
  async change({ dir, plant, fakes }) {
    await writeFile(file(dir), plant('planted-password-two'));
    await fakes.clock.advance(5 * 60_000);
  },
  missing: ({ dir }) => rm(file(dir), { force: true }),
  empty: ({ dir }) => writeFile(file(dir), '\n'),
  async unreadable({ dir }) {
    await rm(file(dir), { force: true });
    await mkdir(file(dir));
  },
};

export default harness;
