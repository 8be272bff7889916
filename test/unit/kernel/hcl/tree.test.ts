import { expect } from 'chai';
import { readHcl, readJson, readText } from '../../../../core/kernel/hcl/read.js';
import type { Node, ObjectNode } from '../../../../core/kernel/hcl/tree.js';
import { decode } from './decode.js';

function value(text: string): unknown {
  const { tree, problems } = readHcl(`a = ${text}`, 'f');
  expect(problems).to.deep.equal([]);
  return decode(tree)['a'];
}

function node(tree: ObjectNode, index = 0): Node {
  const item = tree.items[index];
  if (item === undefined) throw new Error('no such item');
  return item.value;
}

describe('the HCL tree', () => {
  it('keeps order, labels, quotes and places', () => {
    const { tree } = readHcl('# x\nlistener "tcp" b {\n  "key" = 0640\n}\n  é = [1]\n', 'dir/f.hcl');
    const [listener, list] = tree.items;
    expect(listener?.keys).to.deep.equal([
      { text: 'listener', quoted: false, at: { file: 'dir/f.hcl', line: 2, column: 1 } },
      { text: 'tcp', quoted: true, at: { file: 'dir/f.hcl', line: 2, column: 10 } },
      { text: 'b', quoted: false, at: { file: 'dir/f.hcl', line: 2, column: 16 } },
    ]);
    expect(listener?.assigned).to.equal(false);
    const inner = node(tree) as ObjectNode;
    expect(inner.at).to.deep.equal({ file: 'dir/f.hcl', line: 2, column: 18 });
    expect(inner.items[0]?.assigned).to.equal(true);
    expect(inner.items[0]?.value).to.deep.equal({
      kind: 'scalar',
      value: 416,
      raw: '0640',
      at: { file: 'dir/f.hcl', line: 3, column: 11 },
    });
    expect(list?.at.column).to.equal(3);
    expect(list?.value.at).to.deep.equal({ file: 'dir/f.hcl', line: 5, column: 7 });
  });

  it('counts columns in characters and skips a byte-order mark', () => {
    const { tree } = readHcl('\uFEFFa = "🔑é" b = 1', 'f');
    expect(tree.items[0]?.at.column).to.equal(1);
    expect(tree.items[1]?.at.column).to.equal(10);
  });

  it('decodes numbers as the reference does', () => {
    for (const [text, want] of [
      ['0640', 416],
      ['-0640', -416],
      ['0x1F', 31],
      ['-0x10', -16],
      ['.5', 0.5],
      ['1.', 1],
      ['1e3', 1000],
      ['0159.5', 159.5],
      ['9223372036854775807', 2 ** 63],
      ['-9223372036854775808', -(2 ** 63)],
    ] as const) {
      expect(value(text), text).to.equal(want);
    }
  });

  it('joins byte escapes to characters', () => {
    expect(value('"\\xc3\\xa9\\303\\251"')).to.equal('éé');
    expect(value('"\\ud83d\\udd11 \\U0001F511"')).to.equal('🔑 🔑');
  });

  it('keeps ${...} as written, and quotes and line breaks inside it', () => {
    expect(value('"a ${f("x\\n", {b = 1})} $${y} $5 %{z}"')).to.equal('a ${f("x\\n", {b = 1})} $${y} $5 %{z}');
  });

  it('strips heredocs by the indentation of their end only', () => {
    expect(value('<<-E\n    a\n      b\n    E\n')).to.equal('a\n  b\n');
    expect(value('<<-E\n\ta\n\tE\n')).to.equal('a\n');
    expect(value('<<-E\n    a\n\n    E\n')).to.equal('    a\n\n');
    expect(value('<<-E\n  a\nE\n')).to.equal('  a\n');
    expect(value('<<E\nxE\nE \nE\n')).to.equal('xE\nE \n');
    expect(value('<<E\r\na\r\n\r\nE\r\n')).to.equal('a\n\n');
  });

  it('accepts a duplicate attribute, keeps the last and warns', () => {
    const { tree, problems } = readHcl('x {\n a = 1\n b = 2\n a = 3\n}\n', 'f');
    expect(decode(tree)).to.deep.equal({ x: [{ a: 3, b: 2 }] });
    expect(problems).to.have.length(1);
    expect(problems[0]).to.include({ severity: 'warning', code: 'CONFIG_DUPLICATE' });
    expect(problems[0]?.at).to.deep.equal({ file: 'f', line: 4, column: 2 });
    expect(problems[0]?.message).to.match(/line 2/);
  });

  it('keeps repeated blocks and repeated objects without a word', () => {
    const { tree, problems } = readHcl('s {}\ns {}\nc = {}\nc = {}\nc {}\n', 'f');
    expect(tree.items).to.have.length(5);
    expect(problems).to.deep.equal([]);
  });

  it('treats __proto__ and constructor as keys like any other', () => {
    for (const text of [
      '__proto__ = 1\nconstructor = 2\n__proto__ {\n x = 1\n}',
      '{"__proto__": {"x": 1}, "constructor": 2}',
    ]) {
      const { tree } = readText(text, 'f');
      expect(tree.items[0]?.keys[0]?.text).to.equal('__proto__');
      expect(({} as Record<string, unknown>)['x']).to.equal(undefined);
    }
  });

  it('gives an empty tree for nothing, comments and {}', () => {
    for (const text of ['', '\n\n', '# x', '/* y */', '{}', '\uFEFF', '\uFEFF {}\n']) {
      expect(readText(text, 'f'), JSON.stringify(text)).to.deep.include({ problems: [] });
      expect(readText(text, 'f').tree.items).to.deep.equal([]);
    }
  });

  it('reads JSON by its first character, whatever the file is called', () => {
    expect(decode(readText(' \n{"a": 1}', 'x.hcl').tree)).to.deep.equal({ a: 1 });
    expect(decode(readText('a = 1', 'x.json').tree)).to.deep.equal({ a: 1 });
  });
});

