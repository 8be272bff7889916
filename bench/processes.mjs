// Starting and ending the processes of a measurement.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, '../bundle/core/main.js');
const folder = mkdtempSync(join(tmpdir(), 'claviger-bench-'));
const children = new Set();

/** Starts a program and waits until a line of its output matches; `ms` is the time from exec to that line. */
export function launch(args, pattern) {
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
    env: { PATH: process.env.PATH },
  });
  children.add(child);
  let text = '';
  return new Promise((resolve, reject) => {
    const look = (chunk) => {
      text += chunk;
      const match = pattern.exec(text);
      if (match === null) return;
      resolve({ match, ms: performance.now() - began, pid: child.pid, stop: () => stop(child) });
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.on('exit', (code) => {
      children.delete(child);
      reject(new Error(`${args.join(' ')} ended with ${code}:\n${text}`));
    });
  });
}

function stop(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.removeAllListeners('exit');
    child.once('exit', () => {
      children.delete(child);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

/** The yardstick, or the upstream of the hit measurement. */
export async function bare(mode) {
  const started = await launch([join(here, 'bare-server.mjs'), mode], /ready (\d+)/);
  return { ...started, url: `http://127.0.0.1:${started.match[1]}` };
}

/** The in-memory server. */
export async function devServer() {
  const started = await launch(
    [main, 'dev', '-dev-root-token-id=root', '-dev-listen-address=127.0.0.1:0'],
    /VAULT_ADDR='([^']+)'/,
  );
  return { ...started, url: started.match[1] };
}

/** An agent in front of `upstream`, that logs in with approle. `durable`: with a store on this machine, grouped writes. */
export async function agent(upstream, { roleId = 'role', secretId = 'secret', durable = false } = {}) {
  writeFileSync(join(folder, 'role-id'), roleId);
  writeFileSync(join(folder, 'secret-id'), secretId);
  const config = join(folder, durable ? 'durable.hcl' : 'agent.hcl');
  writeFileSync(
    config,
    `vault {
  address = "${upstream}"
}
auto_auth {
  method "approle" {
    config = {
      role_id_file_path = "${folder}/role-id"
      secret_id_file_path = "${folder}/secret-id"
      remove_secret_id_file_after_reading = false
    }
  }
  sink "file" {
    config = {
      path = "${folder}/token"
    }
  }
}
api_proxy {
  use_auto_auth_token = true
}
cache {
${durable ? `  persist "file" {\n    path = "${folder}/store"\n    key_provider "key_file" {\n      path = "${folder}/keys/cache.key"\n    }\n  }` : ''}
}
listener "tcp" {
  address = "127.0.0.1:0"
  tls_disable = true
}
`,
  );
  const started = await launch([main, 'agent', `-config=${config}`, '-log-level=warn'], /Api Address 1: (\S+)/);
  return { ...started, url: started.match[1] };
}

/** Runs a part of `cache-load.mjs` in a process of its own, on a folder of its own; what it prints. */
export async function cacheLoad(mode, count) {
  const { match } = await launch(
    [join(here, 'cache-load.mjs'), mode, join(folder, 'load'), String(count)],
    /^(\{.*\})$/m,
  );
  return JSON.parse(match[1]);
}

/** Resident memory of a process in KiB. */
export const rssKb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

/** Ends everything and removes the folder. */
export async function cleanUp() {
  await Promise.all([...children].map(stop));
  rmSync(folder, { recursive: true, force: true });
}
