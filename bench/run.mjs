// npm run bench [-- --json] [-- --rounds=5] [-- --seconds=3]: agent against a bare node:http server in the same run, as ratios.
// A figure is the median over interleaved rounds; the order is reversed every second round. Budgets are in budgets.json.
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { agent, bare, cacheLoad, cleanUp, devServer, rssKb } from './processes.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const option = (name, otherwise) =>
  Number(process.argv.find((word) => word.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise);
const json = process.argv.includes('--json');
const save = process.argv.includes('--save');
const ROUNDS = option('rounds', 5);
const SECONDS = option('seconds', 3);
const CONNECTIONS = 16;
const ENTRIES = 5000;
const MANY_ENTRIES = 100_000;

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const say = (text) => json || process.stdout.write(`${text}\n`);

async function load(url) {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(here, 'load.mjs'),
    url,
    String(CONNECTIONS),
    String(SECONDS * 1000),
  ]);
  return JSON.parse(stdout);
}

async function ratios() {
  const hello = await bare('hello');
  const passUpstream = await bare('lease');
  const front = await agent(passUpstream.url);
  const kept = await agent(passUpstream.url, { durable: true });
  for (const { url } of [front, kept])
    await until(() => fetch(`${url}/v1/bench/creds/app`).then((r) => r.headers.get('x-cache') === 'HIT'));
  const targets = {
    hello: `${hello.url}/v1/x`,
    hit: `${front.url}/v1/bench/creds/app`,
    durable: `${kept.url}/v1/bench/creds/app`,
    pass: `${front.url}/v1/bench/kv/app`,
  };
  for (const url of Object.values(targets)) await load(url);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const names = Object.keys(targets);
    if (round % 2) names.reverse();
    const result = {};
    for (const name of names) result[name] = await load(targets[name]);
    rounds.push(result);
    say(`round ${round + 1}: ${names.map((name) => `${name} ${Math.round(result[name].rps)}/s`).join(', ')}`);
  }
  for (const server of [front, kept, passUpstream, hello]) await server.stop();
  return {
    hit_ratio: median(rounds.map((r) => r.hit.rps / r.hello.rps)),
    durable_hit_ratio: median(rounds.map((r) => r.durable.rps / r.hit.rps)),
    pass_ratio: median(rounds.map((r) => r.pass.rps / r.hello.rps)),
    hello_rps: median(rounds.map((r) => r.hello.rps)),
    failed: rounds.reduce((sum, r) => sum + r.hit.failed + r.durable.failed + r.pass.failed + r.hello.failed, 0),
    generator: rounds[0].hello.generator,
  };
}

async function startUp() {
  const upstream = await bare('lease');
  const bares = [];
  const agents = [];
  for (let round = 0; round < 2 * ROUNDS + 1; round++) {
    for (const [list, start] of [
      [bares, () => bare('hello')],
      [agents, () => agent(upstream.url)],
    ]) {
      const started = await start();
      list.push(started.ms);
      await started.stop();
    }
  }
  const idle = await agent(upstream.url);
  await sleep(3000);
  const idleRssMb = rssKb(idle.pid) / 1024;
  await idle.stop();
  await upstream.stop();
  return { start_extra_ms: median(agents) - median(bares), start_bare_ms: median(bares), idle_rss_mb: idleRssMb };
}

