// `claviger plugin list | describe`: from manifests and schemas, without running plugin code.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, hasErrors } from '../../boot/load-config.js';
import { formatProblems } from '../../config/problems.js';
import type { CatalogEntry } from '../../contracts/catalog.js';
import { agentError } from '../../sdk/index.js';
import type { Command } from '../dispatch.js';
import { parseFlags, type Flag } from '../flags.js';
import { asksForHelp, helpText } from '../help.js';

const FLAGS: readonly Flag[] = [
  { name: 'directory', kind: 'list', help: 'also look for plugins here', placeholder: 'path' },
  { name: 'json', kind: 'boolean', help: 'print JSON' },
];

const ABOUT =
  '  list              every plugin: kind, name, stability, summary\n  describe <name>   settings of a plugin, with its sample';

/** The `plugin` command. */
export const pluginCommand: Command = async (argv, terminal) => {
  const [action, ...rest] = argv;
  if (action === undefined || asksForHelp(argv)) {
    terminal.out(helpText('claviger plugin list|describe [options] [name]', ABOUT, FLAGS));
    return action === undefined ? 1 : 0;
  }
  const parsed = parseFlags(rest, FLAGS);
  const { catalog, problems } = await loadConfig({
    paths: [],
    product: 'agent',
    env: terminal.env,
    flags: {},
    strict: false,
    pluginDirectories: (parsed.values.directory as string[] | undefined) ?? [],
  });
  const broken = problems.filter((problem) => problem.code.startsWith('PLUGIN_') || problem.key === 'plugin_directory');
  if (broken.length > 0) terminal.err(formatProblems(broken, new Map(), { color: terminal.errIsTerminal }));
  const all = catalog.all();
  if (action === 'list') {
    terminal.out(
      parsed.values.json === true
        ? `${JSON.stringify(
            all.map((entry) => entry.manifest),
            undefined,
            2,
          )}\n`
        : list(all),
    );
    return hasErrors(broken) ? 1 : 0;
  }
  if (action !== 'describe') throw agentError('CONFIG_USAGE', { detail: `unknown action "plugin ${action}"` });
  const name = parsed.operands[0];
  if (name === undefined) throw agentError('CONFIG_USAGE', { detail: 'plugin describe needs a name' });
  const found = all.filter((entry) => entry.manifest.name === name || entry.manifest.aliases?.includes(name));
  if (found.length === 0)
    throw agentError('PLUGIN_NOT_FOUND', { kind: 'plugin', name }, { hint: '"claviger plugin list" shows all' });
  terminal.out(found.map(describe).join('\n'));
  return 0;
};

function list(entries: readonly CatalogEntry[]): string {
  const rows = entries.map(({ manifest, origin }) => [
    manifest.kind,
    manifest.name,
    manifest.stability,
    origin,
    manifest.summary,
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)) + 2);
  return rows
    .map((row) => `${row.map((cell, column) => (column < 4 ? cell.padEnd(widths[column]!) : cell)).join('')}\n`)
    .join('');
}

interface SettingsSchema {
  readonly required?: readonly string[];
  readonly properties?: Readonly<
    Record<string, { readonly type?: unknown; readonly default?: unknown; readonly description?: string }>
  >;
}

function describe(entry: CatalogEntry): string {
  const { manifest } = entry;
  const schema = JSON.parse(readFileSync(entry.schemaPath, 'utf8')) as SettingsSchema;
  const settings = Object.entries(schema.properties ?? {}).map(([key, property]) => {
    const facts = [
      schema.required?.includes(key) ? 'required' : undefined,
      property.default === undefined ? undefined : `default ${JSON.stringify(property.default)}`,
    ].filter((fact) => fact !== undefined);
    return `  ${key}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}\n      ${property.description ?? ''}`;
  });
  const head = `${manifest.kind} "${manifest.name}" ${manifest.version} (${manifest.stability})\n${manifest.summary}\n`;
  const names = manifest.aliases?.length ? `Other names: ${manifest.aliases.join(', ')}\n` : '';
  return `${head}${names}\nSettings:\n${settings.join('\n')}\n\nSample:\n${sample(entry)}`;
}

function sample(entry: CatalogEntry): string {
  try {
    return readFileSync(join(entry.folder, 'sample.hcl'), 'utf8');
  } catch {
    return '(none)\n';
  }
}
