// Each defect of the reference that this project has set out to beat (D-1 ... D-77) and each rule found by trying real servers (R-1 ... R-15) is named by
// a test, or has a row in docs/migrate/differences.md that says why not.
import { expect } from 'chai';
import ts from 'typescript';
import { filesBelow, textOf } from './sources.js';

/** Numbers that were never given. */
const NOT_GIVEN = new Set([59, 61, 63]);

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** The words of a test file: what its names and tables say. Comments do not count. */
function wordsOf(file: string): string {
  const words: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      words.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, textOf(file), ts.ScriptTarget.ES2022));
  return words.join('\n');
}

/** Numbers after `letter-`, with those between two that stand as `D-10 to D-12`. */
function named(text: string, letter: string): Set<number> {
  const found = new Set<number>();
  for (const [, from, to] of text.matchAll(
    new RegExp(`\\b${letter}-(\\d+)(?: (?:to|\\.\\.\\.) ${letter}-(\\d+))?`, 'g'),
  ))
    for (let number = Number(from); number <= Number(to ?? from); number++) found.add(number);
  return found;
}

describe('house: rules with a number', function () {
  this.timeout(20_000);

  let words = '';
  before(() => {
    const files = filesBelow('test', '.test.ts').filter((file) => !file.startsWith('test/house/'));
    words = files.map(wordsOf).join('\n');
  });

  it('a comment is no test, a range names all in it', () => {
    expect([...named('a (D-10 to D-12), R-3, ND-5', 'D')]).to.deep.equal([10, 11, 12]);
    expect(words).to.not.contain('A comment is no test');
  });

  it('each D-number is named by a test or has a row in docs/migrate/differences.md', () => {
    const rows = textOf('docs/migrate/differences.md')
      .split('\n')
      .filter((line) => line.startsWith('| D-'))
      .map((line) => line.split('|')[1]!);
    const known = new Set([...named(words, 'D'), ...named(rows.join('\n'), 'D')]);
    expect(numbers(77).filter((number) => !known.has(number) && !NOT_GIVEN.has(number))).to.deep.equal([]);
    expect([...NOT_GIVEN].filter((number) => known.has(number))).to.deep.equal([]);
  });

  it('each R-number is named by a test', () => {
    const known = named(words, 'R');
    expect(numbers(15).filter((number) => !known.has(number))).to.deep.equal([]);
  });
});
