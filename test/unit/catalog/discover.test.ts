import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { discover } from '../../../core/catalog/discover.js';
import { checkManifest } from '../../../core/catalog/manifest-check.js';
import type { PluginBlock } from '../../../core/contracts/agent-config.js';

const MANIFEST = {
  sdk: 1,
  kind: 'sink',
  name: 'mine',
  aliases: ['my-sink'],
  entry: './index.js',
  schema: './schema.json',
  summary: 'A sink',
  version: '1.0.0',
  stability: 'experimental',
};
const block = (extra: Partial<PluginBlock>): PluginBlock => ({
  name: 'mine',
  sha256: '',
  package: '',
  override: false,
  mayFail: false,
  at: 'a.hcl:1:1',
  ...extra,
});

describe('manifest check', () => {
  const bad: readonly (readonly [string, unknown, RegExp])[] = [
    ['not an object', [], /not a JSON object/],
    ['no sdk', { ...MANIFEST, sdk: undefined }, /"sdk" must be the number/],
    ['unknown kind', { ...MANIFEST, kind: 'spell' }, /"kind" must be one of auth-method, sink/],
    ['capital name', { ...MANIFEST, name: 'Mine' }, /"name" must be lower-case/],
    ['entry that leaves the folder', { ...MANIFEST, entry: './../x.js' }, /"entry" must be a path/],
    ['absolute schema', { ...MANIFEST, schema: '/etc/x' }, /"schema" must be a path/],
    ['empty summary', { ...MANIFEST, summary: '' }, /"summary" must be a text/],
    ['odd stability', { ...MANIFEST, stability: 'fine' }, /"stability" must be one of/],
    [
      'supports that is no flag',
      { ...MANIFEST, supports: { durable: 'yes' } },
      /"supports" must be an object of true and false/,
    ],
    ['unknown key', { ...MANIFEST, entri: './x' }, /unknown key "entri"/],
  ];
  for (const [name, value, why] of bad) {
    it(`refuses ${name}`, () => {
      expect(checkManifest(value)).to.have.property('why').that.matches(why);
    });
  }

  it('accepts a complete one', () => {
    expect(checkManifest(MANIFEST)).to.have.property('manifest');
  });
});

describe('discovery', () => {
  let folder: string;
  const add = (name: string, manifest: unknown, root = folder): string => {
    const path = join(root, name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'plugin.json'), typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
    return path;
  };
  const find = (blocks: readonly PluginBlock[] = [], directories = [join(folder, 'external')]) =>
    discover({ builtIn: join(folder, 'built-in'), directories, blocks });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'claviger-catalog-'));
    mkdirSync(join(folder, 'external'));
    add('built-in/sink/file', { ...MANIFEST, name: 'file', aliases: [] });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('finds plugins by name and alias without regard to case, and runs none of their code', () => {
    add('external/mine', MANIFEST);
    const { catalog, problems } = find();
    expect(problems).to.deep.equal([]);
    expect(catalog.find('sink', 'MINE')).to.include({ origin: 'external' });
    expect(catalog.find('sink', 'my-sink')).to.equal(catalog.find('sink', 'mine'));
    expect(catalog.find('auth-method', 'mine')).to.equal(undefined);
    expect(catalog.all().map((entry) => entry.manifest.name)).to.deep.equal(['file', 'mine']);
  });

  it('a broken manifest is named and the others are still found', () => {
    add('external/broken', '{ "sdk": 1,');
    add('external/wrong', { ...MANIFEST, kind: 'spell' });
    add('external/new', { ...MANIFEST, name: 'newer', sdk: 2 });
    add('external/mine', MANIFEST);
    const { catalog, problems } = find();
    expect(catalog.find('sink', 'mine')).not.to.equal(undefined);
    expect(problems.map((problem) => problem.code).sort()).to.deep.equal([
      'PLUGIN_MANIFEST',
      'PLUGIN_MANIFEST',
      'PLUGIN_SDK_MISMATCH',
    ]);
    expect(problems.find((problem) => problem.message.includes('broken'))!.message).to.include(
      'plugin.json is not a valid plugin manifest',
    );
  });

  it('refuses to shadow a built-in unless the plugin block says override', () => {
    add('external/file', { ...MANIFEST, name: 'file', aliases: [] });
    const refused = find();
    expect(refused.problems[0]).to.include({ code: 'PLUGIN_DUPLICATE' });
    expect(refused.catalog.find('sink', 'file')!.origin).to.equal('built-in');
    const allowed = find([block({ name: 'file', override: true })]);
    expect(allowed.problems).to.deep.equal([]);
    expect(allowed.catalog.find('sink', 'file')!.origin).to.equal('external');
  });

  it('refuses a folder that everybody may write', () => {
    add('external/mine', MANIFEST);
    chmodSync(join(folder, 'external'), 0o777);
    expect(find().problems[0]).to.include({ code: 'PLUGIN_FOLDER_UNSAFE' });
    expect(find().catalog.find('sink', 'mine')).to.equal(undefined);
  });

  it('refuses an entry that everybody may write, though its folder is safe', () => {
    add('external/mine', MANIFEST);
    const entry = join(folder, 'external/mine/index.js');
    writeFileSync(entry, 'export default class {}');
    expect(find().problems).to.deep.equal([]);
    chmodSync(entry, 0o666);
    expect(find().problems[0]).to.include({ code: 'PLUGIN_FOLDER_UNSAFE', hint: 'chmod o-w the file' });
    expect(find().catalog.find('sink', 'mine')).to.equal(undefined);
  });

  it('names a plugin_directory that does not exist, and a package that is not installed', () => {
    const { problems } = find([block({ package: 'no-such-package' })], [join(folder, 'nowhere')]);
    expect(problems.map((problem) => problem.code)).to.deep.equal(['CONFIG_VALUE', 'PLUGIN_MANIFEST']);
    expect(problems[1]!.message).to.include('package "no-such-package" is not installed');
  });

  it('carries the checksum of the plugin block to the entry', () => {
    add('external/mine', MANIFEST);
    expect(find([block({ sha256: 'ab12' })]).catalog.find('sink', 'mine')!.sha256).to.equal('ab12');
  });
});
