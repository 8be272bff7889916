// Which credentials the environment and the settings offer, in the order in which they count: environment before configuration before the instance,
// as with the reference (auth-wire 7.2). Pure; it fetches nothing.
import { Secret, type EnvAccess } from 'claviger/sdk';

/** Settings that name credentials. */
export interface CredentialSettings {
  readonly access_key?: string;
  readonly access_secret?: Secret | string;
  readonly secret_key?: Secret | string;
  readonly access_token?: Secret | string;
  readonly role_arn?: string;
  readonly role_session_name?: string;
  readonly role_session_expiration?: number;
  readonly role_name?: string;
  readonly private_key?: Secret | string;
  readonly public_key_id?: string;
}

/** An access key, temporary when it has a token. */
export interface AccessKey {
  readonly id: string;
  readonly secret: Secret;
  readonly token?: Secret | undefined;
}

/** A session to ask for. */
export interface Session {
  readonly roleArn: string;
  readonly name: string;
  readonly seconds?: number | undefined;
}

/** How credentials are got. */
export type Recipe =
  | { readonly how: 'key'; readonly key: AccessKey }
  | { readonly how: 'assume'; readonly key: AccessKey; readonly session: Session }
  | { readonly how: 'oidc'; readonly session: Session; readonly providerArn: string; readonly tokenFile: string }
  | { readonly how: 'instance'; readonly role: string | undefined };

/** A place to look, and what it offers: a recipe, or why there is none. */
export interface Offer {
  readonly source: string;
  readonly recipe?: Recipe;
  /** Why there is no recipe. */
  readonly lacks?: string;
}

interface Values {
  readonly id: string;
  readonly secret: Secret | undefined;
  readonly token: Secret | undefined;
  readonly roleArn: string;
  readonly sessionName: string;
  readonly seconds: number | undefined;
  readonly roleName: string;
  readonly keyPair: boolean;
}

const SESSION_NAME = 'claviger';

/** All places in their order; the last is the instance, unless one of its roles was asked for by name: another one would be somebody else. */
export function offersOf(settings: CredentialSettings, env: EnvAccess): Offer[] {
  const offers = [
    offered('environment variables ALICLOUD_*', legacyValues(env)),
    offered('environment variables ALIBABA_CLOUD_*', modernValues(env)),
    oidcOffer(env),
    offered('configuration', configured(settings)),
  ];
  if (offers.some(({ recipe }) => recipe?.how === 'instance')) return offers;
  return [...offers, { source: 'instance metadata', recipe: { how: 'instance', role: undefined } }];
}

function offered(source: string, values: Values): Offer {
  const { id, secret, token, roleArn, roleName } = values;
  if (id !== '' && secret !== undefined) {
    const key = { id, secret, token };
    if (roleArn === '') return { source, recipe: { how: 'key', key } };
    const session = { roleArn, name: values.sessionName || SESSION_NAME, seconds: values.seconds };
    return { source, recipe: { how: 'assume', key, session } };
  }
  if (roleName !== '') return { source, recipe: { how: 'instance', role: roleName } };
  if (id !== '') return { source, lacks: 'an access key without its secret' };
  if (secret !== undefined) return { source, lacks: 'a secret without its access key' };
  return { source, lacks: values.keyPair ? 'key pair sessions are not supported' : 'not set' };
}

function oidcOffer(env: EnvAccess): Offer {
  const source = 'OIDC role of ALIBABA_CLOUD_OIDC_TOKEN_FILE';
  const tokenFile = env.get('ALIBABA_CLOUD_OIDC_TOKEN_FILE') ?? '';
  const providerArn = env.get('ALIBABA_CLOUD_OIDC_PROVIDER_ARN') ?? '';
  const roleArn = env.get('ALIBABA_CLOUD_ROLE_ARN') ?? '';
  if (tokenFile === '') return { source, lacks: 'not set' };
  if (providerArn === '') return { source, lacks: 'ALIBABA_CLOUD_OIDC_PROVIDER_ARN is not set' };
  if (roleArn === '') return { source, lacks: 'ALIBABA_CLOUD_ROLE_ARN is not set' };
  const name = env.get('ALIBABA_CLOUD_ROLE_SESSION_NAME') || SESSION_NAME;
  return { source, recipe: { how: 'oidc', session: { roleArn, name }, providerArn, tokenFile } };
}

function legacyValues(env: EnvAccess): Values {
  const get = (name: string): string => env.get(`ALICLOUD_${name}`) ?? '';
  return {
    id: get('ACCESS_KEY'),
    secret: secretOf(get('SECRET_KEY')),
    token: secretOf(get('ACCESS_KEY_STS_TOKEN')),
    roleArn: get('ROLE_ARN'),
    sessionName: get('ROLE_SESSION_NAME'),
    seconds: secondsOf(get('ROLE_SESSION_EXPIRATION')),
    roleName: get('ROLE_NAME'),
    keyPair: get('PRIVATE_KEY') !== '' || get('PUBLIC_KEY_ID') !== '',
  };
}

function modernValues(env: EnvAccess): Values {
  const get = (name: string): string => env.get(`ALIBABA_CLOUD_${name}`) ?? '';
  return {
    id: get('ACCESS_KEY_ID'),
    secret: secretOf(get('ACCESS_KEY_SECRET')),
    token: secretOf(get('SECURITY_TOKEN')),
    roleArn: '',
    sessionName: '',
    seconds: undefined,
    roleName: '',
    keyPair: false,
  };
}

function configured(settings: CredentialSettings): Values {
  return {
    id: settings.access_key ?? '',
    secret: secretOf(settings.access_secret) ?? secretOf(settings.secret_key),
    token: secretOf(settings.access_token),
    roleArn: settings.role_arn ?? '',
    sessionName: settings.role_session_name ?? '',
    seconds: settings.role_session_expiration || undefined,
    roleName: settings.role_name ?? '',
    keyPair: secretOf(settings.private_key) !== undefined || (settings.public_key_id ?? '') !== '',
  };
}

function secretOf(value: Secret | string | undefined): Secret | undefined {
  if (value === undefined || value === '') return undefined;
  return typeof value === 'string' ? new Secret(value) : value;
}

const secondsOf = (text: string): number | undefined => (/^[1-9]\d*$/.test(text) ? Number(text) : undefined);
