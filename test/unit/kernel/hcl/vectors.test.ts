import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { readText } from '../../../../core/kernel/hcl/read.js';
import { canonical, decode } from './decode.js';

interface Vector {
  readonly name: string;
  readonly text: string;
  readonly value?: unknown;
  readonly error?: string;
}

const golden = new URL('../../../golden/vectors/hcl.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(golden, 'utf8')) as { cases: Vector[] };

/** Ours accepts these: the agent walks the tree (mixed labels) and byte-order marks are skipped. */
const LEGAL_HERE: Readonly<Record<string, unknown>> = {
  bom: { a: 1 },
  'labelled then not': { listener: [{ tcp: [{ a: 1 }] }, { type: 'unix' }] },
  'not labelled then labelled': { listener: [{ type: 'unix' }, { tcp: [{ a: 1 }] }] },
};

/** The reference names the last of two mistakes, or counts the end of the text several times; ours names the first and real place. */
const BETTER_PLACE: Readonly<Record<string, string>> = {
  'newline in a string': '1:7',
  nul: '1:7',
  'heredoc quoted tag': '1:7',
  'unclosed list': '1:10',
  'unclosed block': '2:7',
};

function errorsOf(text: string): string[] {
  const errors = readText(text, 'f').problems.filter(({ severity }) => severity === 'error');
  return errors.map(({ at }) => `${at.line}:${at.column}`);
}

describe('the readers against the recorded HCL 1 texts', () => {
  it('has all 129 texts', () => expect(cases).to.have.length(129));

  for (const { name, text, value, error } of cases) {
    const wanted = LEGAL_HERE[name] ?? value;
    const refused =
      name === 'missing value' ||
      (error !== undefined && !error.includes('map must have string keys') && name !== 'bom');
    if (refused) {
      const place = BETTER_PLACE[name] ?? /At (\d+:\d+)/.exec(error ?? '')?.[1];
      it(`${name}: one error${place === undefined ? '' : ` at ${place}`}`, () => {
        const errors = errorsOf(text);
        expect(errors).to.have.length(1);
        if (place !== undefined) expect(errors[0]).to.equal(place);
      });
      continue;
    }
    it(`${name}: the same value`, () => {
      const { tree, problems } = readText(text, 'f');
      expect(problems.filter(({ severity }) => severity === 'error')).to.deep.equal([]);
      if (wanted !== undefined) expect(canonical(decode(tree))).to.equal(canonical(wanted));
    });
  }
});
