// Plays client scenarios through an agent (any binary that reads vault-agent.hcl) in front of a real server, with a tap between the two,
// and prints a transcript: for each step what the client saw and which calls reached the server. Two transcripts compared = drop-in or not.
//   node play.mjs --agent "bao agent" --server http://127.0.0.1:8220 --token root [--out file.json] [--only name] [--listen port] [--tap port]
import http from 'node:http'; import net from 'node:net'; import fs from 'node:fs'; import os from 'node:os'; import path from 'node:path';
import { spawn } from 'node:child_process';
const args = Object.fromEntries(process.argv.slice(2).join('\0').split('\0').reduce((a, v, i, all) => (v.startsWith('--') ? [...a, [v.slice(2), all[i + 1]]] : a), []));
const SERVER = new URL(args.server ?? 'http://127.0.0.1:8220'); const ROOT = args.token ?? 'root';
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'play-')); const LISTEN = Number(args.listen ?? 18100 + Math.floor(Math.random() * 800)); const TAP = Number(args.tap ?? LISTEN + 1000);
const run = 'h' + Date.now().toString(36);

function raw(port, { method, target, headers = {}, body, timeout = 15000 }) {
  return new Promise((resolve) => {
    const payload = body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const s = net.connect(port, '127.0.0.1'); const chunks = [];
    const lines = [`${method} ${target} HTTP/1.1`, `Host: 127.0.0.1:${port}`, 'Connection: close', ...Object.entries(headers).map(([k, v]) => `${k}: ${v}`)];
    if (payload) lines.push(`Content-Length: ${payload.length}`);
    s.write(lines.join('\r\n') + '\r\n\r\n'); if (payload) s.write(payload);
    s.setTimeout(timeout, () => { s.destroy(); resolve({ status: 'time-out' }); });
    s.on('data', (c) => chunks.push(c)); s.on('error', (e) => resolve({ status: e.code }));
    s.on('close', () => {
      const all = Buffer.concat(chunks); const cut = all.indexOf('\r\n\r\n'); if (cut < 0) return resolve({ status: 'no answer' });
      const [first, ...hs] = all.subarray(0, cut).toString('latin1').split('\r\n');
      const h = Object.fromEntries(hs.map((x) => [x.slice(0, x.indexOf(':')).toLowerCase(), x.slice(x.indexOf(':') + 1).trim()]));
      let b = all.subarray(cut + 4);
      if (/chunked/i.test(h['transfer-encoding'] ?? '')) { const out = []; let at = 0; for (;;) { const e = b.indexOf('\r\n', at); const n = parseInt(b.subarray(at, e).toString(), 16); if (!n) break; out.push(b.subarray(e + 2, e + 2 + n)); at = e + 4 + n; } b = Buffer.concat(out); }
      resolve({ status: Number(first.split(' ')[1]), headers: h, text: b.toString('utf8') });
    });
  });
}
const api = async (method, p, body, token = ROOT, headers = {}) => { const r = await raw(Number(SERVER.port), { method, target: '/v1/' + p, headers: { 'X-Vault-Token': token, ...headers }, body }); try { return JSON.parse(r.text); } catch { return r; } };

