// Secret values are starred in the texts that code frames are cut from.
import { expect } from 'chai';
import { maskTexts, type Hidden } from '../../../core/config/mask-texts.js';

const masked = (text: string, ...hidden: [line: number, column: number, value: string][]): string | undefined => {
  const spots = hidden.map(([line, column, value]): Hidden => ({ at: { file: 'a', line, column }, text: value }));
  return maskTexts(new Map([['a', text]]), spots).get('a');
};

describe('masking secret values in texts', () => {
  const rows: [what: string, text: string, hidden: [number, number, string][], result: string][] = [
    ['a quoted value, not the same word before it', 'abc = "abc" # abc', [[1, 7, 'abc']], 'abc = "***" # abc'],
    [
      'two on one line',
      'a = "xy", b = "yx"',
      [
        [1, 5, 'xy'],
        [1, 15, 'yx'],
      ],
      'a = "**", b = "**"',
    ],
    [
      'a heredoc, line by line',
      'a = <<E\n  one\n two\nE\nb = 1',
      [[1, 5, 'one\ntwo\n']],
      'a = <<E\n  ***\n ***\nE\nb = 1',
    ],
    ['with escapes, the rest of the line', 'a = "x\\"y" # z\nb', [[1, 5, 'x"y']], 'a = ****** * *\nb'],
    ['a number', 'pin = 1234', [[1, 7, '1234']], 'pin = ****'],
    ['columns count characters', '"😀" = "s"', [[1, 7, 's']], '"😀" = "*"'],
    ['letters of two code units', 'a = "😀"', [[1, 5, '😀']], 'a = "**"'],
    ['an empty value', 'a = ""', [[1, 5, '']], 'a = ""'],
  ];
  for (const [what, text, hidden, result] of rows) {
    it(what, () => expect(masked(text, ...hidden)).to.equal(result));
  }

  it('what comes from the environment or another file changes nothing', () => {
    const texts = new Map([['a', 'x = "s"']]);
    const nowhere = { file: 'VAULT_TOKEN', line: 0, column: 0 };
    expect(maskTexts(texts, [{ at: nowhere, text: 's' }])).to.deep.equal(texts);
    expect(maskTexts(texts, [{ at: { file: 'b', line: 1, column: 1 }, text: 's' }])).to.deep.equal(texts);
  });
});
