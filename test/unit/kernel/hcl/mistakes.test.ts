import { expect } from 'chai';
import { readHcl } from '../../../../core/kernel/hcl/read.js';

function mistakes(text: string): string[] {
  return readHcl(text, 'f.hcl').problems.map(
    ({ at, message, hint }) => `${at.line}:${at.column} ${message} -> ${hint ?? ''}`,
  );
}

interface Case {
  readonly name: string;
  readonly text: string;
  /** Place and a part of what a person reads, one for each expected problem. */
  readonly want: readonly (readonly [string, RegExp])[];
}

const CASES: readonly Case[] = [
  { name: 'a colon for =', text: 'a: 1\nb = 2', want: [['1:2', /":" where "=" is expected -> write key = value/]] },
  { name: 'single quotes', text: "a = 'x'\nb = 1", want: [['1:5', /not in double quotes/]] },
  {
    name: 'typographic quotes',
    text: 'a = \u201cx\u201d\nb = 1',
    want: [['1:5', /not in double quotes -> .*plain double quote/]],
  },
  { name: 'an apostrophe alone', text: "a = it's\nb = 1", want: [['1:5', /word without quotes/]] },
  {
    name: 'an address without quotes',
    text: 'address = https://h:8200\nb = 1',
    want: [['1:11', /word without quotes.*put text in double quotes/]],
  },
  {
    name: 'an IP address without quotes',
    text: 'address = 127.0.0.1:8200\nb = 1',
    want: [['1:11', /right behind the number -> put text/]],
  },
  {
    name: 'a duration without quotes',
    text: 'wrap_ttl = 1h30m\nsink {}',
    want: [['1:12', /put durations in quotes: "1h30m"/]],
  },
  { name: 'an octal number of other languages', text: 'mode = 0o640', want: [['1:8', /leading 0 only: 0640/]] },
  {
    name: 'a wrong boolean',
    text: 'a = yes\nb = True',
    want: [
      ['1:5', /yes is not a value/],
      ['2:5', /True is not a value -> .*small letters/],
    ],
  },
  { name: 'null', text: 'a = null', want: [['1:5', /there is no null -> leave the setting out/]] },
  {
    name: 'a call over lines',
    text: 'a = f(\n "x",\n "y"\n)\nb = ;',
    want: [
      ['1:5', /functions do not exist/],
      ['5:5', /";"/],
    ],
  },
  {
    name: 'a semicolon',
    text: 'a = 1;\nb = 2;',
    want: [
      ['1:6', /";".*remove it/],
      ['2:6', /";"/],
    ],
  },
  { name: 'a lone slash', text: '/ a\nb = 1', want: [['1:1', /start comments with #/]] },
  { name: 'a key without anything', text: 'a\nb = 1', want: [['1:1', /"a" has no value and no block/]] },
  {
    name: 'a key and a text',
    text: 'pid_file "x"\nvault {\n}',
    want: [['1:10', /"pid_file" is followed by a label, but by no block -> write pid_file = value/]],
  },
  { name: 'two texts', text: 'a = "x" "y"\nb = 1', want: [['1:9', /further text behind the value/]] },
  { name: 'a forgotten value', text: 'x {\n a =\n b = 1\n}', want: [['3:2', /"a" has no value/]] },
  { name: 'a forgotten value before }', text: 'x {\n a =\n}\nb = 1', want: [['3:1', /"a" has no value/]] },
  { name: 'nothing after = at the end', text: 'a =', want: [['1:4', /"a" has no value/]] },
  { name: 'an unclosed text', text: 'a = "x\nb = 1', want: [['1:7', /not closed on its line/]] },
  { name: 'a text over several lines', text: 'a = "x\ny\nz"\nb = 1', want: [['1:7', /use a heredoc/]] },
  { name: 'an unclosed interpolation', text: 'a = "${x"\nb = 1', want: [['1:6', /\$\{ is never closed/]] },
  {
    name: 'an unclosed list before an item',
    text: 'a = [\n "x"\nb = 1',
    want: [['3:1', /list of line 1 is not closed/]],
  },
  {
    name: 'an unclosed list before }',
    text: 'x {\n a = [1\n}\nb = 1',
    want: [['3:1', /list of line 2 is not closed/]],
  },
  {
    name: 'missing commas in a list',
    text: 'a = ["x" "y"\n "z"]',
    want: [
      ['1:10', /comma is missing/],
      ['2:2', /comma is missing/],
    ],
  },
  {
    name: 'words in a list',
    text: 'a = [x, "y", z]\nb = 1',
    want: [
      ['1:6', /without quotes/],
      ['1:14', /without quotes/],
    ],
  },
  {
    name: 'an unclosed block',
    text: 'a {\n b {\n}\nc = 1\n',
    want: [['5:1', /"\{" of a on line 1.*missing at the end of b of line 2/]],
  },
  { name: 'two unclosed blocks', text: 'a {\n b {\n', want: [['3:1', /of b on line 2 is never closed/]] },
  { name: 'a } too many', text: 'a {\n}\n}\nb = 1', want: [['3:1', /closes nothing/]] },
  { name: 'an unclosed comment', text: 'a = 1\n/* x\n', want: [['3:1', /comment \/\* of line 2 is never closed/]] },
  {
    name: 'an unclosed heredoc',
    text: 'a = 1\nb = <<EOT\nx\n',
    want: [['4:1', /heredoc <<EOT of line 2 is never closed/]],
  },
  {
    name: 'a heredoc with a wrong end',
    text: 'a = <<EOT\nx\nEOT;\nb = 1\n',
    want: [['5:1', /of line 1 .*line 3 looks like it/]],
  },
  {
    name: 'a heredoc without the last line break',
    text: 'a = <<EOT\nx\nEOT',
    want: [['3:4', /end the line of the closing EOT with a line break/]],
  },
  { name: 'a quoted heredoc tag', text: 'a = <<"EOT"\nx = {{\nEOT\nb = 1\n', want: [['1:7', /tag of the heredoc/]] },
  {
    name: 'wrong escapes',
    text: 'a = "C:\\dir"\nb = "\\u12"',
    want: [
      ['1:9', /no escape \\d -> write \\\\/],
      ['2:7', /\\u needs 4/],
    ],
  },
  { name: 'half a pair', text: 'a = "\\ud83d"', want: [['1:5', /half of a character pair/]] },
  {
    name: 'two items before =',
    text: 'a b = {\n c = 1\n}\nd = 1',
    want: [['1:5', /only one key can stand before "="/]],
  },
  {
    name: 'numbers that do not fit',
    text: 'a = 99999999999999999999\nb = 1e999\nc = 0x',
    want: [
      ['1:5', /64 bits/],
      ['2:5', /not a number/],
      ['3:7', /needs digits/],
    ],
  },
];

describe('HCL mistakes as people read them', () => {
  for (const { name, text, want } of CASES) {
    it(`${name}: ${want.length} problem(s), at ${want.map(([place]) => place).join(', ')}`, () => {
      const got = mistakes(text);
      expect(
        got.map((line) => line.split(' ')[0]),
        got.join('\n'),
      ).to.deep.equal(want.map(([place]) => place));
      want.forEach(([, says], index) => expect(got[index]).to.match(says));
    });
  }

  it('ten mistakes in one file are ten problems and none besides', () => {
    const text = `pid_file: "x"
log_level = 'info'
vault {
  address = http://127.0.0.1:8200
  retry { num_retries = five }
  namespace = "a
}
auto_auth {
  method "approle" {
    mount_path "auth/approle"
    wrap_ttl = 5m
    config = {
      list = ["a" "b"]
      mode = 0689
      empty =
      next = 1
    }
  }
}
listener "tcp" { address = "127.0.0.1:8100", tls_disable = true }
}
`;
    const lines = mistakes(text).map((line) => Number(line.split(':')[0]));
    expect(lines).to.deep.equal([1, 2, 4, 5, 6, 10, 11, 13, 14, 16, 21]);
    const { tree } = readHcl(text, 'f.hcl');
    expect(tree.items.map(({ keys }) => keys.map((key) => key.text).join(' '))).to.deep.equal([
      'pid_file',
      'log_level',
      'vault',
      'auto_auth',
      'listener tcp',
    ]);
  });

  it('never repeats a word that stands where a secret may stand', () => {
    for (const text of [
      'password = hunter2',
      'password = [hunter2]',
      'password = 1hunter2',
      'password = "a" hunter2',
      "password = 'hunter2",
      'password = hunter2()',
    ]) {
      expect(mistakes(text).join('\n'), text).to.not.include('hunter2');
    }
  });

  it('stops after thirty mistakes and says so', () => {
    const got = mistakes('a = ;\n'.repeat(1000));
    expect(got).to.have.length(31);
    expect(got.at(-1)).to.match(/too many mistakes/);
    expect(mistakes('\u0001\u0002\u0003\n'.repeat(5000)).length).to.be.at.most(31);
  });

  it('refuses more than 200 levels with one problem and reads on', () => {
    for (const text of [
      `a = ${'['.repeat(2000)}${']'.repeat(2000)}\nb = ;`,
      `${'a {'.repeat(2000)}${'}'.repeat(2000)}\nb = ;`,
    ]) {
      const got = mistakes(text);
      expect(got).to.have.length(2);
      expect(got[0]).to.match(/more than 200 levels/);
    }
    expect(mistakes(`a = ${'['.repeat(199)}${']'.repeat(199)}`)).to.deep.equal([]);
  });
});