// --- tap: a transparent byte proxy that notes each request head that passes
const calls = []; let tapDown = false; const tapSockets = new Set();
const tap = net.createServer((c) => {
  if (tapDown) return c.destroy();
  const u = net.connect(Number(SERVER.port), SERVER.hostname); tapSockets.add(c); let buf = '';
  c.on('data', (d) => { buf += d.toString('latin1'); let m; const re = /(?:^|\r\n\r\n|[}\]"a-z0-9]|^)((?:GET|PUT|POST|DELETE|LIST|SCAN|PATCH|HEAD) (\/\S*) HTTP\/1\.1\r\n((?:[^\r]+\r\n)*)\r\n)/; while ((m = re.exec(buf))) { const [method] = m[1].split(' '); const token = /^x-vault-token: (.*)$/im.exec(m[3])?.[1]?.trim(); calls.push({ method, target: m[2], token, at: Date.now() }); buf = buf.slice(m.index + m[0].length); } if (buf.length > 1e6) buf = ''; u.write(d); });
  u.on('data', (d) => c.write(d)); const end = () => { c.destroy(); u.destroy(); tapSockets.delete(c); }; c.on('close', end); u.on('close', end); c.on('error', end); u.on('error', end);
}).listen(TAP, '127.0.0.1');

// --- names for values that change from run to run
let names = new Map();
const mask = (text) => { let t = text ?? ''; for (const [v, n] of [...names].sort((a, b) => b[0].length - a[0].length)) t = t.split(v).join(`<${n}>`); return t.replaceAll(run, '<run>').replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>').replace(/\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)/g, '<time>').replace(/\b1[6-9]\d{8}\b/g, '<unix>').replace(/(db-<run>\/creds\/app\/)[A-Za-z0-9]{20,}/g, '$1<id>').replace(/"password":"[^"<]+"/g, '"password":"<password>"').replace(/"username":"v-[^"]+"/g, '"username":"<username>"').replace(/\b(hvs|hvb|s|b)\.[A-Za-z0-9_-]{20,}/g, '<token>').replace(/"((?:client_token_|wrapped_)?accessor)":"[A-Za-z0-9]{24}"/g, '"$1":"<accessor>"').replace(/"entity_id":"[^"]*"/g, '"entity_id":"<entity>"').replace(/"version":\d+/g, '"version":0').replace(/127\.0\.0\.1:\d{4,5}->/g, '127.0.0.1:<port>->').replace(/"(ttl|lease_duration|creation_ttl)":(3[56]\d\d|17\d\d|1800)\b/g, (m, k, n) => `"${k}":${n > 3000 ? 3600 : 1800}`).replaceAll(`127.0.0.1:${TAP}`, '<server>').replaceAll(`127.0.0.1:${LISTEN}`, '<agent>').replaceAll(dir, '<dir>'); };
const show = (text) => { try { const o = JSON.parse(mask(text)); return o; } catch { return mask(text); } };

const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
async function startAgent(config, env = {}) {
  const file = path.join(dir, `c${Math.random().toString(36).slice(2)}.hcl`); fs.writeFileSync(file, config);
  const [bin, ...pre] = args.agent.split(' '); const child = spawn(bin, [...pre, `-config=${file}`, '-log-level=debug'], { env: { PATH: process.env.PATH, HOME: dir, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = ''; child.stdout.on('data', (d) => (log += d)); child.stderr.on('data', (d) => (log += d)); let exit; child.on('exit', (c, s) => (exit = c ?? s));
  for (let i = 0; i < 200 && exit === undefined; i++) { if (await new Promise((r) => { const s = net.connect(LISTEN, '127.0.0.1', () => { s.destroy(); r(true); }); s.on('error', () => r(false)); })) break; await sleep(50); }
  return { child, get log() { return log; }, get exit() { return exit; }, stop: () => new Promise((r) => { if (exit !== undefined) return r(); child.once('exit', r); child.kill('SIGTERM'); setTimeout(() => child.kill('SIGKILL'), 4000).unref(); }) };
}
// --- the server's side
await api('POST', `sys/auth/ar-${run}`, { type: 'approle' });
await api('POST', `sys/policies/acl/p-${run}`, { policy: 'path "*" { capabilities = ["create","read","update","delete","list","sudo"] }' });
await api('POST', `auth/ar-${run}/role/web`, { token_policies: [`p-${run}`], token_ttl: args.ttl ?? '1h', token_max_ttl: '24h' });
await api('POST', `sys/mounts/db-${run}`, { type: 'database' });
await api('POST', `db-${run}/config/pg`, { plugin_name: 'postgresql-database-plugin', allowed_roles: ['*'], connection_url: 'postgresql://{{username}}:{{password}}@127.0.0.1:5432/postgres?sslmode=disable', username: 'vault', password: 'vault' });
await api('POST', `db-${run}/roles/app`, { db_name: 'pg', creation_statements: ['CREATE ROLE "{{name}}" WITH LOGIN PASSWORD \'{{password}}\' VALID UNTIL \'{{expiration}}\';'], default_ttl: '1h', max_ttl: '24h' });
await api('POST', `sys/mounts/kv1-${run}`, { type: 'kv' }); await api('POST', `kv1-${run}/a`, { user: 'u' }); await api('POST', 'secret/data/app', { data: { user: 'u' } });
const rid = (await api('GET', `auth/ar-${run}/role/web/role-id`)).data.role_id; fs.writeFileSync(path.join(dir, 'rid'), rid);
const newSecretId = async () => fs.writeFileSync(path.join(dir, 'sid'), (await api('POST', `auth/ar-${run}/role/web/secret-id`)).data.secret_id);
const newToken = async (name, body = { policies: [`p-${run}`], ttl: '1h' }) => { const a = (await api('POST', 'auth/token/create', body)).auth; names.set(a.client_token, name); names.set(a.accessor, `${name}-accessor`); return a.client_token; };

const method = `method "approle" {
    mount_path = "auth/ar-${run}"
    config = {
      role_id_file_path = "${dir}/rid"
      secret_id_file_path = "${dir}/sid"
      remove_secret_id_file_after_reading = false
    }
  }`;
const conf = ({ auto = true, api_proxy = '', cache = 'cache {}', listener = '', extra = '', sinks = `sink "file" {\n config = {\n path = "${dir}/token"\n }\n}` } = {}) => `vault {\n address = "http://127.0.0.1:${TAP}"\n retry {\n num_retries = 1\n }\n}
${auto ? `auto_auth {\n  ${method}\n  ${sinks}\n}` : ''}
${api_proxy ? `api_proxy {\n ${api_proxy}\n}` : ''}
${cache}
listener "tcp" {
  address = "127.0.0.1:${LISTEN}"
  tls_disable = true
  ${listener}
}
${extra}`;
const C = (t, method, target, o = {}) => ({ t, method, target, ...o });
const creds = `/v1/db-${run}/creds/app`;
const scenarios = {
  'proxy-with-auto-token': { config: conf({ api_proxy: 'use_auto_auth_token = true' }), steps: [
    C('creds without token', 'GET', creds, { save: { lease1: 'lease_id' } }), C('again', 'GET', creds), C('other header changes the key?', 'GET', creds, { headers: { 'User-Agent': 'other/1.0' } }), C('own token', 'GET', creds, { token: 'own', save: { lease2: 'lease_id' } }), C('own token again', 'GET', creds, { token: 'own' }),
    C('kv is not cached', 'GET', '/v1/secret/data/app'), C('kv again', 'GET', '/v1/secret/data/app'), C('lookup-self of the agent token', 'GET', '/v1/auth/token/lookup-self'), C('lookup-self with own token', 'GET', '/v1/auth/token/lookup-self', { token: 'own' }), C('renew-self of the agent token', 'POST', '/v1/auth/token/renew-self', { body: {} }), C('renew-self again', 'POST', '/v1/auth/token/renew-self', { body: {} }),
    C('bad token', 'GET', '/v1/secret/data/app', { headers: { 'X-Vault-Token': 'hvs.bad' } }), C('bearer', 'GET', '/v1/auth/token/lookup-self', { bearer: 'own' }), C('missing secret', 'GET', '/v1/secret/data/none'),
  ] },
  'lease-cache': { config: conf(), steps: [
    C('unmanaged token is not cached', 'GET', creds, { token: 'own' }), C('again', 'GET', creds, { token: 'own' }), C('unmanaged parent, child token', 'POST', '/v1/auth/token/create', { token: 'own', body: { policies: [`p-${run}`], ttl: '30m' } }), C('unmanaged parent, child token again', 'POST', '/v1/auth/token/create', { token: 'own', body: { policies: [`p-${run}`], ttl: '30m' } }), C('unmanaged parent, orphan', 'POST', '/v1/auth/token/create', { token: 'own', body: { no_parent: true, policies: [`p-${run}`], ttl: '30m' } }), C('unmanaged parent, orphan again', 'POST', '/v1/auth/token/create', { token: 'own', body: { no_parent: true, policies: [`p-${run}`], ttl: '30m' } }),
    C('log in through the agent', 'POST', `/v1/auth/ar-${run}/login`, { body: { role_id: rid, secret_id: '{sid}' }, save: { own: 'auth.client_token' } }),
    C('create a token through the agent', 'POST', '/v1/auth/token/create', { token: 'own', body: { policies: [`p-${run}`], ttl: '30m' }, save: { made: 'auth.client_token', 'made-accessor': 'auth.accessor' } }), C('create the same again', 'POST', '/v1/auth/token/create', { token: 'own', body: { policies: [`p-${run}`], ttl: '30m' } }), C('same body in another order', 'POST', '/v1/auth/token/create', { token: 'own', body: { ttl: '30m', policies: [`p-${run}`] }, save: { made2: 'auth.client_token' } }),
    C('creds with the made token', 'GET', creds, { token: 'made', save: { leaseA: 'lease_id' } }), C('creds again', 'GET', creds, { token: 'made' }), C('renew the lease', 'PUT', '/v1/sys/leases/renew', { token: 'made', body: { lease_id: '{leaseA}' } }), C('renew the lease again', 'PUT', '/v1/sys/leases/renew', { token: 'made', body: { lease_id: '{leaseA}' } }), C('look the lease up', 'PUT', '/v1/sys/leases/lookup', { token: 'made', body: { lease_id: '{leaseA}' } }),
    C('revoke the lease', 'PUT', '/v1/sys/leases/revoke', { token: 'made', body: { lease_id: '{leaseA}' } }), C('creds after revocation', 'GET', creds, { token: 'made', save: { leaseB: 'lease_id' } }), C('revoke by url', 'PUT', '/v1/sys/leases/revoke/{leaseB}', { token: 'made' }), C('creds after revocation by url', 'GET', creds, { token: 'made', save: { leaseC: 'lease_id' } }), C('revoke prefix', 'PUT', `/v1/sys/leases/revoke-prefix/db-${run}/creds`, { token: 'made' }), C('creds after revoke-prefix', 'GET', creds, { token: 'made' }),
    C('revoke the made token', 'POST', '/v1/auth/token/revoke', { token: 'own', body: { token: '{made}' } }), C('creds with a revoked token', 'GET', creds, { token: 'made' }), C('create after revocation', 'POST', '/v1/auth/token/create', { token: 'own', body: { policies: [`p-${run}`], ttl: '30m' }, save: { made3: 'auth.client_token' } }), C('self revocation', 'POST', '/v1/auth/token/revoke-self', { token: 'made3' }), C('create after self revocation', 'POST', '/v1/auth/token/create', { token: 'own', body: { policies: [`p-${run}`], ttl: '30m' } }),
    C('wrapped create', 'POST', '/v1/auth/token/create', { token: 'own', headers: { 'X-Vault-Wrap-TTL': '5m' }, body: { policies: [`p-${run}`], ttl: '30m' }, save: { wrapping: 'wrap_info.token' } }), C('wrapped create again', 'POST', '/v1/auth/token/create', { token: 'own', headers: { 'X-Vault-Wrap-TTL': '5m' }, body: { policies: [`p-${run}`], ttl: '30m' } }), C('unwrap', 'POST', '/v1/sys/wrapping/unwrap', { token: 'wrapping' }), C('unwrap twice', 'POST', '/v1/sys/wrapping/unwrap', { token: 'wrapping' }),
    C('batch token', 'POST', '/v1/auth/token/create', { token: 'own', body: { type: 'batch', policies: [`p-${run}`], ttl: '30m' } }), C('batch token again', 'POST', '/v1/auth/token/create', { token: 'own', body: { type: 'batch', policies: [`p-${run}`], ttl: '30m' } }),
    C('not renewable', 'POST', '/v1/auth/token/create', { token: 'own', body: { renewable: false, policies: [`p-${run}`], ttl: '30m' } }), C('not renewable again', 'POST', '/v1/auth/token/create', { token: 'own', body: { renewable: false, policies: [`p-${run}`], ttl: '30m' } }),
  ] },
  'cache-clear': { config: conf({ api_proxy: 'use_auto_auth_token = true' }), steps: [
    C('fill', 'GET', creds, { save: { lease9: 'lease_id' } }), C('hit', 'GET', creds), C('clear by path', 'POST', '/agent/v1/cache-clear', { body: { type: 'request_path', value: creds } }), C('after path', 'GET', creds, { save: { lease8: 'lease_id' } }), C('clear by lease', 'POST', '/agent/v1/cache-clear', { body: { type: 'lease', value: '{lease8}' } }), C('after lease', 'GET', creds), C('clear all', 'PUT', '/agent/v1/cache-clear', { body: { type: 'all' } }), C('after all', 'GET', creds), C('after all, second', 'GET', creds),
    C('no type', 'POST', '/agent/v1/cache-clear', { body: {} }), C('unknown type', 'POST', '/agent/v1/cache-clear', { body: { type: 'moon' } }), C('no value', 'POST', '/agent/v1/cache-clear', { body: { type: 'lease' } }), C('unknown lease', 'POST', '/agent/v1/cache-clear', { body: { type: 'lease', value: 'nope' } }), C('not JSON', 'POST', '/agent/v1/cache-clear', { body: 'hello' }), C('by GET', 'GET', '/agent/v1/cache-clear'), C('proxy path', 'POST', '/proxy/v1/cache-clear', { body: { type: 'all' } }),
  ] },
  'local-endpoints': { config: conf({ api_proxy: 'use_auto_auth_token = true', extra: 'telemetry {\n  disable_hostname = true\n}' }), steps: [
    C('metrics', 'GET', '/agent/v1/metrics', { brief: true }), C('metrics in prometheus form', 'GET', '/agent/v1/metrics?format=prometheus', { brief: true }), C('quit is off', 'POST', '/agent/v1/quit'), C('root', 'GET', '/'), C('v1 bare', 'GET', '/v1'), C('v1 slash', 'GET', '/v1/'), C('double slash', 'GET', '//v1/secret/data/app'), C('inner double slash', 'GET', '/v1//secret/data/app'), C('encoded slash', 'GET', '/v1/secret/data/a%2Fb'), C('trailing slash', 'GET', '/v1/secret/metadata/?list=true'), C('LIST', 'LIST', '/v1/secret/metadata'), C('HEAD', 'HEAD', '/v1/sys/health'), C('OPTIONS', 'OPTIONS', '/v1/secret/data/app'), C('health', 'GET', '/v1/sys/health'), C('ui', 'GET', '/ui/'), C('agent unknown', 'GET', '/agent/v1/unknown'), C('query kept', 'GET', '/v1/secret/data/app?version=1&x=%20y'), C('big write', 'POST', '/v1/secret/data/big', { body: JSON.stringify({ data: { a: 'x'.repeat(200000) } }) }), C('too big', 'POST', '/v1/secret/data/big', { body: JSON.stringify({ data: { a: 'x'.repeat(2000000) } }) }),
  ] },
  'request-header': { config: conf({ api_proxy: 'use_auto_auth_token = true', listener: 'require_request_header = true' }), steps: [C('without', 'GET', '/v1/secret/data/app'), C('with', 'GET', '/v1/secret/data/app', { headers: { 'X-Vault-Request': 'true' } }), C('with another value', 'GET', '/v1/secret/data/app', { headers: { 'X-Vault-Request': 'yes' } }), C('cache-clear without', 'POST', '/agent/v1/cache-clear', { body: { type: 'all' } }), C('metrics without', 'GET', '/agent/v1/metrics', { brief: true })] },
  force: { config: conf({ api_proxy: 'use_auto_auth_token = "force"' }), steps: [C('no token', 'GET', '/v1/auth/token/lookup-self'), C('own token is replaced', 'GET', '/v1/auth/token/lookup-self', { token: 'own' }), C('bad token is replaced', 'GET', '/v1/secret/data/app', { headers: { 'X-Vault-Token': 'hvs.bad' } })] },
  'no-cache': { config: conf({ cache: '', api_proxy: 'use_auto_auth_token = true' }), steps: [C('creds', 'GET', creds), C('creds again', 'GET', creds), C('clear', 'POST', '/agent/v1/cache-clear', { body: { type: 'all' } })] },
  'no-auto-auth': { config: conf({ auto: false }), steps: [C('no token', 'GET', '/v1/secret/data/app'), C('own token', 'GET', '/v1/secret/data/app', { token: 'own' }), C('approle login', 'POST', `/v1/auth/ar-${run}/login`, { body: { role_id: rid, secret_id: '{sid}' }, save: { logged: 'auth.client_token' } }), C('same login again', 'POST', `/v1/auth/ar-${run}/login`, { body: { role_id: rid, secret_id: '{sid}' } }), C('creds with the logged-in token', 'GET', creds, { token: 'logged' }), C('creds again', 'GET', creds, { token: 'logged' }), C('renew the logged-in token', 'POST', '/v1/auth/token/renew-self', { token: 'logged', body: {} })] },
  parallel: { config: conf({ api_proxy: 'use_auto_auth_token = true' }), steps: [C('30 at once', 'GET', creds, { times: 30 }), C('30 kv at once', 'GET', '/v1/secret/data/app', { times: 30 })] },
  'server-down': { config: conf({ api_proxy: 'use_auto_auth_token = true' }), steps: [C('fill', 'GET', creds), C('hit while down', 'GET', creds, { down: true }), C('miss while down', 'GET', '/v1/secret/data/app', { timeout: 20000 }), C('back', 'GET', '/v1/secret/data/app', { up: true })] },
};
const out = {};
for (const [name, sc] of Object.entries(scenarios)) {
  if (args.only && args.only !== name) continue;
  await newSecretId(); names = new Map(); names.set(ROOT.length > 6 ? ROOT : '\0', 'root'); const vars = { sid: fs.readFileSync(path.join(dir, 'sid'), 'utf8') }; const own = await newToken('own'); vars.own = own; names.set(vars.sid, 'sid'); names.set(rid, 'rid');
  fs.rmSync(path.join(dir, 'token'), { force: true }); calls.length = 0; tapDown = false;
  const agent = await startAgent(sc.config); if (sc.config.includes('auto_auth')) for (let i = 0; i < 60 && !fs.existsSync(path.join(dir, 'token')); i++) await sleep(50);
  await sleep(250); if (fs.existsSync(path.join(dir, 'token'))) names.set(fs.readFileSync(path.join(dir, 'token'), 'utf8').trim(), 'auto');
  const record = []; const startCalls = calls.map((c) => `${c.method} ${mask(c.target)}`);
  for (const step of sc.steps) {
    calls.length = 0; const fill = (v) => typeof v === 'string' ? v.replace(/\{(\w+)\}/g, (m, n) => vars[n] ?? m) : v && typeof v === 'object' ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, Array.isArray(x) ? x : fill(x)])) : v;
    if (step.down) { tapDown = true; for (const s of tapSockets) s.destroy(); } if (step.up) tapDown = false;
    const headers = { ...(step.token ? { 'X-Vault-Token': vars[step.token] } : {}), ...(step.bearer ? { Authorization: `Bearer ${vars[step.bearer]}` } : {}), ...(step.headers ?? {}) };
    const one = () => raw(LISTEN, { method: step.method, target: fill(step.target), headers, body: fill(step.body), timeout: step.timeout });
    const replies = await Promise.all(Array.from({ length: step.times ?? 1 }, one)); const r = replies[0]; await sleep(60);
    let body; try { body = JSON.parse(r.text); } catch { /* not JSON */ }
    for (const [n, p] of Object.entries(step.save ?? {})) { const v = p.split('.').reduce((o, k) => o?.[k], body); if (v) { vars[n] = v; names.set(v, n); if (n.startsWith('lease')) names.set(v.split('/').pop(), `${n}-id`); } }
    record.push({ step: step.t, status: replies.length > 1 ? replies.map((x) => x.status).sort().join(' ') : r.status, cache: replies.length > 1 ? replies.map((x) => x.headers?.['x-cache'] ?? '-').sort().join(' ') : r.headers?.['x-cache'], age: r.headers?.age !== undefined ? 'yes' : undefined, type: r.headers?.['content-type'], body: step.brief ? undefined : (mask(r.text ?? '').length > 1500 ? mask(r.text).slice(0, 200) : show(r.text)), upstream: calls.map((c) => `${c.method} ${mask(c.target)} ${c.token ? (names.get(c.token) ?? 'other') : 'none'}`) });
  }
  await agent.stop(); out[name] = { start: startCalls, exit: agent.exit, steps: record };
}
tap.close(); for (const s of tapSockets) s.destroy();
await api('PUT', `sys/leases/revoke-force/db-${run}`); for (const m of ['sys/auth/ar-', 'sys/mounts/db-', 'sys/mounts/kv1-']) await api('DELETE', m + run); fs.rmSync(dir, { recursive: true });
const text = JSON.stringify(out, null, 1); if (args.out) fs.writeFileSync(args.out, text + '\n'); else console.log(text); process.exit(0);
