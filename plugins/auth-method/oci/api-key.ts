// The API key of a user: each value from the first source that has it - environment, then Oracle's configuration files (auth-wire 9.2).
// Knows files and nothing of logins.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AgentError, Secret, agentError, readCredential, type EnvAccess, type Tried } from 'claviger/sdk';
import { readProfile } from './profile.js';
import { md5Fingerprint, rsaKey } from './rsa-key.js';
import type { Signer } from './signature.js';

/** A signer and how it was found. */
export interface FoundSigner extends Signer {
  /** What the server judges. */
  readonly secret: Secret;
  readonly trail: readonly Tried[];
}

const VALUES = ['tenancy', 'user', 'fingerprint', 'key_file'] as const;
const PROFILE = 'DEFAULT';
const MD5 = /^([0-9a-f]{2}:){15}[0-9a-f]{2}$/i;

type Values = ReadonlyMap<string, string>;

/** Finds the key. Throws AUTH_SOURCE_NONE when a value is nowhere, AUTH_CREDENTIAL_* for files that are not usable. */
export async function findApiKey(env: EnvAccess, signal: AbortSignal): Promise<FoundSigner> {
  const trail: Tried[] = [];
  let values: Values = new Map();
  for (const source of sourcesOf(env)) {
    if (lacking(values).length === 0) break;
    const { found, outcome } = await source.read(signal);
    const before = lacking(values);
    values = new Map([...found, ...values]);
    const gave = before.filter((name) => !lacking(values).includes(name));
    trail.push({ source: source.name, outcome: gave.length === 0 ? outcome : `gave ${gave.join(', ')}` });
  }
  const missing = lacking(values);
  if (missing.length > 0) throw nothing(missing, trail);
  return { ...(await signerOf(values, env, signal)), trail };
}

/** Names of the values that are not there. A session token stands for a user and a fingerprint. */
function lacking(values: Values): string[] {
  const isSession = values.has('security_token_file') && !values.has('user');
  const needed = isSession ? ['tenancy', 'key_file'] : VALUES;
  return needed.filter((name) => !values.has(name));
}

function nothing(missing: readonly string[], trail: readonly Tried[]): AgentError {
  const tried = trail.map(({ source, outcome }) => `${source} (${outcome})`).join(', ');
  const hint = 'set OCI_tenancy_ocid, OCI_user_ocid, OCI_fingerprint and OCI_private_key_path, or write ~/.oci/config';
  return agentError('AUTH_SOURCE_NONE', { what: `${missing.join(', ')} of an API key`, tried }, { hint });
}

async function signerOf(values: Values, env: EnvAccess, signal: AbortSignal): Promise<Signer & { secret: Secret }> {
  const value = (name: string): string => values.get(name) ?? '';
  const path = expanded(value('key_file'), env);
  const { text } = await readCredential(path, { what: 'key_file', signal, trim: false });
  const phrase = value('pass_phrase') || value('passphrase');
  const key = rsaKey(text, `key_file ${path}`, phrase === '' ? undefined : new Secret(phrase));
  const secret = (keyId: string): Secret => new Secret(`${keyId}\n${text.reveal()}`);
  if (!values.has('user')) {
    const tokenPath = expanded(value('security_token_file'), env);
    const token = (await readCredential(tokenPath, { what: 'security_token_file', signal })).text;
    const keyId = `ST$${token.reveal()}`;
    return { keyId, key, secret: secret(keyId) };
  }
  const own = md5Fingerprint(key);
  const fingerprint = value('fingerprint');
  if (own !== undefined && MD5.test(fingerprint) && own !== fingerprint.toLowerCase()) {
    const why = `its fingerprint is ${own}, not ${fingerprint} as configured`;
    throw agentError('AUTH_CREDENTIAL_INVALID', { what: `key_file ${path}`, why }, { at: path });
  }
  const keyId = `${value('tenancy')}/${value('user')}/${fingerprint}`;
  return { keyId, key, secret: secret(keyId) };
}

interface Source {
  readonly name: string;
  read(signal: AbortSignal): Promise<{ readonly found: Values; readonly outcome: string }>;
}

function sourcesOf(env: EnvAccess): Source[] {
  const usual = expanded('~/.oci/config', env);
  const other = env.get('OCI_CONFIG_FILE') ?? '';
  // as with the reference, the variable counts only where the usual file is not there
  const first = other !== '' && !existsSync(usual) ? expanded(other, env) : usual;
  const files = [first, expanded('~/.oraclebmc/config', env), expanded('~/.obmcs/config', env)];
  return [environment(env), ...files.map(configFile)];
}

function environment(env: EnvAccess): Source {
  const names = {
    tenancy: 'tenancy_ocid',
    user: 'user_ocid',
    fingerprint: 'fingerprint',
    key_file: 'private_key_path',
  };
  const found = new Map<string, string>();
  for (const [name, variable] of Object.entries(names)) {
    const value = env.get(`OCI_${variable}`) ?? '';
    if (value !== '') found.set(name, value);
  }
  return { name: 'environment variables OCI_*', read: () => Promise.resolve({ found, outcome: 'not set' }) };
}

function configFile(path: string): Source {
  return {
    name: path,
    async read(signal) {
      try {
        const { text } = await readCredential(path, { what: 'configuration of Oracle Cloud', signal, trim: false });
        const found = readProfile(text.reveal(), PROFILE);
        return { found, outcome: `nothing that is missing in profile ${PROFILE}` };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof AgentError)) throw error;
        const isThere = error.code !== 'AUTH_CREDENTIAL_MISSING';
        return { found: new Map(), outcome: isThere ? error.message : 'does not exist' };
      }
    },
  };
}

function expanded(path: string, env: EnvAccess): string {
  return path.startsWith('~/') ? join(env.get('HOME') || homedir(), path.slice(2)) : path;
}
