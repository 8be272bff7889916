// Very many leases in one cache, without the network: node cache-load.mjs memory|fill|restore|digest FOLDER COUNT. Prints one JSON line.
// memory: growth of the process by COUNT leases of 2 KB, after as much garbage as they make. fill: writes them to a store in FOLDER.
// restore: a store of `fill` until all leases are in the index again, the identity's login included. digest: time of one digest.
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createKeyProvider } from '../dist/core/cache/keys/create.js';
import { leaseJournal } from '../dist/core/cache/journal/lease-journal.js';
import { StoreJournal } from '../dist/core/cache/journal/journal.js';
import { createLeaseCache } from '../dist/core/cache/lease-cache.js';
import { systemClock } from '../dist/core/kernel/clock.js';
import { Secret } from '../dist/core/sdk/index.js';
import { MetricRegistry } from '../dist/core/telemetry/metrics.js';
import FileStore from '../dist/plugins/cache-store/file/index.js';
import Canonical from '../dist/plugins/request-hasher/canonical/index.js';

const [mode, folder, countText] = process.argv.slice(2);
const count = Number(countText);
const nothing = () => undefined;
const warn = (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
const log = { trace: nothing, debug: nothing, info: nothing, warn, error: warn };
const clock = systemClock();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const tell = (figures) => process.stdout.write(`${JSON.stringify(figures)}\n`);
const token = new Secret('hvs.bench-identity-token-000000000000');
const login = {
  ...{ sequence: 1, identity: 'default', form: 'plain', token, accessor: 'bench-accessor', policies: ['default'] },
  ...{ renewable: true, kind: 'service', issuedAt: clock.now(), expiresAt: 0 },
};
const hasher = new Canonical();
const headers = [
  ...['Host', '127.0.0.1:8100', 'X-Vault-Request', 'true'],
  ...['User-Agent', 'Go-http-client/1.1', 'Accept-Encoding', 'gzip'],
];

const exchange = (nth) => ({
  ...{ id: '', method: 'GET', path: `/v1/database/creds/app-${nth}`, query: '', headers: [...headers] },
  ...{ body: new Uint8Array(0), token, identity: 'default', namespace: '', notes: {}, sentAt: clock.now() },
});

function lease(nth) {
  const bare = {
    request_id: '3f6a1f52-5c1f-2b1e-8a7f-9d1c6a6c2b11',
    lease_id: `database/creds/app-${nth}/${randomBytes(18).toString('base64url')}`,
    ...{ renewable: true, lease_duration: 86_400 },
    data: { username: `v-${nth}`, password: randomBytes(15).toString('base64url'), pad: '' },
    ...{ wrap_info: null, warnings: null, auth: null },
  };
  bare.data.pad = 'x'.repeat(2048 - JSON.stringify(bare).length);
  const body = Buffer.from(JSON.stringify(bare));
  return { status: 200, headers: ['Content-Type', 'application/json', 'Cache-Control', 'no-store'], body };
}

function openJournal() {
  const env = { get: () => Buffer.alloc(32, 7).toString('hex') };
  const provider = createKeyProvider({ type: 'env', settings: { variable: 'KEY' } }, { log, env, uid: 0 });
  const health = { ok: nothing, degraded: (error) => warn({ error: error.message }, 'degraded'), failed: nothing };
  return new StoreJournal({
    ...{ store: new FileStore({ path: folder }, log, clock), provider, identity: 'bench', sync: 'grouped' },
    ...{ keepAfterImport: true, exitOnErr: true, clock, log, health, limits: { dirty: count + 1, startMs: 60_000 } },
  });
}

const cache = createLeaseCache({
  ...{ hasher, clock, random: Math.random, verbatimHits: false, metrics: new MetricRegistry() },
  ...{ log: { named: () => log }, revalidateAfterMs: 300_000, refetch: nothing },
  vault: { request: () => Promise.reject(new Error('there is no server')) },
});

async function store(pauseMs) {
  let payload = 0;
  for (let nth = 0; nth < count; nth++) {
    const reply = lease(nth);
    payload += reply.body.length;
    const said = await cache.remember(exchange(nth), reply, cache.epoch);
    if (said !== 'stored-lease') throw new Error(said);
    if (nth % 500 === 499) await pause(pauseMs);
  }
  return payload;
}

async function memory() {
  cache.adopt(login);
  // the heap reaches its working size before the count begins
  let garbage = 0;
  for (let nth = 0; nth < 20_000; nth++) garbage += exchange(nth).path.length + lease(nth).body.length;
  const before = process.memoryUsage.rss();
  const payload = await store(0);
  await pause(1_000);
  tell({ rss_bytes: process.memoryUsage.rss() - before, payload_bytes: payload, garbage_bytes: garbage });
}

async function fill() {
  rmSync(folder, { recursive: true, force: true });
  const journal = openJournal();
  cache.follow(leaseJournal(journal, cache, { log, sharesIdentities: false }));
  await journal.start();
  cache.adopt(login);
  await store(15);
  while (journal.pending > 0) await pause(20);
  await journal.stop();
  tell({ filled: cache.size });
}

async function restore() {
  const journal = openJournal();
  cache.follow(leaseJournal(journal, cache, { log, sharesIdentities: false }));
  const [began, used] = [performance.now(), process.cpuUsage()];
  await journal.start();
  cache.adopt(login);
  const figures = { restored: cache.size, wall_ms: performance.now() - began };
  const { user, system } = process.cpuUsage(used);
  tell({ ...figures, user_ms: user / 1000, system_ms: system / 1000, rss_mb: process.memoryUsage.rss() / 1e6 });
  await journal.stop();
}

function digest() {
  const request = (nth) => ({ ...exchange(nth), headers: [...headers] });
  const requests = Array.from({ length: 1_000 }, (_, nth) => request(nth));
  for (let nth = 0; nth < 20_000; nth++) hasher.digest(requests[nth % 1_000]);
  const began = performance.now();
  for (let nth = 0; nth < count; nth++) hasher.digest(requests[nth % 1_000]);
  tell({ digest_us: ((performance.now() - began) / count) * 1000 });
}

await { memory, fill, restore, digest }[mode]();
cache.stop();
