#!/usr/bin/env node
// The process edge: arguments, streams, signals and the exit code. Everything else is in cli/.
import { dispatch } from './cli/dispatch.js';
import type { Terminal } from './cli/terminal.js';
import { environment } from './config/source.js';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'] as const;

async function standardInput(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  outIsTerminal: process.stdout.isTTY,
  errIsTerminal: process.stderr.isTTY,
  env: environment(),
  cwd: process.cwd(),
  pid: process.pid,
  input: standardInput,
  onSignal: (listener) => {
    for (const signal of SIGNALS) process.on(signal, listener);
    return () => {
      for (const signal of SIGNALS) process.off(signal, listener);
    };
  },
  cut: (code) => process.exit(code),
};

// a reader that went away (`claviger ... | head`) is no defect
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

process.exitCode = await dispatch(process.argv.slice(2), terminal);
