// How the conformance suite makes, breaks and reads back a file sink.
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SinkHarness } from 'claviger/sdk/testing';

const target = (dir: string): string => join(dir, 'out', 'token');

const settings = async (dir: string): Promise<{ path: string }> => {
  await mkdir(join(dir, 'out'), { recursive: true });
  return { path: target(dir) };
};

const readAt = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);

const harness: SinkHarness = {
  settings: ({ dir }) => settings(dir),
  // After sabotage the folder is elsewhere, with what was delivered before still in it.
  read: async ({ dir }) => (await readAt(target(dir))) ?? readAt(join(dir, 'moved', 'token')),
  async sabotage({ dir }) {
    await rm(join(dir, 'moved'), { recursive: true, force: true });
    await rename(join(dir, 'out'), join(dir, 'moved'));
  },
  unwritable: ({ dir }) => ({ path: join(dir, 'no-such-folder', 'token') }),
  mode: {
    settings: async ({ dir }, mode) => ({ ...(await settings(dir)), mode }),
    actual: async ({ dir }) => (await stat(target(dir))).mode & 0o777,
  },
};

export default harness;
