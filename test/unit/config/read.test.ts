import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatProblems } from '../../../core/config/problems.js';
import { readConfig } from '../../../core/config/read.js';
import { decode } from '../kernel/hcl/decode.js';

describe('reading configuration', function () {
  this.timeout(30_000);
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'claviger-read-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const put = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it('merges files of both languages and keeps their texts', async () => {
    const a = put('a.hcl', 'pid_file = "a"\nlistener "tcp" {}\n');
    const b = put('b.json', '{"pid_file": "b", "listener": [{"type": "unix"}]}');
    const { tree, problems, texts } = await readConfig([folder]);
    expect(problems).to.deep.equal([]);
    expect(decode(tree)['pid_file']).to.equal('b');
    expect(tree.items.filter(({ keys }) => keys[0]?.text === 'listener')).to.have.length(2);
    expect([...texts.keys()]).to.deep.equal([a, b]);
    expect(tree.items.at(-1)?.at.file).to.equal(b);
  });

  it('gives nothing for no paths and for an empty directory', async () => {
    for (const paths of [[], [folder]]) expect((await readConfig(paths)).tree.items).to.deep.equal([]);
  });

  it('collects exactly ten problems of ten mistakes over three files, each with place and what to do', async () => {
    const first = put('1.hcl', "pid_file: 'x'\nvault {\n  address = http://x\n  namespace = \"a\n}\n");
    const second = put(
      '2.hcl',
      'auto_auth {\n  method "approle" {\n    wrap_ttl = 5m\n    mode = 0689\n    list = ["a" "b"]\n    empty =\n  }\n',
    );
    const third = put('3.json', '{"listener": [}');
    const { problems, texts } = await readConfig([first, second, join(folder, 'missing'), third]);
    const text = formatProblems(problems, texts, { color: false });
    expect(
      problems.filter(({ code }) => code === 'CONFIG_SYNTAX'),
      text,
    ).to.have.length(10);
    expect(problems, text).to.have.length(11);
    for (const { at, hint } of problems) {
      expect(at?.file).to.be.a('string');
      expect(hint).to.be.a('string').and.not.equal('');
    }
    expect(text).to.match(/11 errors\n$/);
  });

  it('asks the second reader about a file that ours refuses, unless told not to', async () => {
    const path = put('x.hcl', 'a = upper("x")\n');
    expect((await readConfig([path])).problems.map(({ code }) => code)).to.deep.equal([
      'CONFIG_UNEVALUATED_EXPRESSION',
    ]);
    expect((await readConfig([path], { secondReader: false })).problems.map(({ code }) => code)).to.deep.equal([
      'CONFIG_SYNTAX',
    ]);
  });

  it('reports duplicates inside a file and between files', async () => {
    const { problems } = await readConfig([put('a.hcl', 'x = 1\nx = 2\nvault {}\n'), put('b.hcl', 'vault {}\n')]);
    expect(problems.map(({ severity, code, at }) => `${severity} ${code} ${at?.line}`)).to.deep.equal([
      'warning CONFIG_DUPLICATE 2',
      'warning CONFIG_DUPLICATE 1',
    ]);
  });
});
