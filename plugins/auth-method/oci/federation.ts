// Exchanges the certificate of an instance for a session token at Oracle's auth service (auth-wire 9.3, step 4). Knows no logins.
import { createHash, type KeyObject } from 'node:crypto';
import {
  Secret,
  agentError,
  callService,
  jwtFacts,
  refusalText,
  type AgentError,
  type Clock,
  type ServiceAnswer,
} from 'claviger/sdk';
import type { InstanceIdentity } from './instance-metadata.js';
import { colons } from './rsa-key.js';
import { authorization, httpDate, type SignedHeaders } from './signature.js';

/** A token for the session key. */
export interface SessionToken {
  readonly token: Secret;
  /** Wall clock, ms. */
  readonly expiresAt: number;
}

const PATH = '/v1/x509';
// the Internet is further away than a metadata service
const TIMEOUT_MS = 10_000;

/** Asks for a token for the public session key. Throws SERVICE_* or AUTH_CREDENTIAL_INVALID (refused, or expired already). */
export async function sessionToken(
  identity: InstanceIdentity,
  sessionKey: KeyObject,
  service: { readonly base: string; readonly clock: Clock },
  signal: AbortSignal,
): Promise<SessionToken> {
  const body = JSON.stringify({
    certificate: bare(identity.leafPem),
    publicKey: sessionKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    intermediateCertificates: [bare(identity.intermediatePem)],
    fingerprintAlgorithm: 'SHA256',
  });
  const headers = signedHeaders(identity, body, service.clock.now());
  const url = `${service.base.replace(/\/$/, '')}${PATH}`;
  const { clock } = service;
  const answer = await callService({ url, method: 'POST', headers, body, clock, signal, timeoutMs: TIMEOUT_MS });
  return issued(answer, clock.now());
}

function signedHeaders(identity: InstanceIdentity, body: string, nowMs: number): Record<string, string> {
  const signed: SignedHeaders = [
    ['date', httpDate(nowMs)],
    ['(request-target)', `post ${PATH}`],
    ['content-length', String(Buffer.byteLength(body))],
    ['content-type', 'application/json'],
    ['x-content-sha256', createHash('sha256').update(body).digest('base64')],
  ];
  const fingerprint = colons(createHash('sha256').update(identity.leaf.raw).digest('hex'));
  const keyId = `${identity.tenancy}/fed-x509-sha256/${fingerprint}`;
  const sent = Object.fromEntries(signed.filter(([name]) => name !== '(request-target)' && name !== 'content-length'));
  return { ...sent, authorization: authorization(signed, { keyId, key: identity.key }) };
}

function issued(answer: ServiceAnswer, nowMs: number): SessionToken {
  if (answer.status >= 400 && answer.status < 500) {
    const hint = 'check the clock of this machine; a signature is good for five minutes';
    const what = `the certificate of this instance at ${answer.from}`;
    throw agentError('AUTH_CREDENTIAL_INVALID', { what, why: refusalText(answer) }, { hint });
  }
  if (answer.status !== 200) throw bad(answer, refusalText(answer));
  const token = tokenIn(answer);
  const facts = jwtFacts(token);
  if (facts?.expiresAt === undefined) throw bad(answer, 'its token is no JSON web token with an end');
  if (facts.expiresAt <= nowMs) {
    const why = `it expired at ${new Date(facts.expiresAt).toISOString()} by the clock of this machine`;
    throw agentError(
      'AUTH_CREDENTIAL_INVALID',
      { what: `the token of ${answer.from}`, why },
      { hint: 'compare the clocks' },
    );
  }
  return { token, expiresAt: facts.expiresAt };
}

function tokenIn(answer: ServiceAnswer): Secret {
  let found: unknown;
  try {
    found = JSON.parse(answer.body.reveal());
  } catch {
    throw bad(answer, 'it is not JSON');
  }
  const token = typeof found === 'object' && found !== null && 'token' in found ? found.token : undefined;
  if (typeof token !== 'string' || token === '') throw bad(answer, 'it has no token');
  return new Secret(token);
}

function bad(answer: ServiceAnswer, why: string): AgentError {
  return agentError('SERVICE_BAD_ANSWER', { url: answer.from, why });
}

// Without armour and line breaks.
const bare = (pem: string): string =>
  /-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/.exec(pem)?.[1]?.replace(/\s+/g, '') ?? '';
