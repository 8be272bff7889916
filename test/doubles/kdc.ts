// A Kerberos KDC on loopback that verifies like a real one: preauthentication, nonces, checksums, clock skew, authenticators used once. It decrypts with
// the dev server's code and encrypts with its own; the plugin's code is not used. Counts calls and makes trouble on demand.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { elementsOf } from '../../core/dev-server/auth/der.js';
import { keyedChecksum, openSealed, type KerberosKey } from '../../core/dev-server/auth/kerberos-crypto.js';
import {
  children,
  moment,
  name,
  need,
  number,
  only,
  sealed,
  sequence,
  string,
  tagged,
  type Tagged,
} from '../../core/dev-server/auth/kerberos-fields.js';
import type { Clock } from '../../core/sdk/index.js';
import { app, at, bits, encodedKey, encrypted, int, keytabFile, oct, principal, seq, str, when } from './kdc-encode.js';
import { makeKey, seal } from './kdc-seal.js';

/** A key of a principal. */
export interface KdcKey {
  readonly key: KerberosKey;
  readonly kvno: number;
}

/** What goes wrong with the next answers. */
export type KdcTrouble =
  | { readonly kind: 'silent' | 'html' | 'garbage' | 'cut' | 'close' | 'wrong-nonce' | 'unconfirmed' | 'tampered' }
  | { readonly kind: 'error'; readonly code: number; readonly text?: string };

/** One question as the KDC saw it. */
export interface KdcCallSeen {
  readonly over: 'tcp' | 'udp';
  readonly type: 'as' | 'tgs';
  readonly service: string;
  /** Types of preauthentication data. */
  readonly padata: readonly number[];
}

const SKEW_MS = 300_000;
const HOUR_MS = 3_600_000;

class Refusal extends Error {
  constructor(
    readonly code: number,
    readonly data?: Buffer,
  ) {
    super(`error ${String(code)}`);
  }
}

/** One realm. `listen` gives its port, the same for TCP and UDP. */
export class Kdc {
  readonly seen: KdcCallSeen[] = [];
  /** Session keys may be of these types, first of the client's list that is in it. */
  etypes: readonly number[] = [18, 17, 20, 19];
  /** Services that live in another realm: the referral leads there. */
  readonly referrals = new Map<string, string>();
  trouble: KdcTrouble | undefined;
  /** Answers over UDP are too big: error 52. */
  udpTooBig = false;
  readonly #realm: string;
  readonly #clock: Clock;
  readonly #principals = new Map<string, KdcKey[]>();
  readonly #proofs = new Set<string>();
  readonly #sockets = new Set<Socket>();
  #tcp: Server | undefined;
  #udp: UdpSocket | undefined;
  #port = 0;

  constructor(realm: string, clock: Clock) {
    this.#realm = realm;
    this.#clock = clock;
    this.add(`krbtgt/${realm}`, makeKey(18));
  }

  get port(): number {
    return this.#port;
  }

  /** Gives a principal a key (or more of them, all of one version), and no other. */
  add(principalName: string, ...keys: readonly KerberosKey[]): void {
    const kvno = (this.#principals.get(principalName)?.[0]?.kvno ?? 0) + 1;
    this.#principals.set(
      principalName,
      keys.map((key) => ({ key, kvno })),
    );
  }

