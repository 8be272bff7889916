// How the conformance suite makes and breaks client certificates. A new key each time; nothing secret is stored in the repository.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificate, type AuthMethodHarness, type Bench } from 'claviger/sdk/testing';

const write = async (bench: Bench, name: string): Promise<void> => {
  const { dir } = bench;
  const { cert, key } = makeCertificate({ name });
  await writeFile(join(dir, 'client.crt'), cert);
  await writeFile(join(dir, 'client.key'), bench.plant(key), { mode: 0o600 });
};

const harness: AuthMethodHarness = {
  async settings(bench) {
    await write(bench, 'one');
    const { dir } = bench;
    return { client_cert: join(dir, 'client.crt'), client_key: join(dir, 'client.key'), reload: true };
  },
  change: (bench) => write(bench, 'two'),
  missing: ({ dir }) => rm(join(dir, 'client.key'), { force: true }),
  empty: ({ dir }) => writeFile(join(dir, 'client.key'), ''),
  async unreadable({ dir }) {
    await rm(join(dir, 'client.key'), { force: true });
    await mkdir(join(dir, 'client.key'));
  },
};

export default harness;
