// Scalars of HCL and JSON -> the type a schema asks for (spec config 1.3, lenient as "Ours"). Pure; undefined means "cannot be that".
import { parseDuration } from '../kernel/duration.js';
import type { ScalarValue } from './located.js';
import type { Schema } from './schema.js';

const TRUE = new Set(['1', 't', 'T', 'true', 'True', 'TRUE']);
const FALSE = new Set(['', '0', 'f', 'F', 'false', 'False', 'FALSE']);

/** A boolean: itself, 0 or not 0, or the words of Go's parser; empty text is false. */
export function toBoolean(value: string | number | boolean): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (TRUE.has(value)) return true;
  return FALSE.has(value) ? false : undefined;
}

/** A whole number: a literal without point or exponent, or text with 0x, 0o, 0b or 0 in front. */
export function toInteger(scalar: ScalarValue): number | undefined {
  const { value, raw } = scalar;
  if (typeof value === 'number') return Number.isSafeInteger(value) && !isFloat(raw) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  return fromText(value.trim());
}

function isFloat(raw: string | undefined): boolean {
  return raw !== undefined && !/^[+-]?0x/i.test(raw) && /[.e]/i.test(raw);
}

function fromText(text: string): number | undefined {
  const [, sign = '', digits = ''] =
    /^([+-]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)$/.exec(text) ?? [];
  if (digits === '') return undefined;
  const value = Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  if (!Number.isSafeInteger(value)) return undefined;
  return sign === '-' ? -value : value;
}

/** A number: a literal or text. */
export function toNumber({ value }: ScalarValue): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value.trim())) return undefined;
  return Number(value);
}

/** A text: itself, or a whole number as it is written. */
export function toText(scalar: ScalarValue): string | undefined {
  if (typeof scalar.value === 'string') return scalar.value;
  if (typeof scalar.value !== 'number' || toInteger(scalar) === undefined) return undefined;
  return scalar.raw !== undefined && /^[1-9]\d*$/.test(scalar.raw) ? scalar.raw : String(scalar.value);
}

/** A file mode: octal text (`0640`, `640`, `0o640`), or the number. */
export function toOctal(scalar: ScalarValue): number | undefined {
  const { value } = scalar;
  if (typeof value !== 'string') return toInteger(scalar);
  const digits = value.trim().replace(/^0o/i, '');
  return /^[0-7]{1,7}$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** True for a decimal mode whose digits were meant to be octal: as a mode it has bits that nobody asks for (640 is 01200). */
export function meantOctal({ value, raw }: ScalarValue): boolean {
  if (typeof value !== 'number' || raw === undefined || !/^[1-7][0-7]{2,3}$/.test(raw)) return false;
  return value > 0o777 || READ_ONLY.has(value);
}

const READ_ONLY = new Set([400, 440, 444]);

/** Milliseconds of a duration. */
export function toDuration({ value }: ScalarValue): number | undefined {
  return typeof value === 'boolean' ? undefined : parseDuration(value);
}

const SIZES: Readonly<Record<string, number>> = { '': 1, b: 1, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 };

/** Bytes of a size: a whole number, or text such as `64MiB`. */
export function toSize(scalar: ScalarValue): number | undefined {
  if (typeof scalar.value !== 'string') return toInteger(scalar);
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?) ?(|b|[kmg]ib)$/i.exec(scalar.value.trim()) ?? [];
  if (digits === undefined) return undefined;
  const bytes = Number(digits) * (SIZES[unit.toLowerCase()] ?? 1);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The spelling of `enum`, when the schema ignores case. */
export function spelled(text: string, schema: Schema): string {
  if (schema['x-ignore-case'] !== true) return text;
  const wanted = text.trim().toLowerCase();
  const found = schema.enum?.find((one) => typeof one === 'string' && one.toLowerCase() === wanted);
  return typeof found === 'string' ? found : text;
}
