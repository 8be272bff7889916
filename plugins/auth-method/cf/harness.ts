// How the conformance suite makes and breaks an instance certificate. New keys in each run; nothing secret is stored in the repository.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  makeCertificate,
  type AuthMethodHarness,
  type Bench,
  type CertificateWishes,
  type TestCertificate,
} from 'claviger/sdk/testing';

// RSA keys are slow to make, and which test uses one does not matter.
const made = new Map<string, TestCertificate>();

function once(wishes: CertificateWishes): TestCertificate {
  const known = made.get(wishes.name) ?? makeCertificate({ ...wishes, keys: 'rsa' });
  made.set(wishes.name, known);
  return known;
}

const write = async (bench: Bench, name: string): Promise<void> => {
  const { dir } = bench;
  const issuer = once({ name: 'Instance Identity CA', authority: true });
  const units = ['app:app-1', 'space:space-1', 'organization:org-1'];
  const { cert, key } = once({ name, issuer, units, hosts: ['127.0.0.1'] });
  await writeFile(join(dir, 'instance.crt'), `${cert}${issuer.cert}`);
  await writeFile(join(dir, 'instance.key'), bench.plant(key), { mode: 0o600 });
};

const harness: AuthMethodHarness = {
  async settings(bench) {
    await write(bench, 'one');
    const { dir, fakes } = bench;
    fakes.env.set('CF_INSTANCE_CERT', join(dir, 'instance.crt'));
    fakes.env.set('CF_INSTANCE_KEY', join(dir, 'instance.key'));
    return { role: 'app' };
  },
  change: (bench) => write(bench, 'two'),
  missing: ({ dir }) => rm(join(dir, 'instance.key'), { force: true }),
  empty: ({ dir }) => writeFile(join(dir, 'instance.key'), ''),
  async unreadable({ dir }) {
    await rm(join(dir, 'instance.key'), { force: true });
    await mkdir(join(dir, 'instance.key'));
  },
};

export default harness;
