// Conformance of a request hasher (architecture 2.13). What it may ignore is said by `supports` of its manifest, and by nothing else.
import assert from 'node:assert/strict';
import type { HashInput, RequestHasher } from '../kinds/request-hasher.js';
import type { RequestHasherHarness } from './harness.js';
import { inScene, type Scene, type SuiteOptions } from './suite.js';
import { commonTraits } from './traits.js';

type Change = Partial<{ method: string; path: string; query: string; headers: readonly string[]; body: string }>;

const BASE = {
  method: 'POST',
  path: '/v1/aws/creds/a',
  query: 'b=2&a=1',
  headers: ['Content-Type', 'application/json', 'X-Vault-Namespace', 'n'],
  body: '{"a":1,"b":{"c":[1,2],"d":"x"}}',
};

/** Differences that matter whatever a hasher ignores. */
const MATTERS: readonly (readonly [string, Change])[] = [
  ['method', { method: 'DELETE' }],
  ['path', { path: '/v1/aws/creds/b' }],
  ['a trailing slash', { path: '/v1/aws/creds/a/' }],
  ['a query value', { query: 'b=2&a=2' }],
  ['a query key', { query: 'b=2&c=1' }],
  ['a missing query', { query: '' }],
  ['the order of values of one query key', { query: 'b=2&a=1&b=3' }],
  ['a body value', { body: '{"a":2,"b":{"c":[1,2],"d":"x"}}' }],
  ['the order of a JSON list', { body: '{"a":1,"b":{"c":[2,1],"d":"x"}}' }],
  ['a number written as text', { body: '{"a":"1","b":{"c":[1,2],"d":"x"}}' }],
  ['a missing body', { body: '' }],
  ['a header value', { headers: ['Content-Type', 'application/json', 'X-Vault-Namespace', 'm'] }],
];

/** Differences that a hasher ignores exactly when its manifest says so. */
const IGNORABLE: readonly (readonly [string, Change])[] = [
  ['ignores_header_order', { headers: ['X-Vault-Namespace', 'n', 'Content-Type', 'application/json'] }],
  ['ignores_header_case', { headers: ['content-type', 'application/json', 'x-vault-namespace', 'n'] }],
  ['ignores_query_order', { query: 'a=1&b=2' }],
  ['ignores_json_key_order', { body: '{"b":{"d":"x","c":[1,2]},"a":1}' }],
  ['ignores_put_post', { method: 'PUT' }],
];

/** Runs the conformance checks of a request hasher. */
export function requestHasherSuite(options: SuiteOptions): void {
  const { test } = options;
  const scene = (
    body: (hasher: RequestHasher, scene: Scene<RequestHasher, RequestHasherHarness>) => void,
  ): Promise<void> =>
    inScene<RequestHasher, RequestHasherHarness>(options, async (given) => body(await given.make(), given));
  commonTraits(options, 'request-hasher', ['digest']);

  test('gives the same digest for the same request, from any instance', () =>
    scene((hasher) => {
      assert.equal(hasher.digest(input({})), hasher.digest(input({})));
    }));

  for (const [what, change] of MATTERS) {
    test(`${what} makes a difference`, () =>
      scene((hasher) => assert.notEqual(hasher.digest(input(change)), hasher.digest(input({})))));
  }

  for (const [ability, change] of IGNORABLE) {
    test(`${ability} is as the manifest says`, () =>
      scene((hasher, { manifest }) => {
        const equal = hasher.digest(input(change)) === hasher.digest(input({}));
        assert.equal(equal, manifest.supports?.[ability] === true);
      }));
  }

  test('answers a thousand random requests with at most 128 ASCII characters and never throws', () =>
    scene((hasher) => {
      const random = generator(20260101);
      for (let n = 0; n < 1000; n++) assert.match(hasher.digest(randomInput(random)), /^[\x21-\x7e]{1,128}$/);
    }));

  test('does not change its input', () =>
    scene((hasher) => {
      const given = input({});
      const before = JSON.stringify([given, [...given.body]]);
      hasher.digest(given);
      assert.equal(JSON.stringify([given, [...given.body]]), before);
    }));

  test('digests a body of 1 MiB and JSON nested a thousand levels deep', () =>
    scene((hasher) => {
      hasher.digest(input({ body: `"${'x'.repeat(1024 * 1024)}"` }));
      hasher.digest(input({ body: `${'['.repeat(1000)}${']'.repeat(1000)}` }));
      hasher.digest(input({ body: '{"a":'.repeat(100_000) }));
    }));
}

function input(change: Change): HashInput {
  const { body, ...rest } = { ...BASE, ...change };
  return { ...rest, body: Buffer.from(body) };
}

function randomInput(random: (below: number) => number): HashInput {
  const text = (most: number): string =>
    String.fromCharCode(...Array.from({ length: random(most) }, () => random(0x2ff)));
  const headers = Array.from({ length: random(6) }, () => [text(10), text(20)]).flat();
  const body = Uint8Array.from({ length: random(200) }, () => random(256));
  const json = Buffer.from(JSON.stringify({ [text(5)]: [text(5), random(9), null, { [text(3)]: true }] }));
  return { method: text(8), path: text(30), query: text(30), headers, body: random(2) === 0 ? body : json };
}

/** A small generator with a fixed start, so that a failure can be repeated. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
