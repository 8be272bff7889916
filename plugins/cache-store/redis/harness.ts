// How the conformance suite gets a Redis: one server for all tests, a prefix for each.
import { basename } from 'node:path';
import type { Bench, CacheStoreHarness } from 'claviger/sdk/testing';
import { startRedis, tellRedis, type RedisServer } from './harness-server.js';

let server: Promise<RedisServer> | undefined;

const running = (): Promise<RedisServer> => (server ??= startRedis());
const prefixOf = ({ dir }: Bench): string => basename(dir);

const harness: CacheStoreHarness = {
  async settings(bench) {
    const { port } = await running();
    return { url: `redis://127.0.0.1:${port}`, prefix: prefixOf(bench) };
  },
  async corrupt(bench) {
    const { port } = await running();
    await tellRedis(port, 'SET', `{${prefixOf(bench)}}:d:key`, 'rubbish');
  },
};

export default harness;
