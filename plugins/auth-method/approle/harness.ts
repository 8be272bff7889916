// How the conformance suite makes and breaks approle's material.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuthMethodHarness } from 'claviger/sdk/testing';

const harness: AuthMethodHarness = {
  async settings(bench) {
    const { dir } = bench;
    await writeFile(join(dir, 'role-id'), 'role-one\n');
    await writeFile(join(dir, 'secret-id'), `${bench.plant('planted-secret-id-one')}\n`, { mode: 0o600 });
    return {
      role_id_file_path: join(dir, 'role-id'),
      secret_id_file_path: join(dir, 'secret-id'),
      remove_secret_id_file_after_reading: true,
    };
  },
  async change(bench) {
    const { dir } = bench;
    await writeFile(join(dir, 'secret-id'), bench.plant('planted-secret-id-two'), { mode: 0o600 });
  },
  async missing({ dir }) {
    await rm(join(dir, 'secret-id'), { force: true });
  },
  async empty({ dir }) {
    await writeFile(join(dir, 'secret-id'), '\n');
  },
  async unreadable({ dir }) {
    await rm(join(dir, 'secret-id'), { force: true });
    await mkdir(join(dir, 'secret-id'));
  },
};

export default harness;
