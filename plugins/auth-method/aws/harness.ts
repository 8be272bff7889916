// How the conformance suite makes and breaks AWS credentials: a credentials file, everything else of the chain is off.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuthMethodHarness, Bench } from 'claviger/sdk/testing';

const file = ({ dir }: Bench): string => join(dir, 'credentials');

async function write(bench: Bench, secret: string): Promise<void> {
  const text = `[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = ${bench.plant(secret)}\n`;
  await writeFile(file(bench), text, { mode: 0o600 });
}

const harness: AuthMethodHarness = {
  async settings(bench) {
    const { env } = bench.fakes;
    env.set('AWS_SHARED_CREDENTIALS_FILE', file(bench));
    env.set('AWS_CONFIG_FILE', join(bench.dir, 'config'));
    env.set('AWS_EC2_METADATA_DISABLED', 'true');
    await write(bench, 'planted/secret+access/key/one');
    return { type: 'iam', role: 'app' };
  },
  change: (bench) => write(bench, 'planted/secret+access/key/two'),
  missing: (bench) => rm(file(bench), { force: true }),
  empty: (bench) => writeFile(file(bench), '\n'),
  async unreadable(bench) {
    await rm(file(bench), { force: true });
    await mkdir(file(bench));
  },
};

export default harness;
