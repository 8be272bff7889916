// A RADIUS server over UDP that verifies (RFC 2865): packets of clients without the right shared secret come out as nonsense and are rejected, an answer is
// signed with its own secret, identifiers and authenticators that were used are not judged again. Its own reading of the RFC; on loopback, port 0.
import { createHash } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';

/** `silent` never answers, `forged` answers with a wrong authenticator, `challenge` wants another round, `garbage` sends no RADIUS at all. */
export type RadiusMood = 'normal' | 'silent' | 'forged' | 'challenge' | 'garbage';

/** A request as it was read. */
export interface SeenRequest {
  readonly user: string;
  readonly nasIdentifier: string | undefined;
  readonly nasPort: number | undefined;
  readonly accepted: boolean;
}

const md5 = (...parts: readonly (Buffer | string)[]): Buffer => {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** User-Password in the clear, by the rules of RFC 2865 5.2, the other way round. */
export function revealed(hidden: Buffer, authenticator: Buffer, secret: string): string {
  const clear = Buffer.alloc(hidden.length);
  for (let at = 0; at < hidden.length; at++) {
    const block = at - (at % 16);
    const mask = md5(secret, block === 0 ? authenticator : hidden.subarray(block - 16, block));
    clear.writeUInt8(hidden.readUInt8(at) ^ mask.readUInt8(at % 16), at);
  }
  return clear.toString('utf8').replace(/\0+$/, '');
}

/** Attributes by type; the first of each counts. Undefined when they are not whole. */
export function attributesOf(bytes: Buffer): ReadonlyMap<number, Buffer> | undefined {
  const found = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length;) {
    const length = at + 1 < bytes.length ? bytes.readUInt8(at + 1) : 0;
    if (length < 2 || at + length > bytes.length) return undefined;
    const type = bytes.readUInt8(at);
    if (!found.has(type)) found.set(type, bytes.subarray(at + 2, at + length));
    at += length;
  }
  return found;
}

/** The server. */
export class RadiusDouble {
  readonly requests: SeenRequest[] = [];
  mood: RadiusMood = 'normal';
  /** The next so many packets are lost on the way. */
  lose = 0;
  readonly users = new Map<string, string>();
  readonly #secret: string;
  readonly #socket: Socket = createSocket('udp4');
  readonly #answered = new Map<string, Buffer>();

  private constructor(secret: string, users: Readonly<Record<string, string>>) {
    this.#secret = secret;
    for (const [name, password] of Object.entries(users)) this.users.set(name, password);
    this.#socket.on('message', (bytes, from) => this.#take(bytes, from));
  }

  static async open(secret: string, users: Readonly<Record<string, string>>): Promise<RadiusDouble> {
    const double = new RadiusDouble(secret, users);
    await new Promise<void>((resolve) => double.#socket.bind(0, '127.0.0.1', resolve));
    return double;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #take(bytes: Buffer, from: RemoteInfo): void {
    if (this.lose > 0) return void (this.lose -= 1);
    if (this.mood === 'silent') return;
    if (this.mood === 'garbage') return this.#socket.send('<html>no</html>', from.port, from.address);
    if (bytes.length < 20 || bytes.readUInt8(0) !== 1 || bytes.readUInt16BE(2) !== bytes.length) return;
    const attributes = attributesOf(bytes.subarray(20));
    if (attributes === undefined) return;
    // a packet that was sent again gets the answer of the first one
    const key = `${String(from.port)} ${bytes.toString('hex')}`;
    const answer = this.#answered.get(key) ?? this.#answer(bytes, attributes);
    this.#answered.set(key, answer);
    this.#socket.send(answer, from.port, from.address);
  }

  #answer(request: Buffer, attributes: ReadonlyMap<number, Buffer>): Buffer {
    const user = attributes.get(1)?.toString('utf8') ?? '';
    const hidden = attributes.get(2) ?? Buffer.alloc(0);
    const whole = hidden.length > 0 && hidden.length % 16 === 0 && hidden.length <= 128;
    const password = whole ? revealed(hidden, request.subarray(4, 20), this.#secret) : undefined;
    const accepted = password !== undefined && this.users.get(user) === password;
    const nasPort = attributes.get(5)?.readUInt32BE(0);
    this.requests.push({ user, nasIdentifier: attributes.get(32)?.toString('utf8'), nasPort, accepted });
    return this.#signed(accepted ? (this.mood === 'challenge' ? 11 : 2) : 3, request);
  }

  #signed(code: number, request: Buffer): Buffer {
    const words = Buffer.from('hello');
    const attributes = Buffer.concat([Buffer.from([18, words.length + 2]), words]);
    const head = Buffer.from([code, request.readUInt8(1), 0, 20 + attributes.length]);
    const secret = this.mood === 'forged' ? 'not the secret' : this.#secret;
    return Buffer.concat([head, md5(head, request.subarray(4, 20), attributes, secret), attributes]);
  }
}
