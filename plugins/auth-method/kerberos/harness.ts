// How the conformance suite makes and breaks a keytab, with a KDC of its own on loopback.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuthMethodHarness, Bench } from 'claviger/sdk/testing';
import { startHarnessKdc } from './harness-kdc.js';

// Keys are printable on purpose, so that they can be searched for in messages.
const KEYS = ['planted.kerberos-key-number-one.', 'planted.kerberos-key-number-two.'] as const;

const file = (dir: string): string => join(dir, 'app.keytab');

const harness: AuthMethodHarness = {
  async settings(bench) {
    const port = await startHarnessKdc(KEYS.map((key) => ({ etype: 18, bytes: Buffer.from(key) })));
    const conf = join(bench.dir, 'krb5.conf');
    await writeFile(conf, `[realms]\nEXAMPLE.COM = {\n  kdc = 127.0.0.1:${String(port)}\n}\n`);
    await write(bench, KEYS[0]);
    const files = { keytab_path: file(bench.dir), krb5conf_path: conf };
    return { username: 'app', service: 'HTTP/vault.example.com', realm: 'EXAMPLE.COM', ...files };
  },
  change: (bench) => write(bench, KEYS[1]),
  missing: ({ dir }) => rm(file(dir), { force: true }),
  empty: ({ dir }) => writeFile(file(dir), ''),
  async unreadable({ dir }) {
    await rm(file(dir), { force: true });
    await mkdir(file(dir));
  },
};

const write = (bench: Bench, key: string): Promise<void> =>
  writeFile(file(bench.dir), keytab(Buffer.from(bench.plant(key))), { mode: 0o600 });

/** A keytab with one AES-256 key of app@EXAMPLE.COM. */
function keytab(key: Buffer): Buffer {
  const counted = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, bytes.length]), bytes]);
  const names = [counted(Buffer.from('EXAMPLE.COM')), counted(Buffer.from('app'))];
  const dates = Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]);
  const record = Buffer.concat([Buffer.from([0, 1]), ...names, dates, Buffer.from([1, 0, 18]), counted(key)]);
  return Buffer.concat([Buffer.from([5, 2, 0, 0, 0, record.length]), record]);
}

export default harness;
