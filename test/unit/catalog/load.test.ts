import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadPlugin } from '../../../core/catalog/load.js';
import type { CatalogEntry } from '../../../core/contracts/catalog.js';
import type { AgentError } from '../../../core/sdk/index.js';

describe('loading a plugin', () => {
  let folder: string;
  let count = 0;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'claviger-load-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const entry = (source: string | undefined, extra: Partial<CatalogEntry> = {}): CatalogEntry => {
    const entryPath = join(folder, `plugin-${count++}.mjs`);
    if (source !== undefined) writeFileSync(entryPath, source);
    const manifest = {
      sdk: 1,
      kind: 'sink',
      name: 'mine',
      entry: './x.mjs',
      schema: './s.json',
      summary: 's',
      version: '1',
      stability: 'stable',
    } as const;
    return { manifest, folder, origin: 'external', entryPath, schemaPath: join(folder, 's.json'), ...extra };
  };
  const failure = async (made: CatalogEntry): Promise<AgentError> => {
    try {
      await loadPlugin(made);
    } catch (error) {
      return error as AgentError;
    }
    throw new Error('it loaded');
  };

  it("a class in plain JavaScript that imports claviger/sdk gets the host's copy of the SDK", async () => {
    const source = `import { definePlugin, Settings, Secret } from 'claviger/sdk';
class Mine { constructor(settings) { this.settings = settings; this.secret = new Secret('x'); } async write() {} }
export default definePlugin(Mine, [Settings]);`;
    const target = await loadPlugin(entry(source));
    const instance = new target({ a: 1 }) as { secret: object };
    const { Secret } = await import('../../../core/sdk/index.js');
    expect(Object.getPrototypeOf(instance.secret)).to.equal(Secret.prototype);
  });

  const cases: readonly (readonly [string, string | undefined, string, RegExp])[] = [
    ['an entry file that is missing', undefined, 'PLUGIN_ENTRY', /sink "mine" cannot be loaded: .* cannot be read/],
    ['a syntax error', 'export default class {', 'PLUGIN_ENTRY', /sink "mine" cannot be loaded/],
    [
      'code that throws while it is imported',
      'throw new Error("on import"); export default 1',
      'PLUGIN_ENTRY',
      /on import/,
    ],
    [
      'an import that does not exist',
      'import "no-such-thing"; export default class {}',
      'PLUGIN_ENTRY',
      /no-such-thing/,
    ],
    ['no default export', 'export class Mine {}', 'PLUGIN_SHAPE', /no class as default export/],
    ['a class without the methods of its kind', 'export default class {}', 'PLUGIN_SHAPE', /lacks write\(\)/],
    ['CommonJS', 'module.exports = class {}', 'PLUGIN_NOT_ESM', /not an ES module/],
  ];
  for (const [name, source, code, message] of cases) {
    it(`refuses ${name} with ${code}`, async () => {
      const error = await failure(entry(source));
      expect(error.code).to.equal(code);
      expect(error.message).to.match(message);
      expect(error.at).to.include(folder);
    });
  }

  it('refuses a file whose checksum is not the one of the configuration', async () => {
    const source = 'export default class { async write() {} }';
    const right = createHash('sha256').update(source).digest('hex');
    expect((await failure(entry(source, { sha256: 'ab'.repeat(32) }))).code).to.equal('PLUGIN_CHECKSUM');
    expect(await loadPlugin(entry(source, { sha256: right.toUpperCase() }))).to.be.a('function');
  });
});
