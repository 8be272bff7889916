import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { readText } from '../../../../core/kernel/hcl/read.js';

const golden = new URL('../../../golden/vectors/hcl.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(golden, 'utf8')) as { cases: { text: string }[] };
const texts = cases.map(({ text }) => text);
const PIECES = [
  '"',
  '{',
  '}',
  '[',
  ']',
  '=',
  ',',
  '\n',
  ' ',
  '\\',
  '${',
  '<<EOT\n',
  '<<-E\n',
  'EOT\n',
  '0',
  '-1',
  '0x',
  '1e',
  'a',
  'b "c" {',
  '#',
  '/*',
  '*/',
  '\r\n',
  'é',
  '🔑',
  '\0',
  ':',
  "'",
  '\uD800',
];

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function mutate(text: string, pick: (below: number) => number): string {
  const at = pick(text.length + 1);
  const other = texts[pick(texts.length)] ?? '';
  const from = pick(other.length + 1);
  const changes = [
    () => text.slice(0, at) + text.slice(at + 1 + pick(3)),
    () => text.slice(0, at) + (PIECES[pick(PIECES.length)] ?? '') + text.slice(at),
    () => text.slice(0, at) + other.slice(from, from + 12) + text.slice(at),
    () => text.slice(0, at),
  ];
  return changes[pick(changes.length)]?.() ?? text;
}

describe('the readers on damaged texts', () => {
  it('never throw, and put every problem inside the text', () => {
    const pick = random(20_261);
    for (let round = 0; round < 4_000; round++) {
      let text = texts[pick(texts.length)] ?? '';
      for (let changes = 1 + pick(4); changes > 0; changes--) text = mutate(text, pick);
      const lines = text.split('\n');
      for (const problem of readText(text, 'f').problems) {
        expect(problem.message, text).to.not.equal('');
        expect(problem.at.line, text).to.be.within(1, lines.length);
        expect(problem.at.column, text).to.be.within(1, (lines[problem.at.line - 1]?.length ?? 0) + 1);
      }
    }
  });

  it('end soon on long texts made of one piece (work grows with the length, not with its square)', () => {
    for (const piece of [
      '"${\n',
      '<<A\n',
      '<< A\n',
      '[',
      '{',
      'a{',
      'a=[',
      "'",
      '“',
      '/*',
      'a ',
      '"',
      '"\n',
      '}',
      'a="\n',
      'x"y',
      '{"a":',
    ]) {
      const { problems } = readText(`x = 1\n${piece.repeat(40_000)}`, 'f');
      const errors = problems.filter(({ severity }) => severity === 'error');
      expect(errors.length, piece).to.be.within(1, 31);
      expect(problems.length, piece).to.be.at.most(61);
    }
    for (const piece of ['[', '{"a":', '"a', '1,'])
      expect(readText(`{"z":[${piece.repeat(40_000)}`, 'f').problems, piece).to.have.length(1);
  });
});
