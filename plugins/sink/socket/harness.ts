// How the conformance suite reads a socket sink: as a client. Nobody waits there for long.
import { connect } from 'node:net';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SinkHarness } from 'claviger/sdk/testing';

const PATIENCE_MS = 200;
const path = (dir: string): string => join(dir, 'token.sock');

const harness: SinkHarness = {
  settings: ({ dir }) => ({ path: path(dir) }),
  read: ({ dir }) =>
    new Promise((resolve) => {
      const chunks: Buffer[] = [];
      const client = connect(path(dir));
      const timer = setTimeout(() => client.destroy(), PATIENCE_MS);
      client.on('data', (chunk: Buffer) => chunks.push(chunk));
      client.on('error', () => undefined);
      client.on('close', () => {
        clearTimeout(timer);
        resolve(chunks.length === 0 ? undefined : Buffer.concat(chunks).toString('utf8'));
      });
    }),
  unwritable: ({ dir }) => ({ path: join(dir, 'no-such-folder', 'token.sock') }),
  mode: {
    settings: ({ dir }, mode) => ({ path: path(dir), mode }),
    actual: async ({ dir }) => (await stat(path(dir))).mode & 0o777,
  },
};

export default harness;