describe('the JSON tree', () => {
  it('has members as assigned items with places, and keeps null', () => {
    const { tree, problems } = readJson('{\n  "é": null,\n  "b": [1.5, "x", true, {"c": -1e2}]\n}', 'f.json');
    expect(problems).to.deep.equal([]);
    expect(tree.items[0]).to.deep.equal({
      keys: [{ text: 'é', quoted: true, at: { file: 'f.json', line: 2, column: 3 } }],
      value: { kind: 'scalar', value: null, at: { file: 'f.json', line: 2, column: 8 } },
      assigned: true,
      at: { file: 'f.json', line: 2, column: 3 },
    });
    const list = node(tree, 1);
    expect(
      list.kind === 'list' && list.items.map((item) => (item.kind === 'scalar' ? item.value : item.kind)),
    ).to.deep.equal([1.5, 'x', true, 'object']);
  });

  it('agrees with JSON.parse on everything JSON.parse accepts', () => {
    const texts = [
      '{}',
      '{"a":{}}',
      '{"a":[]}',
      '{"a":"\\u00e9\\n\\/\\"\\\\\\ud83d\\udd11"}',
      '{"a":0,"b":-0.5,"c":1E+2}',
      '\t{"a" : [ [ 1 ] , { } ] }\r\n',
      '{"":""}',
    ];
    for (const text of texts) expect(toPlain(readJson(text, 'f').tree), text).to.deep.equal(JSON.parse(text));
  });

  it('keeps the last of two equal keys and warns', () => {
    const { tree, problems } = readJson('{"a": {"x": 1},\n "a": {"y": 2}}', 'f');
    expect(toPlain(tree)).to.deep.equal({ a: { y: 2 } });
    expect(problems.map(({ severity, code, at }) => `${severity} ${code} ${at.line}:${at.column}`)).to.deep.equal([
      'warning CONFIG_DUPLICATE 2:2',
    ]);
  });

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['[1]', '1:1', /"\{" is expected/],
    ['{"a": 1\n "b": 2}', '2:2', /found a text where "," or "\}" is expected; the "\{" is on line 1/],
    ['{"a": [1, 2}', '1:12', /found "\}" where "," or "\]"/],
    ['{"a" 1}', '1:6', /":" after the key "a"/],
    ['{"a" = 1}', '1:6', /write "key": value, or remove the outer braces/],
    ['{a: 1}', '1:2', /a word without quotes where a key in double quotes/],
    ["{'a': 1}", '1:2', /use double quotes/],
    ['{"a": 0640}', '1:7', /cannot start with 0/],
    ['{"a": 1e}', '1:8', /right behind a number/],
    ['{"a": +1}', '1:7', /not a number/],
    ['{"a": 1e999}', '1:7', /too large/],
    ['{"a": True}', '1:7', /a word without quotes where a value/],
    ['{"a": truely}', '1:7', /a value is expected/],
    ['{"a": "x\ny"}', '1:9', /not closed on its line/],
    ['{"a": "x', '1:9', /not closed/],
    ['{"a": "\t"}', '1:8', /control character U\+0009/],
    ['{"a": "\\d"}', '1:8', /no such escape/],
    ['{"a": "\\ud800"}', '1:7', /half/],
    ['{"a": 1} x', '1:10', /text behind the closing/],
    ['{"a": 1', '1:8', /end of the file/],
    ['{"a": 1,, "b": 2}', '1:9', /found ","/],
    ['{,}', '1:2', /found ","/],
    ['{"a": 1 // x\n}', '1:9', /no comments/],
    [`{"a": ${'['.repeat(5000)}`, '1:206', /more than 200 levels/],
  ];
  for (const [text, place, says] of wrong) {
    it(`refuses ${JSON.stringify(text.slice(0, 30))} at ${place}`, () => {
      const { problems } = readJson(text, 'f');
      expect(problems.map(({ at }) => `${at.line}:${at.column}`)).to.deep.equal([place]);
      expect(`${problems[0]?.message} -> ${problems[0]?.hint}`).to.match(says);
    });
  }
});

function toPlain(node: Node): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toPlain);
  return Object.fromEntries(node.items.map((item) => [item.keys[0]?.text ?? '', toPlain(item.value)]));
}
