// Log records as lines for people: `2026-01-02T15:04:05.000Z [INFO]  agent.auth.handler: authenticating key=value` (spec config 2.3).

/** A record as the JSON format writes it. */
export interface LogRecord {
  readonly '@level': string;
  readonly '@message': string;
  readonly '@module': string;
  readonly '@timestamp': string;
  readonly [field: string]: unknown;
}

const COLOURS: Readonly<Record<string, number>> = { trace: 90, debug: 36, info: 32, warn: 33, error: 31 };
const FIXED = new Set(['@level', '@message', '@module', '@timestamp']);

/** One line with its line break. Colours are for terminals. */
export function formatLine(record: LogRecord, colour: boolean): string {
  const level = `[${record['@level'].toUpperCase()}]`.padEnd(7);
  const shown = colour ? `\u001b[${COLOURS[record['@level']] ?? 0}m${level}\u001b[0m` : level;
  const fields = Object.entries(record)
    .filter(([key, value]) => !FIXED.has(key) && value !== undefined)
    .map(([key, value]) => ` ${key}=${formatValue(value)}`)
    .join('');
  const head = `${record['@timestamp']} ${shown} ${record['@module']}: ${oneLine(record['@message'])}`;
  return `${head}${fields === '' ? '' : `:${fields}`}\n`;
}

function formatValue(value: unknown): string {
  if (typeof value !== 'string') return oneLine(JSON.stringify(value) ?? 'null');
  return oneLine(value === '' || /[\s"=\u0000-\u001f]/.test(value) ? JSON.stringify(value) : value);
}

// What would begin a line or command a terminal, in a path or in somebody's message, is shown by its number.
function oneLine(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
