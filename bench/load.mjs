// The load: C keep-alive connections, one request in flight on each, for a number of milliseconds. Prints one JSON line.
// Uses wrk when it is installed, else raw sockets in this process.
import { spawnSync } from 'node:child_process';
import net from 'node:net';

const [url, connectionsText, msText] = process.argv.slice(2);
const connections = Number(connectionsText);
const durationMs = Number(msText);
const HEADERS = [
  ['X-Vault-Token', 'hvs.bench-client-token-0000000000'],
  ['X-Vault-Request', 'true'],
  ['X-Vault-Namespace', 'team-a/'],
  ['User-Agent', 'Go-http-client/1.1'],
  ['Accept-Encoding', 'gzip'],
];

function withWrk() {
  if (spawnSync('wrk', ['-v']).error) return undefined;
  const flags = HEADERS.flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const seconds = Math.max(1, Math.round(durationMs / 1000));
  const text = spawnSync('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, ...flags, url]).stdout.toString();
  const failed = Number(/Non-2xx.*: (\d+)/.exec(text)?.[1] ?? 0);
  return { rps: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]), failed, generator: 'wrk' };
}

async function withSockets() {
  const target = new URL(url);
  const head = `GET ${target.pathname} HTTP/1.1\r\nHost: ${target.host}\r\n${HEADERS.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`;
  let done = 0;
  let failed = 0;
  let stop = false;
  const one = () =>
    new Promise((resolve, reject) => {
      const socket = net.connect({ host: target.hostname, port: Number(target.port), noDelay: true }, () =>
        socket.write(head, 'latin1'),
      );
      let rest = '';
      socket.setEncoding('latin1');
      socket.on('error', reject);
      socket.on('close', resolve);
      socket.on('data', (chunk) => {
        rest = rest === '' ? chunk : rest + chunk;
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) return;
        const length = /\r\ncontent-length: *(\d+)/i.exec(rest);
        const complete = length ? rest.length >= end + 4 + Number(length[1]) : rest.endsWith('0\r\n\r\n');
        if (!complete) return;
        if (rest.startsWith('HTTP/1.1 200')) done++;
        else failed++;
        rest = '';
        if (stop) socket.destroy();
        else socket.write(head, 'latin1');
      });
    });
  const began = performance.now();
  setTimeout(() => (stop = true), durationMs);
  await Promise.all(Array.from({ length: connections }, one));
  return { rps: (done / (performance.now() - began)) * 1000, failed, generator: 'sockets' };
}

process.stdout.write(`${JSON.stringify(withWrk() ?? (await withSockets()))}\n`);
