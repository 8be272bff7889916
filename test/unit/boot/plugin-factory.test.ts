// Which environment variables a plugin sees: those of its manifest, and those that a setting of it names.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { rootContainer } from '../../../core/boot/containers.js';
import { StatusBoard } from '../../../core/boot/health.js';
import { PluginFactory } from '../../../core/boot/plugin-factory.js';
import type { CatalogEntry } from '../../../core/contracts/catalog.js';
import type { EnvAccess, Manifest } from '../../../core/sdk/index.js';
import { LogSpy, VaultFake, VirtualClock } from '../../../core/sdk/testing/index.js';

const SDK = new URL('../../../core/sdk/index.js', import.meta.url).href;

describe('boot: variables of a plugin', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claviger-factory-'));
    const code = `import { Env, definePlugin } from ${JSON.stringify(SDK)};\nclass Look { constructor(env) { this.env = env; } prepare() {} }\nexport default definePlugin(Look, [Env]);\n`;
    await writeFile(join(folder, 'index.mjs'), code);
  });
  after(() => rm(folder, { recursive: true }));

  const envOf = async (env: readonly string[], settings: unknown): Promise<EnvAccess> => {
    const manifest: Manifest = {
      ...({ sdk: 1, kind: 'auth-method', name: 'look', entry: './index.mjs', schema: './schema.json' } as const),
      ...({ summary: 's', version: '1.0.0', stability: 'stable', env } as const),
    };
    const entry: CatalogEntry = {
      manifest,
      folder,
      origin: 'built-in',
      entryPath: join(folder, 'index.mjs'),
      schemaPath: join(folder, 'schema.json'),
    };
    const clock = new VirtualClock();
    const factory = new PluginFactory({
      catalog: { all: () => [entry], find: () => entry },
      root: rootContainer({ clock, upstream: new VaultFake() }),
      log: { named: () => new LogSpy() },
      clock,
      board: new StatusBoard(() => clock.now()),
      env: { NAMED: 'a', CHOSEN: 'b', OTHER: 'c' },
    });
    const request = { kind: 'auth-method', name: 'look', id: 'x', settings, logName: 'x' } as const;
    return (await factory.make<{ env: EnvAccess }>(request)).instance.env;
  };
  const seen = (env: EnvAccess): (string | undefined)[] => ['NAMED', 'CHOSEN', 'OTHER'].map((name) => env.get(name));

  it('sees those of the manifest and no others', async () => {
    expect(seen(await envOf(['NAMED'], { variable: 'CHOSEN' }))).to.deep.equal(['a', undefined, undefined]);
  });

  it('sees the one that a setting names, when the manifest says setting:<name>', async () => {
    expect(seen(await envOf(['NAMED', 'setting:variable'], { variable: 'CHOSEN' }))).to.deep.equal([
      'a',
      'b',
      undefined,
    ]);
  });

  for (const settings of [{}, { variable: 7 }, { variable: null }, undefined])
    it(`sees nothing more with ${JSON.stringify(settings) ?? 'no settings'}`, async () => {
      expect(seen(await envOf(['setting:variable'], settings))).to.deep.equal([undefined, undefined, undefined]);
    });
});
