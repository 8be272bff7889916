// How the conformance suite watches a kubernetes-secret sink: a small API of its own keeps what was applied last.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { makeCertificate, type Bench, type SinkHarness } from 'claviger/sdk/testing';

interface Api {
  readonly server: Server;
  kept: string | undefined;
  refuses: boolean;
}

const apis = new Map<string, Api>();

async function open({ dir, onEnd, plant }: Bench): Promise<object> {
  const authority = makeCertificate({ name: 'suite cluster', authority: true });
  const api: Api = {
    server: createServer(makeCertificate({ name: 'api', issuer: authority })),
    kept: undefined,
    refuses: false,
  };
  const bearer = plant('planted-service-account-token');
  api.server.on('request', (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const known = request.headers.authorization === `Bearer ${bearer}`;
      if (known && !api.refuses && request.url?.includes('dryRun') !== true)
        api.kept = keptIn(Buffer.concat(chunks).toString('utf8'));
      response.writeHead(known ? (api.refuses ? 503 : 200) : 401).end();
    });
  });
  api.server.listen(0, '127.0.0.1');
  await once(api.server, 'listening');
  apis.set(dir, api);
  onEnd(async () => {
    apis.delete(dir);
    api.server.closeAllConnections();
    await new Promise((resolve) => api.server.close(resolve));
  });
  await writeFile(join(dir, 'ca.crt'), authority.cert);
  await writeFile(join(dir, 'token'), bearer, { mode: 0o600 });
  const { port } = api.server.address() as AddressInfo;
  return {
    ...{ name: 'vault-token', namespace: 'web', address: `https://127.0.0.1:${String(port)}` },
    ...{ token_file: join(dir, 'token'), ca_file: join(dir, 'ca.crt') },
  };
}

function keptIn(body: string): string | undefined {
  const { data } = JSON.parse(body) as { data?: Record<string, string> };
  return data?.['token'] === undefined ? undefined : Buffer.from(data['token'], 'base64').toString('utf8');
}

const harness: SinkHarness = {
  settings: open,
  read: ({ dir }) => apis.get(dir)?.kept,
  sabotage({ dir }) {
    apis.get(dir)!.refuses = true;
  },
  unwritable: async (bench) => ({ ...(await open(bench)), token_file: join(bench.dir, 'ca.crt') }),
};

export default harness;
