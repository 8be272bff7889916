// The parts that requests to a KDC share (RFC 4120, 5.2.7, 5.2.9, 5.4.1). Pure but for nonces.
import { randomInt } from 'node:crypto';
import { application, context, flags, integer, octets, sequence, text, time } from './der-write.js';
import { encrypt, type Key } from './enctypes.js';
import { NAME_TYPE, principalName, type Principal } from './principal.js';

/** A number that ties an answer to its request; 31 bits, because some KDCs read it as signed. */
export const freshNonce = (): number => randomInt(1, 2 ** 31);

/** EncryptedData. */
export const encryptedData = (key: Key, usage: number, plain: Buffer): Buffer =>
  sequence(context(0, integer(key.etype)), context(2, octets(encrypt(key, usage, plain))));

/** Checksum. */
export const checksumData = (type: number, bytes: Buffer): Buffer =>
  sequence(context(0, integer(type)), context(1, octets(bytes)));

/** PA-DATA. */
export const paData = (type: number, value: Uint8Array): Buffer =>
  sequence(context(1, integer(type)), context(2, octets(value)));

/** What a request asks for. */
export interface RequestBody {
  readonly options: number;
  /** Only in AS-REQ. */
  readonly client?: Principal;
  /** Its realm is the one that is asked. */
  readonly service: Principal;
  readonly tillMs: number;
  readonly nonce: number;
  readonly etypes: readonly number[];
}

/** KDC-REQ-BODY. */
export function requestBody(body: RequestBody): Buffer {
  const { client, service } = body;
  return sequence(
    context(0, flags(body.options)),
    ...(client === undefined ? [] : [context(1, principalName(NAME_TYPE.principal, client.names))]),
    context(2, text(service.realm)),
    context(3, principalName(NAME_TYPE.service, service.names)),
    context(5, time(body.tillMs)),
    context(7, integer(body.nonce)),
    context(8, sequence(...body.etypes.map(integer))),
  );
}

/** AS-REQ (type 10) or TGS-REQ (type 12). */
export function kdcRequest(type: 10 | 12, padata: readonly Buffer[], body: Buffer): Buffer {
  const fields = sequence(
    context(1, integer(5)),
    context(2, integer(type)),
    context(3, sequence(...padata)),
    context(4, body),
  );
  return application(type, fields);
}
