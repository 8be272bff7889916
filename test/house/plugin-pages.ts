// Generated pages of auth methods and sinks: settings with where each comes from, environment, sample, and the troubles that the README lists.
import { dirname, join } from 'node:path';
import type { Manifest } from '../../core/sdk/index.js';
import { filesBelow, textOf } from './sources.js';
import { NOTE, table, type Schema, needText, readSchema, typeText } from './tables.js';

/** What Vault's or OpenBao's agent has too; everything else is ours (spec auth-wire 1.1). */
const OF_THE_REFERENCE: Readonly<Record<string, readonly string[]>> = {
  'auth-method': 'alicloud approle aws azure cert cf gcp jwt kerberos kubernetes ldap oci token_file'.split(' '),
  sink: ['file'],
};
const FOLDERS = { 'auth-method': 'auth', sink: 'sinks' } as const;

/** `docs/reference/auth/*.md` and `docs/reference/sinks/*.md` by path, with an index of each. */
export function pluginPages(): Record<string, string> {
  const pages: Record<string, string> = {};
  for (const [kind, folder] of Object.entries(FOLDERS)) {
    const found = filesBelow(`plugins/${kind}`, 'plugin.json').map((path) => ({
      home: dirname(path),
      manifest: JSON.parse(textOf(path)) as Manifest,
    }));
    for (const { home, manifest } of found)
      pages[`docs/reference/${folder}/${manifest.name}.md`] = page(home, manifest);
    pages[`docs/reference/${folder}/README.md`] = index(
      kind as keyof typeof FOLDERS,
      found.map(({ manifest }) => manifest),
    );
  }
  return pages;
}

const isOfTheReference = ({ kind, name }: Manifest): boolean => OF_THE_REFERENCE[kind]?.includes(name) === true;

function index(kind: keyof typeof FOLDERS, manifests: readonly Manifest[]): string {
  const title = kind === 'sink' ? 'Sinks' : 'Auth methods';
  const rows = manifests.map((manifest) => [
    `[${manifest.name}](${manifest.name}.md)${aliasText(manifest)}`,
    manifest.summary,
    isOfTheReference(manifest) ? 'as in the reference, with additions' : 'ours',
  ]);
  return `# ${title}\n\n${NOTE}${table(['name', 'what it does', 'where from'], rows)}`;
}

const aliasText = ({ aliases = [] }: Manifest): string => (aliases.length === 0 ? '' : ` (also ${aliases.join(', ')})`);

function page(home: string, manifest: Manifest): string {
  const { name, kind, summary, mount, env = [] } = manifest;
  const schema = readSchema(join(home, manifest.schema));
  const facts = [
    `${summary}.${aliasText(manifest) === '' ? '' : ` Also written ${(manifest.aliases ?? []).join(', ')}.`}`,
    ...(mount === undefined ? [] : [`Default mount path: \`${mount}\`.`]),
    isOfTheReference(manifest)
      ? "Settings marked `reference` are those of Vault's and OpenBao's agents and mean the same; the others are ours."
      : "Vault's and OpenBao's agents do not have it: all settings are ours.",
  ];
  const variables = env.length === 0 ? '' : `## Environment\n\nIt may read ${env.map(variableText).join(', ')}.\n\n`;
  const sample = `## Sample\n\n\`\`\`hcl\n${textOf(join(home, 'sample.hcl'))}\`\`\`\n`;
  const title = kind === 'sink' ? 'Sink' : 'Auth method';
  return `# ${title} ${name}\n\n${NOTE}${facts.join(' ')}\n\n## Settings\n\n${settings(schema, manifest)}\n${variables}${sample}\n${troubles(home)}`;
}

const variableText = (entry: string): string =>
  entry.startsWith('setting:') ? `the variable that \`${entry.slice('setting:'.length)}\` names` : `\`${entry}\``;

function settings(schema: Schema, manifest: Manifest): string {
  const rows = Object.entries(schema.properties ?? {}).map(([key, property]) => {
    const ours = property['x-since'];
    const from =
      ours === undefined && isOfTheReference(manifest) ? 'reference' : `ours, since ${ours ?? manifest.version}`;
    const old = property['x-deprecated'] ? ' (deprecated)' : '';
    return [`\`${key}\`${old}`, typeText(property), needText(schema, key), from, property.description ?? ''];
  });
  return table(['key', 'type', 'default', 'where from', 'meaning'], rows);
}

function troubles(home: string): string {
  const [, section = ''] = textOf(join(home, 'README.md')).split(/^(?=## What goes wrong$)/m);
  return section === '' ? '' : `${section.trimEnd()}\n`;
}
