// Auth method oidc: client credentials at an OpenID provider, and its token for the jwt login. Everything is asked anew for each attempt; nothing is kept.
import {
  CredentialFile,
  Log,
  Mount,
  Secret,
  Settings,
  Time,
  jwtTimeTrouble,
  plugin,
  readCredential,
  requireJwt,
  watchFile,
  type AuthMethod,
  type Clock,
  type JwtFacts,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
} from 'claviger/sdk';
import { assertionProof, secretProof } from './client-proof.js';
import { askForToken, discoverTokenUrl, type Proof, type Reach, type Wish } from './provider.js';

interface OidcSettings {
  readonly issuer?: string;
  readonly token_url?: string;
  readonly client_id: string;
  readonly client_secret?: string | Secret;
  readonly client_secret_file?: string;
  readonly private_key_file?: string;
  readonly key_id?: string;
  readonly key_algorithm?: 'RS256' | 'PS256' | 'ES256';
  readonly assertion_audience?: string;
  readonly client_authentication?: 'basic' | 'post';
  readonly scope?: readonly string[];
  readonly audience?: string;
  readonly use?: Wish['use'];
  readonly role?: string;
  readonly ca_cert?: string;
  /** Milliseconds. */
  readonly timeout?: number;
}

@plugin()
export default class Oidc implements AuthMethod {
  readonly #settings: OidcSettings;
  readonly #mount: string;
  readonly #clock: Clock;
  readonly #file: CredentialFile | undefined;
  #facts: JwtFacts = {};

  constructor(@Settings settings: OidcSettings, @Mount mount: string, @Log log: Logger, @Time clock: Clock) {
    this.#settings = settings;
    this.#mount = mount;
    this.#clock = clock;
    this.#file = fileOf(settings, log);
  }

  async prepare(attempt: LoginAttempt): Promise<LoginPlan> {
    const { role, client_id: clientId, use = 'access_token', scope = [], audience } = this.#settings;
    const credential = await this.#credential(attempt);
    const reach = await this.#reach(attempt);
    const { token_url: url = await discoverTokenUrl(this.#settings.issuer ?? '', reach) } = this.#settings;
    const jwt = await askForToken(url, this.#proof(credential, url), { use, scope, audience }, reach);
    this.#facts = requireJwt(jwt, `the ${use} of ${new URL(url).origin}`, OPAQUE);
    const trouble = jwtTimeTrouble(this.#facts, this.#clock.now());
    return {
      login: `${this.#mount}/login`,
      body: { ...(role !== undefined && { role }), jwt: jwt.reveal() },
      show: ['role'],
      trail: [
        { source: this.#source, outcome: this.#file?.outcome ?? 'from the configuration' },
        { source: url, outcome: `gave an ${use}${trouble === undefined ? '' : `; ${trouble}`}` },
      ],
      // the token is another one each time
      credential: new Secret(`${clientId}\n${credential.reveal()}`),
    };
  }

  async *changes(signal: AbortSignal): AsyncIterable<void> {
    const file = this.#file;
    if (file !== undefined) yield* watchFile(file.path, signal, { clock: this.#clock, known: file.last, trim: TRIM });
  }

  hint(status: number): string | undefined {
    if (status !== 400 && status !== 403) return undefined;
    const trouble = jwtTimeTrouble(this.#facts, this.#clock.now());
    if (trouble !== undefined) return `the token of the provider: ${trouble}`;
    const { role } = this.#settings;
    const named = role === undefined ? 'the default role' : `role "${role}"`;
    return `check that ${named} exists at ${this.#mount} and accepts the issuer, audience and claims that the provider gives to client "${this.#settings.client_id}"`;
  }

  async #credential(attempt: LoginAttempt): Promise<Secret> {
    if (this.#file !== undefined) return this.#file.read(attempt);
    const { client_secret: secret = '' } = this.#settings;
    return typeof secret === 'string' ? new Secret(secret) : secret;
  }

  async #reach({ signal }: LoginAttempt): Promise<Reach> {
    const { ca_cert: path, timeout: timeoutMs = 5_000 } = this.#settings;
    const options = { signal, what: 'ca_cert', maxBytes: 1024 * 1024 };
    const ca = path === undefined ? undefined : (await readCredential(path, options)).text.reveal();
    return { clock: this.#clock, signal, timeoutMs, ca };
  }

  #proof(credential: Secret, url: string): Proof {
    const { client_id: clientId, private_key_file: path, client_authentication: way = 'basic' } = this.#settings;
    if (path === undefined) return secretProof(clientId, credential, way);
    const { key_algorithm: algorithm, key_id: keyId, assertion_audience: audience = url } = this.#settings;
    return assertionProof({ clientId, audience, key: credential, path, algorithm, keyId, nowMs: this.#clock.now() });
  }

  get #source(): string {
    return this.#file?.path ?? 'client_secret';
  }
}

const OPAQUE =
  'many providers give access tokens without a meaning; ask for an audience that has signed ones, or set use = "id_token"';
const TRIM = 'line-break';

function fileOf(settings: OidcSettings, log: Logger): CredentialFile | undefined {
  const { private_key_file: key, client_secret_file: secret } = settings;
  if (key !== undefined) return new CredentialFile(key, { what: 'private_key_file', log, trim: TRIM });
  return secret === undefined ? undefined : new CredentialFile(secret, { what: 'client_secret_file', log, trim: TRIM });
}
