// What a failed call to Redis means, in words for people. Causes are never kept: those of the client hold the arguments of the command, and so the
// password of AUTH.
import { AgentError, agentError, failureText } from 'claviger/sdk';

/** A reply that no Redis with our data would give. */
export class DamagedReply extends Error {}

interface Reading {
  readonly means: 'unavailable' | 'corrupt' | 'full';
  readonly why: string;
  readonly hint?: string;
}

const TABLE: readonly (readonly [RegExp, Reading])[] = [
  [/WRONGTYPE|CLAVIGER_DAMAGED/, { means: 'corrupt', why: 'something else has written to its keys' }],
  [/Protocol error/i, { means: 'corrupt', why: 'what answers does not speak the protocol of Redis' }],
  [/^(OOM|MISCONF|NOREPLICAS)\b/, { means: 'full', why: 'Redis takes no writes now' }],
  [
    /WRONGPASS|NOAUTH|invalid username-password|invalid password|AUTH <password>|no password is set/i,
    {
      means: 'unavailable',
      why: 'Redis does not accept this user name and password',
      hint: 'check username, password and password_file',
    },
  ],
  [
    /NOPERM/,
    {
      means: 'unavailable',
      why: 'the user may not do this',
      hint: 'its rules must allow the keys and the channel of the prefix, and scripts',
    },
  ],
  [/READONLY/, { means: 'unavailable', why: 'this Redis is a replica and takes no writes' }],
  [/LOADING/, { means: 'unavailable', why: 'Redis is loading its data' }],
  [/MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY/, { means: 'unavailable', why: 'Redis cannot answer now' }],
  [/timed out|ETIMEDOUT|aborted due to timeout/i, { means: 'unavailable', why: 'it did not answer in time' }],
  [/ECONNREFUSED/, { means: 'unavailable', why: 'the connection was refused' }],
  [/ENOTFOUND|EAI_AGAIN/, { means: 'unavailable', why: 'its host name is not known' }],
  [/sentinels are unreachable/i, { means: 'unavailable', why: 'no Sentinel knows a master' }],
  [/slots cache|startup nodes|ClusterAllFailed/i, { means: 'unavailable', why: 'no node of the Cluster answers' }],
  [/closed|writeable|ECONNRESET|EPIPE|flushed/i, { means: 'unavailable', why: 'the connection was lost' }],
];

/** CACHE_STORE_UNAVAILABLE, CACHE_STORE_CORRUPT or CACHE_STORE_FULL for whatever a call threw; `place` names the Redis without its password. */
export function storeError(error: unknown, place: string): AgentError {
  const { means, why, hint } = readingOf(error);
  const told = `${why} (redis ${place})`;
  if (means === 'corrupt') return agentError('CACHE_STORE_CORRUPT', { why: told }, { hint });
  if (means === 'full') return agentError('CACHE_STORE_FULL', { why: told }, { hint });
  return agentError('CACHE_STORE_UNAVAILABLE', { why: told }, { hint });
}

/** True when the connection is of no more use after this failure. */
export function breaksConnection(error: unknown): boolean {
  return /timed out|READONLY|Protocol error|MASTERDOWN/i.test(error instanceof Error ? error.message : '');
}

function readingOf(error: unknown): Reading {
  if (error instanceof DamagedReply) return { means: 'corrupt', why: error.message };
  // of a file that could not be read
  if (error instanceof AgentError) return { means: 'unavailable', why: error.message };
  const text = error instanceof Error ? `${error.message} ${codeOf(error)}` : '';
  for (const [pattern, reading] of TABLE) if (pattern.test(text)) return reading;
  const code = codeOf(error);
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_|HOSTNAME)/.test(code))
    return {
      means: 'unavailable',
      why: `TLS failed, ${code}`,
      hint: 'check tls_ca_cert, tls_server_name and the certificate',
    };
  if (code !== '' && error instanceof Error && 'syscall' in error)
    return { means: 'unavailable', why: failureText(error) };
  return { means: 'unavailable', why: firstWord(error) };
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

// the first word of an error of Redis is its kind; the rest may repeat what was sent
function firstWord(error: unknown): string {
  const word = error instanceof Error ? (/^[A-Z]{3,20}\b/.exec(error.message)?.[0] ?? '') : '';
  return word === '' ? 'the connection was lost' : `Redis refused it with ${word}`;
}
