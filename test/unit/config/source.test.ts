import { expect } from 'chai';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment, isConfigName, readSources } from '../../../core/config/source.js';

describe('sources of configuration', () => {
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'claviger-source-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const put = (name: string, content: string | Buffer = `x = "${name}"`): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const names = async (...paths: string[]): Promise<string[]> =>
    (await readSources(paths)).sources.map(({ file }) => file.slice(folder.length + 1));

  it('are files in the order given, by any name', async () => {
    expect(await names(put('b.conf'), put('a'))).to.deep.equal(['b.conf', 'a']);
  });

  it('of a directory are its .hcl and .json files in byte order, without editor leftovers and without folders (spec config 1.10)', async () => {
    for (const name of ['b.hcl', 'a.json', 'B.hcl', 'é.hcl', 'c.txt', 'd.hcl~', '.#e.hcl', '#f.hcl#', 'README'])
      put(name);
    mkdirSync(join(folder, 'g.hcl'));
    mkdirSync(join(folder, 'sub'));
    put('sub/h.hcl');
    expect(await names(folder)).to.deep.equal(['B.hcl', 'a.json', 'b.hcl', 'é.hcl']);
  });

  it('mix files and directories, and an empty directory is fine', async () => {
    mkdirSync(join(folder, 'd'));
    mkdirSync(join(folder, 'empty'));
    put('d/x.hcl');
    const { sources, problems } = await readSources([put('one'), join(folder, 'empty'), join(folder, 'd'), put('two')]);
    expect(problems).to.deep.equal([]);
    expect(sources.map(({ file }) => file.slice(folder.length + 1))).to.deep.equal(['one', 'd/x.hcl', 'two']);
  });

  it('that cannot be read are problems, and the next path is still tried', async () => {
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling.hcl'));
    symlinkSync('loop', join(folder, 'loop'));
    const bad = [
      join(folder, 'missing'),
      join(folder, 'dangling.hcl'),
      join(folder, 'loop'),
      `${put('file')}/x`,
      '/dev/null',
      '',
      'a\0b',
    ];
    const { sources, problems } = await readSources([...bad, put('good')]);
    expect(sources.map(({ text }) => text)).to.deep.equal(['x = "good"']);
    expect(problems.map(({ severity, code }) => `${severity} ${code}`)).to.deep.equal(
      bad.map(() => 'error CONFIG_UNREADABLE'),
    );
    expect(problems[0]?.message).to.match(/missing: it does not exist/);
    expect(problems[0]?.at).to.deep.equal({ file: bad[0], line: 0, column: 0 });
    expect(problems[4]?.message).to.match(/not a regular file/);
  });

  it('that this user may not read are problems (skipped as root, who may read everything)', async function () {
    if (process.getuid?.() === 0) this.skip();
    const path = put('locked');
    chmodSync(path, 0);
    expect((await readSources([path])).problems[0]?.message).to.match(/permission denied/);
  });

  it('must be UTF-8 text of sensible size', async () => {
    const { problems } = await readSources([
      put('latin1', Buffer.from([0x61, 0xe9])),
      put('huge', Buffer.alloc(17 * 1024 * 1024, 0x20)),
    ]);
    expect(problems.map(({ message }) => message.replace(/^.*: /, ''))).to.deep.equal([
      'it is not UTF-8 text',
      'it is larger than 16 MiB',
    ]);
  });

  it('keep byte-order marks and line breaks as they are', async () => {
    expect((await readSources([put('x', '\uFEFFa = 1\r\n')])).sources[0]?.text).to.equal('\uFEFFa = 1\r\n');
  });

  it('know names of configuration files', () => {
    for (const name of ['a.hcl', 'a.json', '.hcl', 'a.b.hcl']) expect(isConfigName(name), name).to.equal(true);
    for (const name of ['a.hcl~', '.#a.hcl', '#a.hcl#', 'a.HCL', 'a.hcl.swp', 'hcl', ''])
      expect(isConfigName(name), name).to.equal(false);
  });

  it('include a frozen copy of the environment', () => {
    const env = environment();
    expect(env['PATH']).to.equal(process.env['PATH']);
    expect(Object.isFrozen(env)).to.equal(true);
  });
});
