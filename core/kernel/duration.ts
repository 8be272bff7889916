// Durations as Vault's configuration and API write them. Pure; knows the grammar (digits, `<int>d`, Go's units), not what is timed.

/** What reading a duration gives: milliseconds (fractions allowed, `1us` is 0.001), or the reference's error text. */
export type DurationReading = { readonly ms: number } | { readonly error: string };

const SECOND = 1_000_000_000n;
const DAY = 86_400n * SECOND;
const MOST = (1n << 63n) - 1n;
const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', SECOND],
  ['m', 60n * SECOND],
  ['h', 3_600n * SECOND],
]);

/**
 * Reads a duration setting: a number or digits mean seconds, `<int>d` means days, otherwise Go's syntax (`1h30m`, `250ms`, `1.5h`, signs).
 * Empty text, null and undefined are 0; a fractional number is cut to whole seconds (spec config 1.3). Error texts are those of the reference.
 */
export function readDuration(value: unknown): DurationReading {
  if (value === null || value === undefined || value === '') return { ms: 0 };
  if (typeof value === 'number')
    return Number.isFinite(value) ? fromNs(BigInt(Math.trunc(value)) * SECOND, String(value)) : invalid(String(value));
  if (typeof value !== 'string') return { error: 'could not parse duration from input' };
  if (/^[+-]?\d+$/.test(value)) return fromNs(BigInt(value.replace('+', '')) * SECOND, value);
  if (/^[+-]?\d+d$/.test(value)) return fromNs(BigInt(value.slice(0, -1).replace('+', '')) * DAY, value);
  return readGo(value);
}

/** The milliseconds of a duration setting, or undefined when it is none. `readDuration` also tells why. */
export function parseDuration(value: unknown): number | undefined {
  const reading = readDuration(value);
  return 'ms' in reading ? reading.ms : undefined;
}

/** Go's way to print a duration: `5m0s`, `1h30m0s`, `250ms`, `1.5µs`, `0s`. Below a nanosecond is cut off. */
export function formatGoDuration(ms: number): string {
  const ns = BigInt(Math.round(Math.abs(ms) * 1e6));
  if (ns === 0n) return '0s';
  return (ms < 0 ? '-' : '') + (ns < SECOND ? formatSmall(ns) : formatLarge(ns));
}

function formatSmall(ns: bigint): string {
  if (ns < 1_000n) return `${ns}ns`;
  return ns < 1_000_000n ? `${decimal(ns, 1_000n)}\u00b5s` : `${decimal(ns, 1_000_000n)}ms`;
}

function formatLarge(ns: bigint): string {
  const minutes = ns / (60n * SECOND);
  const seconds = `${decimal(ns % (60n * SECOND), SECOND)}s`;
  if (minutes === 0n) return seconds;
  const hours = minutes / 60n;
  return hours === 0n ? `${minutes}m${seconds}` : `${hours}h${minutes % 60n}m${seconds}`;
}

function decimal(ns: bigint, unit: bigint): string {
  const width = String(unit).length - 1;
  const fraction = String(ns % unit)
    .padStart(width, '0')
    .replace(/0+$/, '');
  return fraction === '' ? `${ns / unit}` : `${ns / unit}.${fraction}`;
}

function readGo(text: string): DurationReading {
  const negative = text.startsWith('-');
  let rest = /^[+-]/.test(text) ? text.slice(1) : text;
  if (rest === '') return invalid(text);
  let total = 0n;
  while (rest !== '') {
    const [, whole = '', fraction = '', unit = ''] = /^(\d*)(?:\.(\d*))?([^\d.]*)/.exec(rest) ?? [];
    const number = /^(?:\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) return invalid(text);
    if (unit === '') return { error: `time: missing unit in duration ${JSON.stringify(text)}` };
    const scale = UNITS.get(unit);
    if (scale === undefined)
      return { error: `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}` };
    total += BigInt(whole || '0') * scale + (BigInt(fraction || '0') * scale) / 10n ** BigInt(fraction.length);
    if (total > MOST + 1n) return invalid(text);
    rest = rest.slice(number.length + unit.length);
  }
  return fromNs(negative ? -total : total, text);
}

function fromNs(ns: bigint, text: string): DurationReading {
  if (ns > MOST || ns < -MOST - 1n) return invalid(text);
  return { ms: Number(ns) / 1e6 };
}

function invalid(text: string): DurationReading {
  return { error: `time: invalid duration ${JSON.stringify(text)}` };
}
