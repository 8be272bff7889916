// A directory that verifies simple binds and answers searches (RFC 4511, 4513): wrong passwords, expired ones, unknown users and searches of strangers are
// refused as real directories do. Counts what it is asked. On loopback, port 0.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { message, numberOf, readNode, result, stringOf, write, type Node } from './ldap-message.js';

/** One entry. Without a password nobody binds as it. */
export interface LdapPerson {
  readonly dn: string;
  password?: string;
  expired?: boolean;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

/** A bind that was asked for. */
export interface SeenBind {
  readonly dn: string;
  readonly code: number;
}

/** PEM texts of an `ldaps:` server. */
export interface LdapTls {
  readonly cert: string;
  readonly key: string;
}

/** How the directory behaves: `silent` never answers, `html` is no directory at all. */
export type LdapMood = 'normal' | 'silent' | 'html' | 'busy';

const plainDn = (dn: string): string => dn.toLowerCase().replace(/\s*([,=])\s*/g, '$1');

/** The directory. */
export class LdapDouble {
  readonly binds: SeenBind[] = [];
  readonly searches: string[] = [];
  mood: LdapMood = 'normal';
  readonly #people = new Map<string, LdapPerson>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #scheme: string;

  private constructor(people: readonly LdapPerson[], tls: LdapTls | undefined) {
    for (const person of people) this.#people.set(plainDn(person.dn), person);
    const serve = (socket: Socket): void => this.#serve(socket);
    this.#server = tls === undefined ? createServer(serve) : createSecureServer({ ...tls }, serve);
    this.#scheme = tls === undefined ? 'ldap' : 'ldaps';
  }

  static async open(people: readonly LdapPerson[], tls?: LdapTls): Promise<LdapDouble> {
    const double = new LdapDouble(people, tls);
    await new Promise<void>((resolve) => double.#server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** The entry, to change it. */
  person(dn: string): LdapPerson {
    const found = this.#people.get(plainDn(dn));
    if (found === undefined) throw new Error(`no entry ${dn}`);
    return found;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => socket.destroy());
    const session = { dn: '' };
    let kept: Buffer = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      if (this.mood === 'silent') return;
      if (this.mood === 'html') return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n<html>no</html>');
      try {
        kept = Buffer.concat([kept, bytes]);
        for (let read = readNode(kept); read !== undefined; read = readNode(kept)) {
          kept = kept.subarray(read.size);
          this.#answer(socket, session, read.node);
        }
      } catch {
        socket.destroy();
      }
    });
  }

  #answer(socket: Socket, session: { dn: string }, node: Node): void {
    const [id, operation] = node.parts;
    if (node.tag !== 0x30 || id?.tag !== 0x02 || operation === undefined) return void socket.destroy();
    const send = (answer: Buffer): void => void socket.write(message(numberOf(id), answer));
    if (operation.tag === 0x60) return send(this.#bind(session, operation));
    if (operation.tag === 0x63) return this.#search(session, operation).forEach(send);
    socket.destroy();
  }

  #bind(session: { dn: string }, operation: Node): Buffer {
    const [version, name, proof] = operation.parts;
    const dn = stringOf(name);
    session.dn = '';
    const [code, words] = this.#judge(numberOf(version), dn, proof);
    this.binds.push({ dn, code });
    if (code === 0) session.dn = dn;
    return result(0x61, code, words);
  }

  #judge(version: number, dn: string, proof: Node | undefined): readonly [code: number, words: string] {
    if (this.mood === 'busy') return [51, 'too many connections'];
    if (version !== 3) return [2, 'historical protocol version requested'];
    if (proof?.tag !== 0x80) return [7, 'only simple binds'];
    if (dn !== '' && proof.bytes.length === 0) return [53, 'unauthenticated bind (DN with no password) disallowed'];
    if (dn === '') return [0, ''];
    const person = this.#people.get(plainDn(dn));
    if (person?.password === undefined || !proof.bytes.equals(Buffer.from(person.password))) return [49, 'data 52e'];
    return person.expired === true ? [49, 'data 532'] : [0, ''];
  }

  #search(session: { dn: string }, operation: Node): Buffer[] {
    const [base, scope, , , , , filter, wanted] = operation.parts;
    if (session.dn === '') return [result(0x65, 50, 'authentication required')];
    if (numberOf(scope) !== 2 || filter === undefined) return [result(0x65, 2, 'only searches of the subtree')];
    this.searches.push(stringOf(base));
    const below = plainDn(stringOf(base));
    const names = (wanted?.parts ?? []).map((part) => stringOf(part).toLowerCase());
    const found = [...this.#people.entries()].filter(([dn, person]) => dn.endsWith(below) && fits(filter, person));
    return [...found.map(([, person]) => entry(person, names)), result(0x65, 0)];
  }
}

function fits(filter: Node, person: LdapPerson): boolean {
  if (filter.tag === 0xa0) return filter.parts.every((part) => fits(part, person));
  if (filter.tag === 0xa1) return filter.parts.some((part) => fits(part, person));
  if (filter.tag === 0xa2) return !filter.parts.some((part) => fits(part, person));
  if (filter.tag === 0x87) return valuesOf(person, filter.bytes.toString()).length > 0;
  const [name, value] = filter.parts;
  return valuesOf(person, stringOf(name)).some((own) => plainDn(own) === plainDn(stringOf(value)));
}

const valuesOf = (person: LdapPerson, name: string): readonly string[] =>
  Object.entries(person.attributes).find(([own]) => own.toLowerCase() === name.toLowerCase())?.[1] ?? [];

function entry(person: LdapPerson, names: readonly string[]): Buffer {
  const shown = Object.entries(person.attributes).filter(([name]) => names.includes(name.toLowerCase()));
  const list = shown.map(([name, values]) =>
    write(0x30, write(0x04, name), write(0x31, ...values.map((value) => write(0x04, value)))),
  );
  return write(0x64, write(0x04, person.dn), write(0x30, ...list));
}
