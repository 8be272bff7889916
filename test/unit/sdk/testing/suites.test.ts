// The suites find what is wrong: a faulty plugin of each kind fails exactly the checks about its faults.
import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  cacheStoreSuite,
  requestHasherSuite,
  sinkSuite,
  type SuiteOptions,
} from '../../../../core/sdk/testing/index.js';

const SDK = new URL('../../../../core/sdk/index.js', import.meta.url).href;

type Suite = (options: SuiteOptions) => void;

/** Runs a suite over a plugin whose entry and harness are the given texts; gives the names of failed checks. */
async function failures(
  suite: Suite,
  kind: string,
  files: Readonly<Record<string, string>>,
  manifest: object = {},
): Promise<string[]> {
  const dir = await mkdtemp(join(tmpdir(), 'claviger-suites-'));
  const papers = {
    sdk: 1,
    kind,
    name: 'faulty',
    entry: './index.mjs',
    schema: './schema.json',
    summary: 's',
    version: '1.0.0',
    stability: 'experimental',
    ...manifest,
  };
  const label = {
    'cache-store': 'cache { persist "faulty" {} }',
    'request-hasher': 'cache { request_hasher "faulty" {} }',
  }[kind];
  const all = {
    'plugin.json': JSON.stringify(papers),
    'schema.json': JSON.stringify({ type: 'object', additionalProperties: false, properties: {} }),
    'sample.hcl': label ?? 'auto_auth {\n sink "faulty" {\n config = {}\n }\n}\n',
    ...files,
  };
  try {
    for (const [name, text] of Object.entries(all)) await writeFile(join(dir, name), text.replaceAll('SDK', SDK));
    const tests: (readonly [string, () => Promise<void>])[] = [];
    suite({ test: (name, body) => tests.push([name, body]), plugin: join(dir, 'plugin.json') });
    const failed: string[] = [];
    for (const [name, body] of tests) await body().catch(() => failed.push(name));
    return failed;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const HASHER = `import { definePlugin } from 'SDK';
class H { digest(i) { return BODY } }
export default definePlugin(H, []);`;

describe('conformance suites', () => {
  it('a hasher that ignores the body fails the checks about bodies', async () => {
    const entry = HASHER.replace(
      'BODY',
      "Buffer.from(JSON.stringify([i.method, i.path, i.query, i.headers])).toString('hex').slice(-128)",
    );
    const failed = await failures(requestHasherSuite, 'request-hasher', { 'index.mjs': entry });
    expect(failed).to.include('a body value makes a difference').and.not.include('a header value makes a difference');
  });

  it('a hasher that ignores more than its manifest says is found', async () => {
    const entry = HASHER.replace('BODY', "'same'");
    const failed = await failures(requestHasherSuite, 'request-hasher', { 'index.mjs': entry });
    expect(failed).to.include('ignores_put_post is as the manifest says').and.include('path makes a difference');
  });

  it('a store that hands out its own bytes, matches prefixes loosely and keeps expired entries is found', async () => {
    const entry = `import { definePlugin } from 'SDK';
class S { m = new Map(); async get(k) { return this.m.get(k) } async put(k, v) { this.m.set(k, v) } async delete(k) { this.m.delete(k) }
async *entries(p) { for (const e of this.m) if (e[0].toLowerCase().startsWith(p)) yield e } async batch() {} async clear() { this.m.clear() } }
export default definePlugin(S, []);`;
    const failed = await failures(cacheStoreSuite, 'cache-store', { 'index.mjs': entry }, { supports: { ttl: true } });
    expect(failed).to.deep.equal([
      'entries gives all of a prefix and nothing else',
      'a batch is applied, deletes included',
      'a batch asked to be durable is there when it resolves, an empty one too',
      'bytes given and taken are copies',
      'supports.ttl: an entry is gone after its time',
    ]);
  });

  it('a sink that logs its token, works in its constructor and writes in place is found', async () => {
    const entry = `import { definePlugin, Log, Settings, Time } from 'SDK';
import { open, readFile, rm } from 'node:fs/promises';
class S { constructor(s, log, time) { this.s = s; this.log = log; time.after(1000, () => {}); }
async write(d) { this.log.info({ token: d.payload.reveal() }, 'written'); const f = await open(this.s.path, 'w'); const t = d.payload.reveal();
for (let n = 0; n < t.length; n += 9000) await f.write(t.slice(n, n + 9000)); await f.close(); } }
export default definePlugin(S, [Settings, Log, Time]);`;
    const harness = `import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
export default { settings: ({ dir }) => ({ path: dir + '/t' }), read: ({ dir }) => readFile(dir + '/t', 'utf8').catch(() => undefined),
unwritable: ({ dir }) => ({ path: dir + '/no/t' }) };`;
    const schema = JSON.stringify({
      type: 'object',
      additionalProperties: false,
      properties: { path: { type: 'string', description: 'p' } },
    });
    const failed = await failures(
      sinkSuite,
      'sink',
      { 'index.mjs': entry, 'harness.mjs': harness, 'schema.json': schema },
      { harness: './harness.mjs' },
    );
    expect(failed).to.include.members([
      'is constructed without touching files, the server or the clock',
      'what is read back is exactly the payload',
      'a reader sees the old payload or the new one, never a part',
      'a target that cannot be written is reported at start',
    ]);
  });

  it('a manifest of another kind, an open schema and a wrong sample are found', async () => {
    const files = {
      'index.mjs': HASHER.replace('BODY', "'x'"),
      'schema.json': JSON.stringify({ type: 'object', properties: { a: {} } }),
      'sample.hcl': 'cache { request_hasher "other" {} }',
    };
    const failed = await failures(requestHasherSuite, 'request-hasher', files, { kind: 'sink' });
    expect(failed.slice(0, 3)).to.deep.equal([
      'has a complete manifest of its kind',
      'has a closed schema that describes each setting',
      'has a sample.hcl that fits the schema',
    ]);
  });
});
