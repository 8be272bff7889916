// A listener plugin bound for one test, and the error it gives when it cannot.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentError, Bound, Listener, Serve } from '../../../core/sdk/index.js';
import { loadPlugin, makeFakes, type Fakes } from '../../../core/sdk/testing/index.js';

/** Answers each request with `served`. */
export const serve: Serve = { request: (_, response) => void response.end('served') };

/** Binds the plugin named by its folder. */
export async function bind(name: string, settings: object, fakes: Fakes = makeFakes(), answer = serve): Promise<Bound> {
  const url = new URL(`../../../plugins/listener/${name}/plugin.json`, import.meta.url).href;
  const { plugin } = await loadPlugin<Listener>(url, { settings, fakes });
  return plugin.bind(answer);
}

/** `CODE: message` of a bind that must fail. */
export async function bindFault(name: string, settings: object, fakes?: Fakes): Promise<string> {
  const bound = await bind(name, settings, fakes).catch((error: unknown) => error as AgentError);
  if ('code' in bound) return `${bound.code}: ${bound.message}`;
  await bound.close(0);
  throw new Error('the listener was bound');
}

/** Runs `body` with an empty folder that is removed afterwards. */
export async function inFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'claviger-listener-'));
  try {
    await body(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