  /** A keytab file with the present keys of principals. */
  keytab(...names: readonly string[]): Buffer {
    const realm = this.#realm;
    return keytabFile(
      names.flatMap((each) => (this.#principals.get(each) ?? []).map((key) => ({ name: each, realm, ...key }))),
    );
  }

  /** A krb5.conf that names this KDC. */
  conf(more = ''): string {
    return `[libdefaults]\n  default_realm = ${this.#realm}\n  dns_lookup_kdc = false\n${more}\n[realms]\n  ${this.#realm} = {\n    kdc = 127.0.0.1:${String(this.#port)}\n  }\n`;
  }

  /** Starts; without TCP only UDP answers. */
  async listen({ tcp = true, udp = false }: { readonly tcp?: boolean; readonly udp?: boolean } = {}): Promise<void> {
    if (tcp) {
      this.#tcp = createServer((socket) => this.#serve(socket));
      this.#tcp.listen(this.#port, '127.0.0.1');
      await once(this.#tcp, 'listening');
      this.#port = (this.#tcp.address() as AddressInfo).port;
    }
    if (!udp) return;
    this.#udp = createSocket('udp4');
    this.#udp.on('message', (message, from) => {
      const answer = this.#answer(message, 'udp');
      if (answer !== undefined) this.#udp?.send(answer, from.port, from.address);
    });
    this.#udp.bind(this.#port, '127.0.0.1');
    await once(this.#udp, 'listening');
    this.#port = this.#udp.address().port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#udp?.close();
    this.#udp = undefined;
    const tcp = this.#tcp;
    this.#tcp = undefined;
    if (tcp !== undefined) await new Promise((resolve) => tcp.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    let all = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      all = Buffer.concat([all, chunk]);
      if (all.length < 4 || all.length < 4 + all.readUInt32BE(0)) return;
      this.#reply(socket, all.subarray(4, 4 + all.readUInt32BE(0)));
      all = Buffer.alloc(0);
    });
  }

  #reply(socket: Socket, message: Buffer): void {
    const kind = this.trouble?.kind;
    if (kind === 'silent') return;
    if (kind === 'close') return void socket.destroy();
    if (kind === 'html') return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n<html></html>');
    const answer = this.#answer(message, 'tcp') ?? Buffer.alloc(0);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(answer.length);
    if (kind === 'cut') return void socket.end(Buffer.concat([size, answer.subarray(0, 20)]));
    socket.write(Buffer.concat([size, answer]));
  }

