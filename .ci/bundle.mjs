// Writes bundle/: the compiled code of dist joined into few files, because a start from 300 ES modules takes Node 150 ms to read and link. It is a
// tree like dist (bundle/core, bundle/plugins, beside config-schema), so that relative places hold. Core and built-in plugins share one SDK.
import { cpSync, existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const SDK = { 'claviger/sdk': 'core/sdk/index.js', 'claviger/sdk/testing': 'core/sdk/testing/index.js' };
const ENTRIES = ['core/main.js', 'core/config/second-reader-worker.js', ...Object.values(SDK)];

/** Bundles what is in dist. Code that node_modules holds stays there. */
export async function bundle(root) {
  const { build } = await import('esbuild');
  const from = join(root, 'dist');
  const to = join(root, 'bundle');
  const plugins = pluginFolders(from);
  rmSync(to, { recursive: true, force: true });
  await build({
    entryPoints: [...ENTRIES, ...plugins.map(({ entry }) => entry)].map((file) => join(from, file)),
    outbase: from,
    outdir: to,
    chunkNames: 'core/chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [sharedSdk(from), ownPlace(from)],
  });
  cpSync(join(from, 'core/config/validators'), join(to, 'core/config/validators'), { recursive: true });
  for (const { folder } of plugins) cpSync(join(from, folder), join(to, folder), { recursive: true, filter: isData });
}

const isData = (path) => !/\.(js|map|d\.ts)$/.test(path) || path.endsWith('.validate.js');

function pluginFolders(from) {
  const kinds = readdirSync(join(from, 'plugins'));
  return kinds
    .flatMap((kind) => readdirSync(join(from, 'plugins', kind)).map((name) => join('plugins', kind, name)))
    .filter((folder) => existsSync(join(from, folder, 'plugin.json')))
    .map((folder) => {
      const { entry } = JSON.parse(readFileSync(join(from, folder, 'plugin.json'), 'utf8'));
      return { folder, entry: join(folder, entry) };
    });
}

/** `claviger/sdk` in a built-in plugin is the very SDK of the bundled core. */
const sharedSdk = (from) => ({
  name: 'shared-sdk',
  setup({ onResolve }) {
    onResolve({ filter: /^claviger\/sdk(\/testing)?$/ }, ({ path }) => ({ path: join(from, SDK[path]) }));
  },
});

/** `import.meta.url` stays the place a module has in the tree, whichever file it was joined into. */
const ownPlace = (from) => ({
  name: 'own-place',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (path.includes('node_modules') || !text.includes('import.meta.url')) return undefined;
      const place = JSON.stringify(`/bundle/${relative(from, path).replaceAll('\\', '/')}`);
      const top = "import.meta.url.slice(0, import.meta.url.lastIndexOf('/bundle/'))";
      return { contents: text.replaceAll('import.meta.url', `(${top} + ${place})`), resolveDir: dirname(path) };
    });
  },
});
