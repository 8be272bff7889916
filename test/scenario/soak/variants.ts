// The two forms of a soak: one agent with a journal on disk whose folder vanishes for a while, and two agents on one redis that is killed and comes back
// empty. Knows stores, not requests.
import { rename, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startRedis, type RedisServer } from '../../../plugins/cache-store/redis/harness-server.js';
import { openStage, type Stage } from './stage.js';

/** A stage with the outage of its store. */
export interface Variant {
  readonly stage: Stage;
  readonly outage: () => Promise<void>;
  close(): Promise<void>;
}

const AWAY_MS = 700;

/** One agent with a journal on disk. */
export async function fileVariant(): Promise<Variant> {
  let folder = '';
  const persist = (own: string): string => {
    folder = join(own, 'store');
    return `persist "file" {\n path = "${folder}"\n key_provider "key_file" {\n path = "${own}/cache.key"\n }\n }`;
  };
  const stage = await openStage({ agents: 1, persist });
  const outage = async (): Promise<void> => {
    await rename(folder, `${folder}-away`);
    await pause(AWAY_MS);
    await rename(`${folder}-away`, folder);
  };
  return { stage, outage, close: () => stage.close() };
}

/** Two agents that share what their identities' tokens issue. Needs a redis-server on the PATH. */
export async function redisVariant(): Promise<Variant> {
  const folder = mkdtempSync(join(tmpdir(), 'claviger-soak-key-'));
  const key = join(folder, 'cache.key');
  await writeFile(key, randomBytes(32), { mode: 0o600 });
  let redis: RedisServer = await startRedis();
  const { port } = redis;
  const persist = (own: string): string =>
    `persist "redis" {\n instance = "${basename(own)}"\n url = "redis://127.0.0.1:${String(port)}"\n share = true\n key_provider "file" {\n path = "${key}"\n }\n }`;
  const closeStore = async (): Promise<void> => {
    await redis.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  const stage = await openStage({ agents: 2, persist }).catch(async (error: unknown) => {
    await closeStore();
    throw error;
  });
  const outage = async (): Promise<void> => {
    await redis.kill();
    await pause(AWAY_MS);
    redis = await startRedis({ port });
  };
  const close = async (): Promise<void> => {
    await stage.close();
    await closeStore();
  };
  return { stage, outage, close };
}
