// How the conformance suite makes and breaks a client secret, with a token endpoint on loopback that takes any. The doubles of the tests verify; this one
// only answers.
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { AuthMethodHarness } from 'claviger/sdk/testing';

const file = (dir: string): string => join(dir, 'client-secret');
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token endpoint whose tokens differ by what was sent. It keeps no process alive. */
async function tokenEndpoint(): Promise<string> {
  const server = createServer((request, response) => {
    const digest = createHash('sha256');
    request.on('data', (chunk: Buffer) => digest.update(chunk));
    request.on('end', () => {
      const access_token = `${part({ alg: 'RS256' })}.${part({ oid: digest.digest('hex') })}.c2ln`;
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ access_token }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

const harness: AuthMethodHarness = {
  async settings(bench) {
    const { dir, fakes } = bench;
    fakes.env.set('AZURE_AUTHORITY_HOST', await tokenEndpoint());
    await writeFile(file(dir), `${bench.plant('planted.client-secret-one')}\n`, { mode: 0o600 });
    const ids = { tenant_id: 'tenant', client_id: 'client' };
    return {
      role: 'app',
      resource: 'https://vault',
      ...ids,
      client_secret_file: file(dir),
      resource_id: '/subscriptions/1',
    };
  },
  async change(bench) {
    await writeFile(file(bench.dir), bench.plant('planted.client-secret-two'));
  },
  missing: ({ dir }) => rm(file(dir), { force: true }),
  empty: ({ dir }) => writeFile(file(dir), '\n'),
  async unreadable({ dir }) {
    await rm(file(dir), { force: true });
    await mkdir(file(dir));
  },
};

export default harness;
