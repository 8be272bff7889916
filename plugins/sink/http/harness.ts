// How the conformance suite watches an http sink: a server of its own keeps the last body that it was sent.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bench, SinkHarness } from 'claviger/sdk/testing';

interface Keeper {
  readonly server: Server;
  kept: string | undefined;
  refuses: boolean;
}

const keepers = new Map<string, Keeper>();

async function open({ dir, onEnd }: Bench): Promise<Keeper> {
  const keeper: Keeper = { server: createServer(), kept: undefined, refuses: false };
  keeper.server.on('request', (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (!keeper.refuses)
        keeper.kept = request.method === 'DELETE' ? undefined : Buffer.concat(chunks).toString('utf8');
      response.writeHead(keeper.refuses ? 503 : 204).end();
    });
  });
  keeper.server.listen(0, '127.0.0.1');
  await once(keeper.server, 'listening');
  keepers.set(dir, keeper);
  onEnd(async () => {
    keepers.delete(dir);
    keeper.server.closeAllConnections();
    await new Promise((resolve) => keeper.server.close(resolve));
  });
  return keeper;
}

const harness: SinkHarness = {
  async settings(bench) {
    const { server } = await open(bench);
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${String(port)}/token`, delete_on_withdraw: true };
  },
  read: ({ dir }) => keepers.get(dir)?.kept,
  sabotage({ dir }) {
    keepers.get(dir)!.refuses = true;
  },
  unwritable: () => ({ url: 'http://example.com/' }),
};

export default harness;
