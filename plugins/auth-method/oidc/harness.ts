// How the conformance suite makes and breaks the secret of a client. The provider is a small server of this module that takes any secret.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { AuthMethodHarness } from 'claviger/sdk/testing';

const file = (dir: string): string => join(dir, 'client-secret');

let provider: Promise<string> | undefined;

// One for all tests; it keeps no process alive and closes its connections after each answer.
function providerUrl(): Promise<string> {
  provider ??= new Promise((resolve) => {
    const server: Server = createServer((request, response) => {
      request.resume().on('end', () => {
        const who = Buffer.from(request.headers.authorization ?? '').toString('hex');
        response.writeHead(200, { 'Content-Type': 'application/json', Connection: 'close' });
        response.end(JSON.stringify({ access_token: `e30.e30.${who}` }));
      });
    });
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${String(typeof address === 'object' ? address?.port : '')}/token`);
    });
    server.unref();
  });
  return provider;
}

const harness: AuthMethodHarness = {
  async settings(bench) {
    const { dir } = bench;
    await writeFile(file(dir), `${bench.plant('planted-client-secret-one')}\n`, { mode: 0o600 });
    return { token_url: await providerUrl(), client_id: 'agent', client_secret_file: file(dir), role: 'app' };
  },
  async change(bench) {
    const { dir } = bench;
    await writeFile(file(dir), bench.plant('planted-client-secret-two'));
  },
  missing: ({ dir }) => rm(file(dir), { force: true }),
  empty: ({ dir }) => writeFile(file(dir), '\n'),
  async unreadable({ dir }) {
    await rm(file(dir), { force: true });
    await mkdir(file(dir));
  },
};

export default harness;
