// How the conformance suite makes and breaks an API key. New keys in each run; nothing secret is stored in the repository.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificate, type AuthMethodHarness, type Bench } from 'claviger/sdk/testing';

// RSA keys are slow to make, and which test uses one does not matter.
const made = new Map<string, string>();

function keyNamed(name: string): string {
  const key = made.get(name) ?? makeCertificate({ name, keys: 'rsa' }).key;
  made.set(name, key);
  return key;
}

const write = async (bench: Bench, name: string): Promise<void> => {
  const key = bench.plant(keyNamed(name));
  await writeFile(join(bench.dir, 'key.pem'), key, { mode: 0o600 });
  const values = [
    `tenancy=ocid1.tenancy.oc1..a`,
    `user=ocid1.user.oc1..${name}`,
    'fingerprint=any',
    'key_file=~/key.pem',
  ];
  await mkdir(join(bench.dir, '.oci'), { recursive: true });
  await writeFile(join(bench.dir, '.oci', 'config'), `[DEFAULT]\n${values.join('\n')}\n`, { mode: 0o600 });
};

const harness: AuthMethodHarness = {
  async settings(bench) {
    bench.fakes.env.set('HOME', bench.dir);
    await write(bench, 'one');
    return { type: 'apikey', role: 'app' };
  },
  change: (bench) => write(bench, 'two'),
  missing: ({ dir }) => rm(join(dir, 'key.pem'), { force: true }),
  empty: ({ dir }) => writeFile(join(dir, 'key.pem'), ''),
  async unreadable({ dir }) {
    await rm(join(dir, 'key.pem'), { force: true });
    await mkdir(join(dir, 'key.pem'));
  },
};

export default harness;
