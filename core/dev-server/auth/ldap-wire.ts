// One connection to a directory: simple bind, search, unbind (RFC 4511). Strict about what comes back, bounded in time. Knows no user and no group.
import { connect as plainConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { elementsOf } from './der.js';
import type { Element } from './der.js';
import { TAG, ber, berBoolean, berInteger, berText, inside, integerIn, textIn, wholeLength } from './ldap-ber.js';
import { filterBytes } from './ldap-filter.js';

/** Where the directory is. */
export interface LdapTarget {
  /** `ldap:` or `ldaps:`. */
  readonly url: URL;
  readonly timeoutMs: number;
  /** PEM of the authorities of an `ldaps:` server. */
  readonly ca: string;
  readonly insecureTls: boolean;
}

/** One entry that a search found. */
export interface LdapEntry {
  readonly dn: string;
  /** Attribute names in lower case. */
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

/** A search of the whole subtree. */
export interface LdapSearch {
  readonly base: string;
  readonly filter: string;
  readonly attributes: readonly string[];
}

const OP = { bind: 0x60, bound: 0x61, unbind: 0x42, search: 0x63, entry: 0x64, done: 0x65, reference: 0x73 } as const;
const SIMPLE = 0x80;
const SUBTREE = 2;
const MOST_BYTES = 1 << 20;

/** An open connection. */
export class LdapConnection {
  readonly #socket: Socket;
  #buffer: Buffer = Buffer.alloc(0);
  readonly #messages: Element[][] = [];
  #wake: (() => void) | undefined;
  #trouble: Error | undefined;
  #lastId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', (error) => this.#fail(error));
    socket.on('timeout', () => this.#fail(new Error('i/o timeout')));
    socket.on('close', () => this.#fail(new Error('connection closed')));
  }

  /** Connects. Rejects with a plain Error. */
  static open({ url, timeoutMs, ca, insecureTls }: LdapTarget): Promise<LdapConnection> {
    const secure = url.protocol === 'ldaps:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = url.port === '' ? (secure ? 636 : 389) : Number(url.port);
    const trust = { rejectUnauthorized: !insecureTls, ...(ca === '' ? {} : { ca }) };
    const socket = secure ? tlsConnect({ host, port, ...trust }) : plainConnect({ host, port });
    return new Promise((resolve, reject) => {
      socket.setTimeout(timeoutMs);
      const lost = (error: Error): void => {
        socket.destroy();
        reject(error);
      };
      socket.once('error', lost);
      socket.once('timeout', () => lost(new Error('i/o timeout')));
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        socket.removeAllListeners('error').removeAllListeners('timeout');
        resolve(new LdapConnection(socket));
      });
    });
  }

  /** Rejects with the directory's words unless it takes the password. An empty one is an unauthenticated bind (RFC 4513 5.1.2). */
  async bind(dn: string, password: string): Promise<void> {
    const id = this.#send(ber(OP.bind, berInteger(3), berText(dn), berText(password, SIMPLE)));
    const [, op] = await this.#next(id);
    if (op?.tag !== OP.bound) throw new Error('unexpected answer to a bind');
    checkResult(op);
  }

  async search({ base, filter, attributes }: LdapSearch): Promise<LdapEntry[]> {
    const id = this.#send(
      ber(
        OP.search,
        ...[berText(base), berInteger(SUBTREE, TAG.enumerated), berInteger(0, TAG.enumerated)],
        ...[berInteger(0), berInteger(0), berBoolean(false), filterBytes(filter)],
        ber(TAG.sequence, ...attributes.map((name) => berText(name))),
      ),
    );
    const found: LdapEntry[] = [];
    for (;;) {
      const [, op] = await this.#next(id);
      if (op?.tag === OP.entry) found.push(entryIn(op));
      else if (op?.tag === OP.done) return (checkResult(op), found);
      else if (op?.tag !== OP.reference) throw new Error('unexpected answer to a search');
    }
  }

  close(): void {
    if (this.#trouble === undefined) this.#send(ber(OP.unbind));
    this.#socket.destroy();
  }

  #send(operation: Buffer): number {
    const id = ++this.#lastId;
    this.#socket.write(ber(TAG.sequence, berInteger(id), operation));
    return id;
  }

  async #next(id: number): Promise<Element[]> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined && integerIn(message[0]) === id) return message;
      if (message !== undefined) continue;
      if (this.#trouble !== undefined) throw this.#trouble;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #take(bytes: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    for (;;) {
      const length = wholeLength(this.#buffer);
      if (length === undefined) return;
      if (Number.isNaN(length) || length > MOST_BYTES || this.#buffer[0] !== TAG.sequence)
        return this.#fail(new Error('the answer is not LDAP'));
      if (this.#buffer.length < length) return;
      const [message] = elementsOf(this.#buffer.subarray(0, length));
      this.#messages.push(inside(message));
      this.#buffer = this.#buffer.subarray(length);
      this.#ring();
    }
  }

  #fail(error: Error): void {
    this.#trouble ??= error;
    this.#socket.destroy();
    this.#ring();
  }

  #ring(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

// LDAPResult: code, matched DN, words.
function checkResult(op: Element): void {
  const [code, , words] = inside(op);
  const number = integerIn(code);
  if (number === 0) return;
  throw new Error(`LDAP Result Code ${String(number)} "${NAMES[number] ?? 'Other'}": ${textIn(words)}`);
}

const NAMES: Readonly<Record<number, string>> = {
  1: 'Operations Error',
  2: 'Protocol Error',
  32: 'No Such Object',
  49: 'Invalid Credentials',
  50: 'Insufficient Access Rights',
  51: 'Busy',
  52: 'Unavailable',
  53: 'Unwilling To Perform',
};

function entryIn(op: Element): LdapEntry {
  const [dn, list] = inside(op);
  const pairs = inside(list).map((attribute): [string, string[]] => {
    const [name, values] = inside(attribute);
    return [textIn(name).toLowerCase(), inside(values).map(textIn)];
  });
  return { dn: textIn(dn), attributes: Object.fromEntries(pairs) };
}
