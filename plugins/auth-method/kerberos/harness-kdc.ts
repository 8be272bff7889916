// A KDC just good enough for the conformance suite: it opens the timestamp, gives tickets that nobody can read, and knows no time. The strict one, which
// shares nothing with this plugin, belongs to the tests of the repository.
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { application, context, flags, integer, octets, sequence, text, time } from './der-write.js';
import { applicationOf, Fields, firstElement, integerOf, octetsOf, partsOf, textOf, type Element } from './der-read.js';
import { decrypt, type Key } from './enctypes.js';
import { encryptedData } from './kdc-request.js';
import { namesOf, principalName } from './principal.js';

const SESSION: Key = { etype: 18, bytes: Buffer.alloc(32, 's') };
const FAR_MS = Date.UTC(2037, 0, 1);

/** Starts a KDC on loopback that knows one user by any of `keys`; gives its port. It does not keep the process alive. */
export async function startHarnessKdc(keys: readonly Key[]): Promise<number> {
  const server = createServer((socket) => serve(socket, keys));
  server.unref();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function serve(socket: Socket, keys: readonly Key[]): void {
  let all = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    all = Buffer.concat([all, chunk]);
    if (all.length < 4 || all.length < 4 + all.readUInt32BE(0)) return;
    const answer = answerTo(all.subarray(4), keys);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(answer.length);
    socket.end(Buffer.concat([length, answer]));
  });
}

function answerTo(message: Buffer, keys: readonly Key[]): Buffer {
  const fields = new Fields(applicationOf(message, 10, 12));
  const isAs = message[0] === 0x6a;
  const body = new Fields(fields.get(4));
  const key = isAs ? keys.find((each) => opens(each, fields)) : SESSION;
  if (key === undefined) return refusal();
  const realm = textOf(body.get(2));
  const service = principalName(2, namesOf(body.get(3)));
  const ticket = sequence(context(0, integer(5)), context(1, text(realm)), context(2, service), context(3, sequence()));
  const reply = sequence(
    context(0, integer(5)),
    context(1, integer(isAs ? 11 : 13)),
    context(3, text(realm)),
    context(4, principalName(1, ['app'])),
    context(5, application(1, ticket)),
    context(6, encryptedData(key, isAs ? 3 : 8, encPart(body, realm, service))),
  );
  return application(isAs ? 11 : 13, reply);
}

function opens(key: Key, fields: Fields): boolean {
  const entries = partsOf(fields.get(3)).map((entry) => new Fields(entry));
  const found = entries.find((entry) => integerOf(entry.get(1)) === 2);
  const proof = found === undefined ? undefined : new Fields(firstElement(octetsOf(found.get(2))));
  return proof !== undefined && decrypt(key, 1, octetsOf(proof.get(2))) !== undefined;
}

function encPart(body: Fields, realm: string, service: Buffer): Buffer {
  const nonce: Element = body.get(7);
  const part = sequence(
    context(0, sequence(context(0, integer(SESSION.etype)), context(1, octets(SESSION.bytes)))),
    context(2, nonce.whole),
    context(4, flags(0)),
    context(7, time(FAR_MS)),
    context(9, text(realm)),
    context(10, service),
  );
  return application(25, part);
}

const refusal = (): Buffer =>
  application(30, sequence(context(4, time(0)), context(5, integer(0)), context(6, integer(24))));
