// Reads Google's credential files (JSON): what must be in each kind. Pure; messages name members, never their values.
import { agentError, Secret, type AgentError } from 'claviger/sdk';
import type {
  AuthorizedUser,
  ExternalAccount,
  GoogleCredential,
  ImpersonatedAccount,
  Impersonation,
  ServiceAccountKey,
  SubjectSource,
} from './google-credential.js';

type Json = Readonly<Record<string, unknown>>;

const TOKEN_URI = 'https://oauth2.googleapis.com/token';
const LIFETIME_S = 3600;

/** Reads a credential. `what` names it. Throws AUTH_CREDENTIAL_INVALID. */
export function parseCredential(text: Secret, what: string): GoogleCredential {
  return credentialOf(objectOf(text.reveal(), what), what);
}

function objectOf(text: string, what: string): Json {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  } catch {
    // The parser's own error is left out: it quotes the text.
  }
  const looksLikePath = /^[~./\\]?[^{}\n]{0,500}\.json$|^[~./\\]/.test(text.trim());
  const hint = looksLikePath ? 'it wants the content of the file; for a path there is credentials_file' : undefined;
  throw agentError('AUTH_CREDENTIAL_INVALID', { what, why: 'it is not a JSON object' }, { hint });
}

function credentialOf(json: Json, what: string): GoogleCredential {
  const type = json['type'];
  switch (type) {
    case 'service_account':
      return serviceAccount(json, what);
    case 'authorized_user':
      return authorizedUser(json, what);
    case 'external_account':
      return externalAccount(json, what);
    case 'impersonated_service_account':
      return impersonated(json, what);
    default:
      throw invalid(
        what,
        `its type is ${typeof type === 'string' ? `"${type.slice(0, 40)}"` : 'missing'}, not one of service_account, authorized_user, external_account, impersonated_service_account`,
      );
  }
}

function serviceAccount(json: Json, what: string): ServiceAccountKey {
  return {
    kind: 'service_account',
    email: text(json, 'client_email', what),
    privateKey: new Secret(text(json, 'private_key', what)),
    keyId: optional(json, 'private_key_id') ?? '',
    tokenUri: safeUrl(optional(json, 'token_uri') ?? TOKEN_URI, 'token_uri', what),
  };
}

function authorizedUser(json: Json, what: string): AuthorizedUser {
  return {
    kind: 'authorized_user',
    clientId: text(json, 'client_id', what),
    clientSecret: new Secret(text(json, 'client_secret', what)),
    refreshToken: new Secret(text(json, 'refresh_token', what)),
    tokenUri: safeUrl(optional(json, 'token_uri') ?? TOKEN_URI, 'token_uri', what),
  };
}

function externalAccount(json: Json, what: string): ExternalAccount {
  return {
    kind: 'external_account',
    audience: text(json, 'audience', what),
    subjectTokenType: text(json, 'subject_token_type', what),
    tokenUrl: safeUrl(text(json, 'token_url', what), 'token_url', what),
    subject: subjectOf(member(json, 'credential_source'), what),
    impersonation: json['service_account_impersonation_url'] === undefined ? undefined : impersonationOf(json, what),
  };
}

function impersonated(json: Json, what: string): ImpersonatedAccount {
  const source = credentialOf(member(json, 'source_credentials') ?? {}, `source_credentials of ${what}`);
  return { kind: 'impersonated_service_account', source, impersonation: impersonationOf(json, what) };
}

function impersonationOf(json: Json, what: string): Impersonation {
  const name = 'service_account_impersonation_url';
  const delegates = json['delegates'];
  const lifetime = member(json, 'service_account_impersonation')?.['token_lifetime_seconds'];
  return {
    url: safeUrl(text(json, name, what), name, what),
    delegates: Array.isArray(delegates) ? delegates.map(String) : [],
    lifetimeS: typeof lifetime === 'number' && lifetime > 0 ? lifetime : LIFETIME_S,
  };
}

function subjectOf(source: Json | undefined, what: string): SubjectSource {
  if (source === undefined) throw invalid(what, 'it has no credential_source');
  const format = member(source, 'format');
  const field = format?.['type'] === 'json' ? text(format, 'subject_token_field_name', what) : undefined;
  const headers = Object.entries(member(source, 'headers') ?? {}).map(([name, value]) => [name, String(value)]);
  const common = { headers: Object.fromEntries(headers) as Record<string, string>, field };
  const [file, url] = [optional(source, 'file'), optional(source, 'url')];
  if (headers.some(([name = '', value = '']) => !/^[\w-]+$/.test(name) || !/^[\x20-\x7e]*$/.test(value))) {
    throw invalid(what, 'its credential_source.headers have characters that no header may have');
  }
  const isSpecial = ['environment_id', 'executable', 'certificate'].find((name) => source[name] !== undefined);
  if (isSpecial !== undefined)
    throw invalid(what, `a credential_source with ${isSpecial} is not supported, only file and url`);
  if (file !== undefined) return { file, ...common };
  if (url === undefined) throw invalid(what, 'its credential_source has neither file nor url');
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw invalid(what, 'its credential_source.url is not an http address');
  return { url, ...common };
}

// Secrets are sent there: https, or this machine.
function safeUrl(url: string, name: string, what: string): string {
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
  const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  if (protocol === 'https:' || (protocol === 'http:' && isLocal)) return url;
  throw invalid(what, `its ${name} is not an https address`);
}

function text(json: Json, name: string, what: string): string {
  const value = optional(json, name);
  if (value === undefined) throw invalid(what, `it has no ${name}`);
  return value;
}

function optional(json: Json, name: string): string | undefined {
  const value = json[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function member(json: Json, name: string): Json | undefined {
  const value = json[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

const invalid = (what: string, why: string): AgentError => agentError('AUTH_CREDENTIAL_INVALID', { what, why });