  #answer(message: Buffer, over: 'tcp' | 'udp'): Buffer | undefined {
    const { trouble } = this;
    if (trouble?.kind === 'silent') return undefined;
    if (trouble?.kind === 'garbage') return Buffer.from([0x6b, 0x05, 1, 2, 3]);
    if (over === 'udp' && this.udpTooBig) return this.#error(52);
    try {
      if (trouble?.kind === 'error') throw new Refusal(trouble.code);
      return this.#granted(message, over);
    } catch (error) {
      const { code, data } = error instanceof Refusal ? error : new Refusal(60);
      return this.#error(code, data);
    }
  }

  #granted(message: Buffer, over: 'tcp' | 'udp'): Buffer {
    const isAs = message[0] === 0x6a;
    const fields = tagged(only(elementsOf(message), isAs ? 0x6a : 0x6c));
    const body = children(need(fields, 4));
    if (number(need(fields, 1)) !== 5 || number(need(fields, 2)) !== (isAs ? 10 : 12)) throw new Refusal(3);
    if (string(need(body, 2)) !== this.#realm) throw new Refusal(68);
    const service = name(need(body, 3));
    const padata = padataOf(fields);
    this.seen.push({ over, type: isAs ? 'as' : 'tgs', service, padata: [...padata.keys()] });
    return isAs ? this.#as(message, body, padata) : this.#tgs(message, body, padata);
  }

  #as(message: Buffer, body: Tagged, padata: ReadonlyMap<number, Buffer>): Buffer {
    const client = name(need(body, 1));
    const keys = this.#principals.get(client);
    if (keys === undefined) throw new Refusal(6);
    const key = this.#proven(keys, padata.get(2));
    const ticket = this.#ticket({ body, client, realm: this.#realm, service: name(need(body, 3)) });
    const confirmed = padata.has(149) ? confirmation(key.key, message, this.trouble) : undefined;
    const part = app(25, this.#encPart(ticket, body, confirmed));
    return app(
      11,
      this.#rep(11, {
        client,
        realm: this.#realm,
        ticket,
        sealedPart: encrypted(key.key.etype, key.kvno, this.#spoilt(seal(key.key, 3, part))),
      }),
    );
  }

  /** The key that made the encrypted timestamp. Throws 24, 25 or 37, as a real KDC with the types it has keys of. */
  #proven(keys: readonly KdcKey[], timestamp: Buffer | undefined): KdcKey {
    const info = methodData(keys, this.#realm);
    if (timestamp === undefined) throw new Refusal(25, info);
    const proof = sealed({ tag: 0x30, content: elementsOf(timestamp)[0]!.content });
    const key = keys.find((each) => each.key.etype === proof.etype);
    const plain = key === undefined ? undefined : openSealed(key.key, 1, proof.cipher);
    if (key === undefined || plain === undefined) throw new Refusal(24, info);
    const sentAt = moment(need(tagged(plain), 0));
    if (Math.abs(sentAt - this.#clock.now()) > SKEW_MS) throw new Refusal(37);
    return key;
  }

  #tgs(message: Buffer, body: Tagged, padata: ReadonlyMap<number, Buffer>): Buffer {
    const proof = padata.get(1);
    if (proof === undefined) throw new Refusal(25);
    const { session, client, realm } = this.#proof(proof, rawBody(message));
    const asked = name(need(body, 3));
    const other = this.referrals.get(asked);
    const service = other === undefined ? asked : `krbtgt/${other}`;
    const ticket = this.#ticket({ body, client, realm, service });
    const part = app(26, this.#encPart(ticket, body, undefined));
    return app(
      13,
      this.#rep(13, {
        client,
        realm,
        ticket,
        sealedPart: encrypted(session.etype, 0, this.#spoilt(seal(session, 8, part))),
      }),
    );
  }

  #proof(bytes: Buffer, body: Buffer): { session: KerberosKey; client: string; realm: string } {
    const fields = tagged(only(elementsOf(bytes), 0x6e));
    const ticket = tagged(only([need(fields, 3)], 0x61));
    const { etype, cipher } = sealed(need(ticket, 3));
    const grantor = `${name(need(ticket, 2))}@${string(need(ticket, 1))}`;
    const key = (this.#principals.get(this.#ownName(grantor)) ?? []).find((each) => each.key.etype === etype);
    const opened = key === undefined ? undefined : openSealed(key.key, 2, cipher);
    if (opened === undefined) throw new Refusal(31);
    const part = tagged(only(elementsOf(opened), 0x63));
    const sessionFields = children(need(part, 1));
    const session = { etype: number(need(sessionFields, 0)), bytes: Buffer.from(need(sessionFields, 1).content) };
    if (moment(need(part, 7)) < this.#clock.now()) throw new Refusal(32);
    const client = name(need(part, 3));
    this.#checkAuthenticator(openSealed(session, 7, sealed(need(fields, 4)).cipher), { session, client, body });
    return { session, client, realm: string(need(part, 2)) };
  }

  // A ticket-granting ticket of a foreign realm is for `krbtgt/US@THEM`; its key is kept by that name.
  #ownName(grantor: string): string {
    return grantor === `krbtgt/${this.#realm}@${this.#realm}` ? `krbtgt/${this.#realm}` : grantor;
  }

  #checkAuthenticator(plain: Buffer | undefined, given: { session: KerberosKey; client: string; body: Buffer }): void {
    if (plain === undefined) throw new Refusal(31);
    const fields = tagged(only(elementsOf(plain), 0x62));
    if (name(need(fields, 2)) !== given.client) throw new Refusal(36);
    const atMs = moment(need(fields, 5));
    if (Math.abs(atMs - this.#clock.now()) > SKEW_MS) throw new Refusal(37);
    const checksum = children(need(fields, 3));
    if (!keyedChecksum(given.session, 6, given.body).equals(Buffer.from(need(checksum, 1).content)))
      throw new Refusal(41);
    const key = [given.session.bytes.toString('hex'), atMs, number(need(fields, 4))].join();
    if (this.#proofs.has(key)) throw new Refusal(34);
    this.#proofs.add(key);
  }

  #ticket({ body, client, realm, service }: { body: Tagged; client: string; realm: string; service: string }): Issued {
    const holder = this.#principals.get(service)?.[0];
    if (holder === undefined) throw new Refusal(7);
    const wanted = elementsOf(sequence(need(body, 8))).map(number);
    const etype = wanted.find((each) => this.etypes.includes(each));
    if (etype === undefined) throw new Refusal(14);
    const session = makeKey(etype);
    const now = this.#clock.now();
    const part = seq(
      at(0, bits(0x00010000)),
      at(1, encodedKey(session)),
      at(2, str(realm)),
      at(3, principal(client)),
      at(4, seq(at(0, int(1)), at(1, oct(Buffer.alloc(0))))),
      at(5, when(now)),
      at(7, when(now + HOUR_MS)),
    );
    const { key, kvno } = holder;
    const bytes = app(
      1,
      seq(
        at(0, int(5)),
        at(1, str(this.#realm)),
        at(2, principal(service)),
        at(3, encrypted(key.etype, kvno, seal(key, 2, app(3, part)))),
      ),
    );
    return { bytes, session, service, endsAtMs: now + HOUR_MS };
  }

  #encPart(ticket: Issued, body: Tagged, confirmed: Buffer | undefined): Buffer {
    const nonce = number(need(body, 7)) + (this.trouble?.kind === 'wrong-nonce' ? 1 : 0);
    const now = this.#clock.now();
    return seq(
      at(0, encodedKey(ticket.session)),
      at(1, seq(seq(at(0, int(0)), at(1, when(now))))),
      at(2, int(nonce)),
      at(4, bits(0x00010000)),
      at(5, when(now)),
      at(7, when(ticket.endsAtMs)),
      at(9, str(this.#realm)),
      at(10, principal(ticket.service)),
      ...(confirmed === undefined ? [] : [at(12, seq(seq(at(1, int(149)), at(2, oct(confirmed)))))]),
    );
  }

  #rep(type: number, rep: { client: string; realm: string; ticket: Issued; sealedPart: Buffer }): Buffer {
    return seq(
      at(0, int(5)),
      at(1, int(type)),
      at(3, str(rep.realm)),
      at(4, principal(rep.client)),
      at(5, rep.ticket.bytes),
      at(6, rep.sealedPart),
    );
  }

  #spoilt(cipher: Buffer): Buffer {
    if (this.trouble?.kind === 'tampered') cipher[20]! ^= 1;
    return cipher;
  }

  #error(code: number, data?: Buffer): Buffer {
    const text = this.trouble?.kind === 'error' ? this.trouble.text : undefined;
    return app(
      30,
      seq(
        at(0, int(5)),
        at(1, int(30)),
        at(4, when(this.#clock.now())),
        at(5, int(0)),
        at(6, int(code)),
        at(9, str(this.#realm)),
        at(10, principal(`krbtgt/${this.#realm}`)),
        ...(text === undefined ? [] : [at(11, str(text))]),
        ...(data === undefined ? [] : [at(12, oct(data))]),
      ),
    );
  }
}

interface Issued {
  readonly bytes: Buffer;
  readonly session: KerberosKey;
  readonly service: string;
  readonly endsAtMs: number;
}

function padataOf(fields: Tagged): Map<number, Buffer> {
  const list = fields.get(3);
  const entries = list === undefined ? [] : elementsOf(sequence(list)).map(children);
  return new Map(entries.map((entry) => [number(need(entry, 1)), Buffer.from(need(entry, 2).content)]));
}

// The bytes of KDC-REQ-BODY as they were sent: what the checksum covers.
function rawBody(message: Buffer): Buffer {
  const inner = elementsOf(only(elementsOf(only(elementsOf(message), 0x6c)), 0x30));
  return Buffer.from(inner.find(({ tag }) => tag === 0xa4)!.content);
}

function methodData(keys: readonly KdcKey[], realm: string): Buffer {
  const entries = keys.map(({ key }) => seq(at(0, int(key.etype)), at(1, str(`${realm}salt`))));
  return seq(seq(at(1, int(136)), at(2, oct(Buffer.alloc(0)))), seq(at(1, int(19)), at(2, oct(seq(...entries)))));
}

function confirmation(key: KerberosKey, message: Buffer, trouble: KdcTrouble | undefined): Buffer {
  const type = { 17: 15, 18: 16, 19: 19, 20: 20 }[key.etype] ?? 0;
  const covered = trouble?.kind === 'unconfirmed' ? Buffer.concat([message, Buffer.alloc(1)]) : message;
  return seq(at(0, int(type)), at(1, oct(keyedChecksum(key, 56, covered))));
}
