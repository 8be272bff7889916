// What scenarios about the durable cache share: configurations with a `persist` block, and looks into the folder of a store from outside.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import FileStore from '../../plugins/cache-store/file/index.js';
import { LogSpy } from '../../core/sdk/testing/log-spy.js';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import type { Answer } from './client.js';
import { LISTENER, type Rig, type RunningAgent } from './rig.js';
import { until } from './until.js';

export const LOGIN = 'auth/approle/login';
export const SELF = 'auth/token/lookup-self';
export const LOOKUP = 'sys/leases/lookup';
export const CREDS = '/v1/database/creds/app';

/** How a `persist` block differs from the plain one: `persist "file"` with a key file outside the store's folder. */
export interface PersistChoice {
  readonly store?: string;
  readonly key?: string;
  readonly more?: string;
}

/** The block over the folder `store` of the rig. */
export function persist(rig: Rig, { store = 'file', key = keyFile(rig), more = '' }: PersistChoice = {}): string {
  return `persist "${store}" {\n  path = "${rig.path('store')}"\n  ${key}\n  ${more}\n}\n`;
}

/** `key_file` in a folder of its own. */
export const keyFile = (rig: Rig, name = 'keys/cache.key'): string =>
  `key_provider "key_file" {\n  path = "${rig.path(name)}"\n}`;

/** The whole configuration: one identity, its token for clients without one, the cache, a listener. */
export const durable = (method: string, block: string, more = ''): string =>
  `auto_auth {\n${method}}\napi_proxy {\n  use_auto_auth_token = true\n}\ncache {\n${block}}\n${LISTENER}${more}`;

/** Waits until the agent's token serves. */
export async function ready(rig: Rig, agent: RunningAgent): Promise<void> {
  const has = until('a token', async () => (await agent.ask(`/v1/${SELF}`)).status === 200);
  await (rig.clock instanceof VirtualClock ? rig.passUntil(has) : has);
}

/** What matters of an answer: HIT or MISS, and which lease. */
export const gist = ({ headers, json }: Answer): [unknown, unknown] => [headers['x-cache'], json?.lease_id];

/** Contents of all files of a store but its lock, by name. */
export function filesOf(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name !== 'lock' && statSync(join(folder, name)).isFile(),
  );
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name))]));
}

/** Sizes and hex of all files, for comparing. */
export const printOf = (folder: string): string[] =>
  Array.from(filesOf(folder), ([name, bytes]) => `${name} ${bytes.toString('hex')}`);

/** None of the texts is in any file of the store, in any usual spelling. */
export function expectSealed(folder: string, secrets: readonly string[]): void {
  const files = filesOf(folder);
  expect(files.size, 'files of the store').to.be.greaterThan(0);
  for (const [name, bytes] of files) {
    for (const secret of secrets) {
      expect(secret.length).to.be.greaterThan(7);
      const spellings = [
        Buffer.from(secret),
        ...(['base64', 'base64url', 'hex'] as const).map((form) => spelled(secret, form)),
      ];
      for (const spelling of spellings) expect(bytes.includes(spelling), `a secret in ${name}`).to.equal(false);
    }
  }
}

// Without the last characters: they depend on what follows.
const spelled = (secret: string, form: 'base64' | 'base64url' | 'hex'): Buffer =>
  Buffer.from(Buffer.from(secret).toString(form).replace(/=+$/, '').slice(0, -2));

/** Bytes of all files of a store. */
export const sizeOf = (folder: string): number =>
  [...filesOf(folder).values()].reduce((sum, { length }) => sum + length, 0);

/** Keys of the records in the rig's store, which nobody has open. */
export async function recordsOf(rig: Rig): Promise<string[]> {
  const store = new FileStore({ path: rig.path('store') }, new LogSpy(), rig.clock);
  await store.start(new AbortController().signal);
  try {
    const keys: string[] = [];
    for await (const [key] of store.entries('')) keys.push(key);
    return keys.sort();
  } finally {
    await store.stop();
  }
}

/** A line of the agent's log. */
export const said = ({ lines }: RunningAgent, pattern: RegExp): boolean => lines.some((line) => pattern.test(line));
