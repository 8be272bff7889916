// Drop-in: what clients of the reference agents sent is sent through ours, and what they saw is compared with the recordings of OpenBao 2.6.2
// and Vault 1.21. Whatever differs must be listed in drop-in-differences.json under the number of its row in docs/migrate/differences.md, and
// whatever is listed must differ: the list can neither rot nor hide anything.
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { differences, type PlayedStep, type Transcript } from './drop-in-compare.js';
import { play } from './drop-in-play.js';

/** Step -> difference -> number. */
type Listed = Readonly<Record<string, Readonly<Record<string, string>>>>;

const PRODUCTS = ['agent', 'proxy'] as const;
const REFERENCES = ['openbao-2.6.2', 'vault-1.21.0-beta1'] as const;
type Product = (typeof PRODUCTS)[number];

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const listed = JSON.parse(read('./drop-in-differences.json')) as Readonly<Record<'both' | Product, Listed | undefined>>;
const listedNumbers = [
  ...new Set(
    Object.values(listed).flatMap((steps) => Object.values(steps ?? {}).flatMap((step) => Object.values(step))),
  ),
].sort((a, b) => Number(a.slice(2)) - Number(b.slice(2)));
const page = read('../../../docs/migrate/differences.md');
const testsFolder = new URL('../../../test/', import.meta.url);

/** `D-1 scenario/step | difference`, for one product. */
function expectedOf(product: Product): string[] {
  const steps = [...Object.entries(listed.both ?? {}), ...Object.entries(listed[product] ?? {})];
  return steps.flatMap(([step, found]) => Object.entries(found).map(([what, number]) => `${number} ${step} | ${what}`));
}

const recordingOf = (reference: string, product: Product): Transcript =>
  JSON.parse(read(`../golden/vectors/agent/${reference}-${product}.json`)) as Transcript;

/** Steps of `lease-cache` that revoke, and the step after each that asks for what was revoked. */
const REVOKED = {
  'revoke the lease': 'creds after revocation',
  'revoke by url': 'creds after revocation by url',
  'revoke prefix': 'creds after revoke-prefix',
  'revoke the made token': 'create after revocation',
  'self revocation': 'create after self revocation',
};

/** `step: MISS, asked the server` for each answer after a revocation that the server confirmed. */
function afterRevocations(transcript: Transcript): string[] {
  const steps = transcript['lease-cache']!.steps;
  const step = (name: string): PlayedStep => steps.find((one) => one.step === name)!;
  return Object.entries(REVOKED).map(([revocation, after]) => {
    expect(step(revocation).status, revocation).to.equal(204);
    const { status, cache, upstream } = step(after);
    expect(status, after).to.equal(200);
    const asked = upstream.some((call) => /\/creds\/app|auth\/token\/create/.test(call));
    return `${after}: ${String(cache)}, ${asked ? 'asked the server' : 'asked nobody'}`;
  });
}

const bare = (entry: string): string => entry.replace(/^D-\d+ /, '');

describe('scenario: a drop-in for the reference agents', function () {
  this.timeout(120_000);
  const found = new Map<string, readonly string[]>();
  let played: Readonly<Record<Product, Transcript>>;

  before(async () => {
    const [agent, proxy] = await Promise.all(PRODUCTS.map((product) => play(product)));
    played = { agent: agent as Transcript, proxy: proxy as Transcript };
    for (const product of PRODUCTS) {
      for (const reference of REFERENCES) {
        const all = [...differences(recordingOf(reference, product), played[product])];
        found.set(
          `${product} ${reference}`,
          all.flatMap(([step, list]) => list.map((what) => `${step} | ${what}`)),
        );
      }
    }
  });

  it('plays ten scenarios of over a hundred steps', () => {
    for (const product of PRODUCTS) {
      const scenarios = Object.values(played[product]);
      expect(scenarios).to.have.length(10);
      expect(scenarios.flatMap(({ steps }) => steps)).to.have.length.above(100);
    }
  });

  it('lease-cache: ours never serves a revoked credential as HIT, where both reference agents do (D-10, D-11, D-12)', () => {
    for (const product of PRODUCTS) {
      const ours = afterRevocations(played[product]);
      expect(ours, product).to.deep.equal(Object.values(REVOKED).map((step) => `${step}: MISS, asked the server`));
      for (const reference of REFERENCES) {
        const theirs = afterRevocations(recordingOf(reference, product));
        expect(theirs.slice(0, 3), `${product}, ${reference}`).to.deep.equal([
          'creds after revocation: HIT, asked nobody',
          'creds after revocation by url: HIT, asked nobody',
          'creds after revoke-prefix: HIT, asked nobody',
        ]);
        expect(theirs.slice(3), `${product}, ${reference}`).to.deep.equal(ours.slice(3));
      }
    }
  });

  it('lease-cache: a revoked token brings its client a 403 from ours and from both reference agents', () => {
    for (const product of PRODUCTS) {
      const recorded = REFERENCES.map((reference) => recordingOf(reference, product));
      for (const transcript of [played[product], ...recorded]) {
        const refused = transcript['lease-cache']!.steps.find(({ step }) => step === 'creds with a revoked token');
        expect(refused?.status).to.equal(403);
      }
    }
  });

  for (const product of PRODUCTS) {
    for (const reference of REFERENCES) {
      it(`${product}: whatever differs from ${reference} is listed`, () => {
        const known = new Set(expectedOf(product).map(bare));
        const unlisted = found.get(`${product} ${reference}`)?.filter((entry) => !known.has(entry));
        expect(unlisted).to.deep.equal([]);
      });
    }
  }

  for (const number of listedNumbers) {
    it(`${number}: each difference listed for it is still there`, () => {
      for (const product of PRODUCTS) {
        const expected = expectedOf(product).filter((entry) => entry.startsWith(`${number} `));
        for (const reference of REFERENCES) {
          const seen = found.get(`${product} ${reference}`) ?? [];
          const gone = expected.map(bare).filter((entry) => !seen.includes(entry));
          expect(gone, `${product}, ${reference}`).to.deep.equal([]);
        }
      }
    });
  }
});

describe('docs/migrate/differences.md', () => {
  const [shown = '', unshown = ''] = page.split(/^## Not in the recordings$/m);
  const rows = (text: string): string[] => [...text.matchAll(/^\| (D-\d+) /gm)].map(([, number]) => number as string);

  it('has one row for each number that the recordings show, in order', () => {
    expect(rows(shown)).to.deep.equal(listedNumbers);
  });

  it('claims nothing else without a test that names the number', () => {
    const names = readdirSync(testsFolder, { recursive: true, encoding: 'utf8' });
    const tests = names.filter((name) => name.endsWith('.test.ts') && basename(name) !== 'drop-in.test.ts');
    const text = tests.map((name) => readFileSync(fileURLToPath(new URL(name, testsFolder)), 'utf8')).join('\n');
    const code = text.replace(/^\s*(\/\/|\/?\*).*$/gm, '');
    const claimed = rows(unshown);
    expect(claimed).to.have.length.above(10);
    expect(claimed.filter((number) => !new RegExp(`\\b${number}\\b`).test(code))).to.deep.equal([]);
  });

  it('uses each number once', () => {
    const all = rows(page);
    expect(all.filter((number, at) => all.indexOf(number) !== at)).to.deep.equal([]);
  });
});
