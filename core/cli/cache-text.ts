// What `claviger cache` prints for people. Pure. Answers come from another process: everything is shown without control characters.
type Row = Readonly<Record<string, unknown>>;

/** A value on one line. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : value === null || value === undefined ? '-' : JSON.stringify(value);
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
}

const COLUMNS: readonly (readonly [head: string, of: (row: Row) => string])[] = [
  ['ID', (row) => shown(row.id)],
  ['KIND', (row) => shown(row.kind)],
  ['STATE', (row) => shown(row.state)],
  ['AGE', (row) => span(row.age_seconds)],
  ['LEFT', (row) => span(row.remaining_seconds)],
  ['NEXT', (row) => span(row.next_in_seconds)],
  ['RENEWED', (row) => shown(row.renewals)],
  ['BYTES', (row) => shown(row.bytes)],
  ['NAMESPACE', (row) => shown(row.namespace) || '-'],
  ['PATH', (row) => shown(row.path)],
];

/** A table of entries, and a line that counts. */
export function entryTable(answer: Row): string {
  const entries = rowsOf(answer.entries);
  const table = entries.length === 0 ? '' : aligned([COLUMNS.map(([head]) => head), ...entries.map(cells)]);
  const more = Number(answer.matched ?? entries.length) - entries.length;
  const rest = more > 0 ? ` ${more} more match; ask with -limit.` : '';
  return `${table}${countLine(answer)}${rest}\n`;
}

const cells = (row: Row): string[] => COLUMNS.map(([, of]) => of(row));

function countLine(answer: Row): string {
  const bound = (most: unknown): string => (Number(most) > 0 ? ` of ${shown(most)}` : '');
  return `${shown(answer.size)}${bound(answer.max_entries)} entries, ${shown(answer.bytes)}${bound(answer.max_bytes)} bytes.`;
}

/** The members of an answer that are objects. */
export const rowsOf = (value: unknown): Row[] =>
  Array.isArray(value)
    ? value.filter((row): row is Row => typeof row === 'object' && row !== null && !Array.isArray(row))
    : [];

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)) + 2);
  return rows
    .map(
      (row) =>
        `${row
          .map((text, column) => text.padEnd(widths[column]!))
          .join('')
          .trimEnd()}\n`,
    )
    .join('');
}

/** Seconds as people read them: `45s`, `12m`, `3h20m`, `2d`. */
export function span(value: unknown): string {
  if (typeof value !== 'number') return '-';
  if (value < 120) return `${value}s`;
  if (value < 7_200) return `${Math.floor(value / 60)}m`;
  if (value < 172_800) return `${Math.floor(value / 3_600)}h${Math.floor((value % 3_600) / 60)}m`;
  return `${Math.floor(value / 86_400)}d`;
}

/** One entry, a line for each member. */
export function entryText(row: Row): string {
  return Object.entries(row)
    .map(([key, value]) => `${shown(key).padEnd(18)}${shown(value) || '-'}\n`)
    .join('');
}

const VERDICTS: Readonly<Record<string, string>> = {
  hit: 'It would be answered from the cache.',
  lookup: 'It is held, but would be looked up at the server before it is given out.',
  perhaps: 'It is held as a static secret, and given out if this token has read it before.',
  miss: 'It would go to the server; nothing is held for it.',
  bypass: 'It would go to the server, and its answer is not kept.',
};

/** What `explain` found out. */
export function explanation(answer: Row): string {
  const verdict = shown(answer.verdict);
  const head = `${shown(answer.method)} ${shown(answer.path)}, token: ${shown(answer.token)}\n${verdict}: ${VERDICTS[verdict] ?? ''}\n`;
  const last =
    answer.last_reason === undefined
      ? ''
      : `last time: ${shown(answer.last_reason)} ${shown(answer.last_meaning ?? '')}\n`;
  const entries = rowsOf(answer.entries);
  const table = entries.length === 0 ? '' : `\n${aligned([COLUMNS.map(([name]) => name), ...entries.map(cells)])}`;
  return `${head}${part('leases and tokens', answer.lease)}${part('static secrets', answer.static)}${last}${table}`;
}

function part(name: string, value: unknown): string {
  const [row] = rowsOf([value]);
  if (row === undefined) return '';
  const said =
    row.candidate === true
      ? `may be kept; held: ${shown(row.held)}`
      : `${shown(row.reason)} ${shown(row.meaning ?? '')}`;
  return `${name}: ${said.trimEnd()}\n`;
}