async function memory() {
  const server = await devServer();
  const call = async (base, method, path, body, token) => {
    const answer = await fetch(`${base}/v1/${path}`, {
      method,
      headers: { 'X-Vault-Token': token },
      body: body && JSON.stringify(body),
    });
    return answer.status === 204 ? {} : answer.json();
  };
  await call(server.url, 'POST', 'sys/auth/approle', { type: 'approle' }, 'root');
  const policy = 'path "auth/token/create" { capabilities = ["create", "update"] }';
  await call(server.url, 'POST', 'sys/policies/acl/bench', { policy }, 'root');
  await call(server.url, 'POST', 'auth/approle/role/bench', { token_policies: ['bench'], token_ttl: '24h' }, 'root');
  const roleId = (await call(server.url, 'GET', 'auth/approle/role/bench/role-id', undefined, 'root')).data.role_id;
  const secretId = (await call(server.url, 'POST', 'auth/approle/role/bench/secret-id', {}, 'root')).data.secret_id;
  const front = await agent(server.url, { roleId, secretId });
  await until(() => fetch(`${front.url}/v1/auth/token/lookup-self`).then((r) => r.ok));
  const fill = async (count, mark, renewable) => {
    for (let at = 0; at < count; at += 50) {
      const work = Array.from({ length: 50 }, (_, i) =>
        fetch(`${front.url}/v1/auth/token/create`, {
          method: 'POST',
          body: JSON.stringify({ ttl: '12h', renewable, meta: { n: `${mark}-${at + i}` } }),
        }).then((r) => r.arrayBuffer()),
      );
      await Promise.all(work);
    }
  };
  // the heap reaches its working size with as many answers that are not stored, before the count begins
  await fill(ENTRIES, 'warm', false);
  await sleep(3000);
  const before = rssKb(front.pid);
  await fill(ENTRIES, 'kept', true);
  await sleep(3000);
  const grown = rssKb(front.pid) - before;
  await front.stop();
  await server.stop();
  return { entry_rss_kb: grown / ENTRIES };
}

// 100,000 leases of 2 KB: what they take in memory without a store, and how long a new process needs until all of them are back. CPU time of the
// restoring process is told beside, because it depends less on who else uses the machine.
async function manyEntries() {
  const { rss_bytes: grown, payload_bytes: payload } = await cacheLoad('memory', MANY_ENTRIES);
  await cacheLoad('fill', MANY_ENTRIES);
  const restores = [];
  for (let round = 0; round < 3; round++) restores.push(await cacheLoad('restore', MANY_ENTRIES));
  if (restores.some(({ restored }) => restored !== MANY_ENTRIES)) throw new Error('not everything was restored');
  return {
    many_rss_ratio: grown / payload,
    restore_s: median(restores.map(({ wall_ms: ms }) => ms)) / 1000,
    restore_cpu_s: median(restores.map(({ user_ms: ms }) => ms)) / 1000,
    digest_us: (await cacheLoad('digest', 200_000)).digest_us,
  };
}

// What loading each auth method costs; the worst of the medians counts.
async function imports() {
  const folder = join(here, '../bundle/plugins/auth-method');
  const worst = { import_ms: 0, import_mb: 0 };
  for (const name of readdirSync(folder)) {
    const costs = [];
    for (let round = 0; round < ROUNDS; round++) {
      const args = ['--expose-gc', join(here, 'import-cost.mjs'), join(folder, name, 'plugin.json')];
      costs.push(JSON.parse((await promisify(execFile)(process.execPath, args)).stdout));
    }
    worst.import_ms = Math.max(worst.import_ms, median(costs.map(({ ms }) => ms)));
    worst.import_mb = Math.max(worst.import_mb, median(costs.map(({ mb }) => mb)));
  }
  return worst;
}

async function until(condition) {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await condition().catch(() => false)) return;
    await sleep(50);
  }
  throw new Error('the agent did not get ready');
}

const round = (value) => (typeof value === 'number' ? Number(value.toFixed(value < 10 ? 3 : 1)) : value);

try {
  const figures = {
    ...(await ratios()),
    ...(await startUp()),
    ...(await imports()),
    ...(await memory()),
    ...(await manyEntries()),
    node: process.version,
    cores: cpus().length,
  };
  const rounded = Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, round(value)]));
  const budgets = JSON.parse(readFileSync(join(here, 'budgets.json'), 'utf8'));
  const missed = Object.entries(budgets).filter(([key, { min, max }]) => rounded[key] < min || rounded[key] > max);
  process.stdout.write(`${JSON.stringify(rounded, undefined, json ? 0 : 2)}\n`);
  if (save) writeFileSync(join(here, 'results/latest.json'), `${JSON.stringify(rounded, undefined, 2)}\n`);
  for (const [key, bound] of missed)
    process.stderr.write(`${key} = ${rounded[key]} misses its budget ${JSON.stringify(bound)}\n`);
  process.exitCode = missed.length > 0 || rounded.failed > 0 ? 1 : 0;
} finally {
  await cleanUp();
}
