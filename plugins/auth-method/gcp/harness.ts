// How the conformance suite makes and breaks the key file of a service account. It is signed with here, so nobody is asked.
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuthMethodHarness, Bench } from 'claviger/sdk/testing';

const file = (dir: string): string => join(dir, 'key.json');

async function write({ dir, plant }: Bench, keyId: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  plant(private_key.split('\n')[2] ?? '');
  const key = {
    type: 'service_account',
    client_email: 'app@shop.iam.gserviceaccount.com',
    private_key_id: keyId,
    private_key,
  };
  await writeFile(file(dir), JSON.stringify(key), { mode: 0o600 });
}

const harness: AuthMethodHarness = {
  async settings(bench) {
    await write(bench, 'one');
    return { type: 'iam', role: 'app', credentials_file: file(bench.dir) };
  },
  change: (bench) => write(bench, 'two'),
  missing: ({ dir }) => rm(file(dir), { force: true }),
  empty: ({ dir }) => writeFile(file(dir), '\n'),
  async unreadable({ dir }) {
    await rm(file(dir), { force: true });
    await mkdir(file(dir));
  },
};

export default harness;
