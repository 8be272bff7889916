// A value that must not be printed. It shows as "[secret]" in strings, JSON, console and inspect; `reveal()` is the one, greppable way out.
import { inspect } from 'node:util';

const BRAND = Symbol.for('claviger.secret');

/** A token, password or key in transit. Holds its text privately; equality is by value through `equals`. */
export class Secret {
  readonly #text: string;
  readonly [BRAND] = true;

  constructor(text: string) {
    this.#text = text;
  }

  /** True for a `Secret` of any copy of this SDK. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /** The text itself. Call it only where the bytes leave the process on purpose. */
  reveal(): string {
    return this.#text;
  }

  /** Number of characters, safe to log. */
  get length(): number {
    return this.#text.length;
  }

  /** Compares by value. */
  equals(other: Secret | undefined): boolean {
    return other !== undefined && other.reveal() === this.#text;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }

  [Symbol.toPrimitive](): string {
    return '[secret]';
  }
}
