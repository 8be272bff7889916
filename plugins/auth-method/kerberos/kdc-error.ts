// What a KRB-ERROR says, in words, and who must do what (RFC 4120, 5.9.1 and 7.5.9; spec auth-wire 10.3).
import { agentError, type AgentError } from 'claviger/sdk';
import { applicationOf, elements, Fields, integerOf, octetsOf, textOf, timeOf, type Element } from './der-read.js';

/** A KRB-ERROR, read. */
export interface KdcError {
  readonly code: number;
  /** Time of the KDC in milliseconds since 1970. */
  readonly atMs: number;
  /** At most 200 printable characters of what the KDC adds. */
  readonly text: string;
  /** Encryption types that the KDC has keys of for the client (ETYPE-INFO2), in its order. */
  readonly etypes: readonly number[];
}

/** What the error is about, for the message. */
export interface Asked {
  readonly from: string;
  readonly realm: string;
  /** `app@REALM`. */
  readonly user: string;
  /** `HTTP/host@REALM`. */
  readonly service: string;
  readonly keytabPath: string;
  readonly nowMs: number;
}

interface Row {
  readonly why: (asked: Asked, error: KdcError) => string;
  readonly hint: string;
  /** True: other material is needed, nothing that waiting mends. */
  readonly isCredential?: true;
}

const KRB_ERROR = 30;
const ETYPE_INFO2 = 19;

/** The error in `bytes`, or undefined when they are another message. Throws an Error when it cannot be read. */
export function kdcErrorIn(bytes: Buffer): KdcError | undefined {
  if (bytes[0] !== 0x60 + KRB_ERROR) return undefined;
  const fields = new Fields(applicationOf(bytes, KRB_ERROR));
  const data = fields.find(12);
  return {
    code: integerOf(fields.get(6)),
    atMs: timeOf(fields.get(4)),
    text: printable(fields.find(11)),
    etypes: data === undefined ? [] : etypesIn(octetsOf(data)),
  };
}

function printable(found: Element | undefined): string {
  if (found === undefined) return '';
  const text = textOf(found)
    .slice(0, 800)
    .replace(/[^\x20-\x7e]+/g, ' ');
  return text.trim().slice(0, 200);
}

// METHOD-DATA is a SEQUENCE OF PA-DATA; what cannot be read counts as nothing, because it only helps to choose.
function etypesIn(data: Buffer): number[] {
  try {
    const list = elements(data)[0];
    const entries = elements(list?.content ?? Buffer.alloc(0)).map((entry) => new Fields(entry));
    const info = entries.find((entry) => integerOf(entry.get(1)) === ETYPE_INFO2);
    if (info === undefined) return [];
    const types = elements(octetsOf(info.get(2)))[0];
    return elements(types?.content ?? Buffer.alloc(0)).map((entry) => integerOf(new Fields(entry).get(0)));
  } catch {
    return [];
  }
}

const skew = ({ nowMs }: Asked, { atMs }: KdcError): string => {
  const seconds = Math.round((nowMs - atMs) / 1000);
  return `its clock is ${String(Math.abs(seconds))} s ${seconds > 0 ? 'behind' : 'ahead of'} ours`;
};

const ROWS: Readonly<Record<number, Row>> = {
  6: {
    why: ({ user, realm }) => `the realm ${realm} does not know ${user}`,
    hint: 'check username and realm',
    isCredential: true,
  },
  7: {
    why: ({ service, realm }) => `the realm ${realm} does not know the service ${service}`,
    hint: 'check service: it must be spelled as the principal in the keytab of the server, often with the full host name',
  },
  14: {
    why: () => 'it supports none of our encryption types, or has no key of one for this principal',
    hint: 'give user and service AES keys, or check permitted_enctypes in krb5.conf',
  },
  12: { why: ({ user }) => `its policy does not let ${user} do this`, hint: 'ask the administrator of the realm' },
  18: { why: ({ user }) => `${user} is locked or disabled`, hint: 'unlock the account', isCredential: true },
  23: {
    why: ({ user }) => `the password of ${user} has expired`,
    hint: 'set a new password and write a new keytab',
    isCredential: true,
  },
  24: {
    why: ({ user }) => `the key in the keytab is not the key of ${user}`,
    hint: 'the password was changed since the keytab was written (another kvno), or it was written for another salt; write a new keytab',
    isCredential: true,
  },
  25: {
    why: () => 'it wants another proof than a key (a certificate, a second factor)',
    hint: 'let this principal log in with its key alone',
  },
  31: {
    why: () => 'it could not read what we sent: the keys do not fit each other',
    hint: 'write a new keytab; when it stays so, the keys of krbtgt may differ between KDCs',
    isCredential: true,
  },
  37: { why: skew, hint: 'synchronise the clocks (NTP): Kerberos tolerates five minutes' },
  68: { why: ({ realm }) => `it does not serve the realm ${realm}`, hint: 'check realm, in capitals, and [realms]' },
};

/** The error for people: AUTH_CREDENTIAL_INVALID where other material is needed, else SERVICE_BAD_ANSWER. */
export function refusedByKdc(error: KdcError, asked: Asked): AgentError {
  const row = ROWS[error.code];
  const said = error.text === '' ? '' : `: ${error.text}`;
  const number = `Kerberos error ${String(error.code)}${said}`;
  const why = row === undefined ? `it refuses with ${number}` : `${row.why(asked, error)} (${number})`;
  const facts = row === undefined ? {} : { hint: row.hint };
  if (row?.isCredential !== true) return agentError('SERVICE_BAD_ANSWER', { url: `the KDC ${asked.from}`, why }, facts);
  const what = `keytab_path ${asked.keytabPath}`;
  return agentError(
    'AUTH_CREDENTIAL_INVALID',
    { what, why: `the KDC ${asked.from} says: ${why}` },
    { ...facts, at: asked.keytabPath },
  );
}
