// How the conformance suite reads a socket sink: as a client. Nobody waits there for long.
import { connect } from 'node:net';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SinkHarness } from 'claviger/sdk/testing';

// Turns of the event loop after which nothing more comes: both ends are in this process.
const PATIENCE = 50;
const path = (dir: string): string => join(dir, 'token.sock');

const harness: SinkHarness = {
  settings: ({ dir }) => ({ path: path(dir) }),
  async read({ dir }) {
    const chunks: Buffer[] = [];
    const client = connect(path(dir));
    let open = true;
    client.on('data', (chunk: Buffer) => chunks.push(chunk));
    client.on('error', () => undefined);
    client.on('close', () => (open = false));
    for (let turn = 0; open && (turn < PATIENCE || chunks.length > 0); turn++)
      await new Promise((resolve) => setImmediate(resolve));
    client.destroy();
    return chunks.length === 0 ? undefined : Buffer.concat(chunks).toString('utf8');
  },
  unwritable: ({ dir }) => ({ path: join(dir, 'no-such-folder', 'token.sock') }),
  mode: {
    settings: ({ dir }, mode) => ({ path: path(dir), mode }),
    actual: async ({ dir }) => (await stat(path(dir))).mode & 0o777,
  },
};

export default harness;
