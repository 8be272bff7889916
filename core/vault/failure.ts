// Why there is no answer, in words for people and in a kind for the retry rules. Pure; must not know how requests are sent.
import { agentError, type AgentError } from '../sdk/index.js';

/** `unsent`: no byte of the request reached a server. `lost`: the connection broke, the server may have acted. */
export type FailureKind = 'unsent' | 'lost' | 'timeout' | 'tls' | 'cancelled' | 'invalid';

/** What happened to one attempt. */
export interface Failure {
  readonly kind: FailureKind;
  readonly error: AgentError;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOENT: 'the socket file does not exist',
  EACCES: 'no permission to connect',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be resolved at present',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'the network is unreachable',
  ETIMEDOUT: 'the connection attempt timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection attempt timed out',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed while sending',
  UND_ERR_SOCKET: 'the server closed the connection',
};

const TLS_REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate of the server has expired',
  CERT_NOT_YET_VALID: 'the certificate of the server is not valid yet',
  CERT_REVOKED: 'the certificate of the server was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the server is self-signed and not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'the chain ends in a root that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate of the server is not signed by a trusted authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate of the server is not signed by a trusted authority',
  UNABLE_TO_GET_ISSUER_CERT: 'an authority in the chain is missing',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the server is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the port does not speak TLS; is it http:// ?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the port does not speak TLS; is it http:// ?',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the server wants a client certificate',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'the server refused the handshake; it may want a client certificate',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'the server refused the client certificate',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'the server does not trust the client certificate',
};

const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
};

const wordsOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').slice(0, 200);

const isTls = (code: string): boolean =>
  code in TLS_REASONS || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO';

/** Names the failure of an attempt at `address`; `sent` says whether bytes of the request may have reached the server. */
export function failureOf(cause: unknown, address: string, sent: boolean): Failure {
  const code = codeOf(cause);
  if (isTls(code)) {
    const why = TLS_REASONS[code] ?? `the handshake failed (${code})`;
    return { kind: 'tls', error: agentError('UPSTREAM_TLS', { address, why }, { cause }) };
  }
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    return { kind: 'invalid', error: agentError('REQUEST_NOT_SENDABLE', { why: wordsOf(cause) }, { cause }) };
  }
  const why = REASONS[code] ?? (code === '' ? wordsOf(cause) : `the connection failed (${code})`);
  const error = agentError('UPSTREAM_UNREACHABLE', { address, why }, { cause });
  return { kind: sent ? 'lost' : 'unsent', error };
}

/** No answer within the bound. */
export function timedOut(address: string, timeoutMs: number): Failure {
  return { kind: 'timeout', error: agentError('UPSTREAM_TIMEOUT', { address, seconds: Math.round(timeoutMs / 1000) }) };
}

/** Nobody waits for the answer any more. */
export function cancelled(): Failure {
  return { kind: 'cancelled', error: agentError('UPSTREAM_CANCELLED', {}) };
}
