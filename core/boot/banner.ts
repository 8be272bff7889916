// The start banner with the markers that operators and scripts look for (spec config 2.3). Pure.

/** The block after the start: one line per fact, keys right-aligned so that the colon ends at column 25. */
export function banner(product: 'agent' | 'proxy', facts: Readonly<Record<string, string>>): string {
  const title = product === 'agent' ? 'Claviger Agent' : 'Claviger Proxy';
  const lines = Object.entries(facts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${`${key}:`.padStart(25)} ${value}`);
  return `==> ${title} configuration:\n\n${lines.join('\n')}\n\n`;
}

/** The line before the log begins to stream. */
export const startedLine = (product: 'agent' | 'proxy'): string =>
  `==> Claviger ${product === 'agent' ? 'Agent' : 'Proxy'} started! Log data will stream in below:\n\n`;
