// The generated reference pages: rendered from schemas, codes, options, metrics and manifests. `npm run docs` writes them, docs.test.ts compares.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AGENT_FLAGS } from '../../core/cli/agent-flags.js';
import { overview } from '../../core/cli/dispatch.js';
import type { Flag } from '../../core/cli/flags.js';
import { AUTH_FLAGS } from '../../core/cli/commands/auth.js';
import { CACHE_FLAGS } from '../../core/cli/commands/cache.js';
import { DEV_FLAGS } from '../../core/cli/commands/dev.js';
import { CACHE_REASONS } from '../../core/contracts/reasons.js';
import { METRICS } from '../../core/contracts/metrics.js';
import { CODES, type Manifest } from '../../core/sdk/index.js';
import { pluginPages } from './plugin-pages.js';
import { ROOT, filesBelow, textOf } from './sources.js';
import { NOTE, readSchema, settingsTable, table } from './tables.js';

function configPage(): string {
  const blocks = filesBelow('config-schema/blocks', '.schema.json').map((path) => {
    const name = path.replace(/^.*\/|\.schema\.json$/g, '').replaceAll('-', '_');
    const schema = readSchema(path);
    return `## ${name}\n\n${schema.description ?? ''}\n\n${settingsTable(schema)}`;
  });
  const plugins = filesBelow('plugins', 'plugin.json').flatMap((path) => {
    const manifest = JSON.parse(textOf(path)) as Manifest;
    if (manifest.kind === 'auth-method' || manifest.kind === 'sink') return [];
    const schema = readSchema(join(dirname(path), manifest.schema));
    return `## ${manifest.kind} "${manifest.name}"\n\n${manifest.summary}.\n\n${settingsTable(schema)}`;
  });
  const notBuilt = JSON.parse(textOf('config-schema/not-built.json')) as { entries: { what: string }[] };
  const list = [...new Set(notBuilt.entries.map(({ what }) => `- ${what}\n`))].join('');
  return `# Configuration\n\n${NOTE}HCL (version 1) and JSON have the same keys. Durations are seconds, or texts such as \`90s\`, \`1h30m\`, \`2d\`.

Settings of [auth methods](auth/README.md) and [sinks](sinks/README.md) have pages of their own.

## Top level\n\n${settingsTable(readSchema('config-schema/agent.schema.json'))}\n${blocks.join('\n')}\n${plugins.join('\n')}
## Understood, but not built yet\n\nThese are read and checked; \`claviger agent\` refuses to start with them (\`CONFIG_NOT_SUPPORTED_YET\`).\n\n${list}`;
}

function errorsPage(): string {
  const named = new Proxy({}, { get: (_target, name) => `<${String(name)}>` });
  const rows = Object.entries(CODES).map(([code, entry]) => {
    const text = (entry.text as (params: unknown) => string)(named);
    return [`\`${code}\``, entry.act, `\`${text}\``, 'hint' in entry ? String(entry.hint) : ''];
  });
  const acts = table(
    ['act', 'who must do what'],
    [
      ['fix-config', 'the operator: change the configuration'],
      ['fix-credential', 'the operator: give the agent working credentials'],
      ['fix-host', 'the operator: change something on this machine (a folder, a port, a permission)'],
      ['fix-plugin', 'the author of the plugin, or whoever installed it'],
      ['wait', 'nobody: the agent tries again by itself'],
      ['report-bug', 'us: please report it'],
    ],
  );
  return `# Error codes\n\n${NOTE}Each error has a code, an \`act\` that says who must do what, and a text.\n\n${acts}\n${table(['code', 'act', 'text', 'what to do'], rows)}`;
}

function flagTable(flags: readonly Flag[]): string {
  const rows = flags.filter((flag) => !flag.hidden).map((flag) => [`\`-${flag.name}\``, flag.kind, flag.help]);
  return table(['option', 'value', 'meaning'], rows);
}

function cliPage(): string {
  return `# Command line\n\n${NOTE}Options take one or two dashes; \`-x=value\` or \`-x value\`; booleans need \`=\` to be set to false.

\`\`\`text\n${overview()}\`\`\`\n\n## agent, proxy\n\n${flagTable(AGENT_FLAGS)}\n## auth test\n\n${flagTable(AUTH_FLAGS)}\n## cache\n\n${flagTable(CACHE_FLAGS)}
## dev\n\n${flagTable(DEV_FLAGS)}
## Exit codes\n\n${table(
    ['code', 'when'],
    [
      ['0', 'stopped by a signal or by the quit endpoint; exit_after_auth is done'],
      ['1', 'wrong options or configuration, a failed start, exit_on_err, a second signal'],
    ],
  )}
## Signals\n\n${table(
    ['signal', 'effect'],
    [
      ['SIGTERM, SIGINT', 'orderly stop; a second one cuts at once'],
      [
        'SIGHUP',
        'reads the configuration again: log level, listener certificates and TLS files of the upstream client change, nothing else does',
      ],
      ['SIGUSR1', 'prints the metrics to standard error'],
    ],
  )}`;
}

function metricsPage(): string {
  const rows = Object.entries(METRICS).map(([name, { kind, help }]) => [`\`${name}\``, kind, help]);
  return `# Metrics\n\n${NOTE}\`GET /agent/v1/metrics\` (JSON), with \`?format=prometheus\` in Prometheus' text form when there is a \`telemetry\` block.
Names get the prefix \`vault\`, or \`telemetry.metrics_prefix\`. Counters count since the start of the process.\n\n${table(['name', 'kind', 'meaning'], rows)}`;
}

function reasonsPage(): string {
  const rows = Object.entries(CACHE_REASONS).map(([reason, meaning]) => [`\`${reason}\``, meaning]);
  return `# Cache reasons\n\n${NOTE}Why a request went to the server, and why its answer was or was not kept. The code is in the header \`X-Cache-Reason\`, in the
metric \`agent.cache.bypass\` (label \`reason\`), in debug lines (\`why\`) and in \`claviger cache explain\`.\n\n${table(['reason', 'meaning'], rows)}`;
}

function sdkPage(): string {
  const files = filesBelow('dist/core/sdk', '.d.ts').filter((path) => !path.includes('/testing/'));
  const texts = files.map(
    (path) =>
      `## ${path.replace('dist/core/', '').replace('.d.ts', '.ts')}\n\n\`\`\`ts\n${declarations(path)}\n\`\`\`\n`,
  );
  return `# Declarations of claviger/sdk\n\n${NOTE}A difference here needs a line in CHANGELOG.md.\n\n${texts.join('\n')}`;
}

const declarations = (path: string): string =>
  readFileSync(join(ROOT, path), 'utf8')
    .replace(/\/\/# sourceMappingURL=.*\n?/, '')
    .trim();

/** All generated pages by path from the root. */
export function referencePages(): Readonly<Record<string, string>> {
  return {
    'docs/reference/config.md': configPage(),
    'docs/reference/errors.md': errorsPage(),
    'docs/reference/cli.md': cliPage(),
    'docs/reference/metrics.md': metricsPage(),
    'docs/reference/cache-reasons.md': reasonsPage(),
    'docs/reference/sdk.api.md': sdkPage(),
    ...pluginPages(),
  };
}
