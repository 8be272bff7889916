// Numbers of HCL 1: decimal, octal (leading 0), hexadecimal, with fraction and exponent. Integers must fit in 64 bits, as in the reference.
import type { Flaw, Word } from './token.js';

const NUMBER = /-?0[xX][0-9a-fA-F]*|(?:-?\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d*)?/y;
const TAIL = /[\p{L}_.:-][\p{L}\p{Nd}_.:-]*/uy;
const MOST = (1n << 63n) - 1n;

/** The number at `start`, or undefined when none stands there. Letters right behind it (`5m`) are part of it and a flaw. */
export function lexNumber(text: string, start: number): Word | undefined {
  const raw = matchAt(NUMBER, text, start);
  if (raw === undefined) return undefined;
  const tail = matchAt(TAIL, text, start + raw.length);
  const end = start + raw.length + (tail?.length ?? 0);
  if (tail !== undefined) return { type: 'number', end, value: 0, flaw: tailFlaw(start, raw, tail) };
  return { type: 'number', end, ...readNumber(raw, start) };
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function readNumber(raw: string, start: number): { value: number; flaw?: Flaw } {
  const digits = raw.replace('-', '');
  if (/^0[xX]/.test(digits))
    return digits.length > 2
      ? readInteger(raw, digits, start)
      : flawed(start + raw.length, 'a hexadecimal number needs digits after 0x');
  if (!/^\d+$/.test(digits)) return readFloat(raw, start);
  if (!/^0\d/.test(digits)) return readInteger(raw, digits, start);
  if (/[89]/.test(digits)) {
    return flawed(
      start + raw.length,
      'a number that starts with 0 is octal and has no digits 8 and 9',
      'remove the leading 0 or use only the digits 0 to 7',
    );
  }
  return readInteger(raw, `0o${digits.slice(1)}`, start);
}

function readInteger(raw: string, digits: string, start: number): { value: number; flaw?: Flaw } {
  const size = BigInt(digits);
  const value = raw.startsWith('-') ? -size : size;
  if (value > MOST || value < -MOST - 1n)
    return flawed(start, 'the number does not fit in 64 bits', 'put it in quotes if it is meant as text');
  return { value: Number(value) };
}

function readFloat(raw: string, start: number): { value: number; flaw?: Flaw } {
  const value = Number(raw);
  return Number.isFinite(value) ? { value } : flawed(start, 'this is not a number that can be stored');
}

function tailFlaw(start: number, raw: string, tail: string): Flaw {
  const detail = 'there are letters or signs right behind the number';
  if (raw === '0' && /^o[0-7]+$/.test(tail))
    return { offset: start, detail, hint: `write octal numbers with a leading 0 only: 0${tail.slice(1)}` };
  const duration = /^(?:ns|us|µs|ms|[smhd])(?:[\d.]+(?:ms|[smh]))*$/.test(tail);
  return {
    offset: start,
    detail,
    hint: duration ? `put durations in quotes: "${raw}${tail}"` : 'put text in double quotes',
  };
}

function flawed(offset: number, detail: string, hint?: string): { value: number; flaw: Flaw } {
  return { value: 0, flaw: hint === undefined ? { offset, detail } : { offset, detail, hint } };
}
