// Auth method kubernetes: the service account token of this pod, read for each login, so that rotated tokens are picked up; or one for an audience that the
// Kubernetes API gives for it. Nothing is remembered and nothing removed.
import {
  Env,
  Mount,
  Secret,
  Settings,
  Time,
  jwtTimeTrouble,
  plugin,
  readCredential,
  requireJwt,
  type AuthMethod,
  type Clock,
  type EnvAccess,
  type JwtFacts,
  type LoginAttempt,
  type LoginPlan,
} from 'claviger/sdk';
import { accountOf, requestToken, serverInPod } from './token-request.js';

interface KubernetesSettings {
  readonly role: string;
  readonly token_path?: string;
  readonly audience?: readonly string[];
  /** Milliseconds. */
  readonly token_lifetime?: number;
  readonly service_account?: string;
  readonly service_account_namespace?: string;
  readonly api_server?: string;
  readonly api_ca_cert?: string;
  /** Milliseconds. */
  readonly api_timeout?: number;
}

const IN_POD = '/var/run/secrets/kubernetes.io/serviceaccount';

@plugin()
export default class Kubernetes implements AuthMethod {
  readonly #settings: KubernetesSettings;
  readonly #path: string;
  readonly #mount: string;
  readonly #clock: Clock;
  readonly #env: EnvAccess;
  #facts: JwtFacts = {};

  constructor(@Settings settings: KubernetesSettings, @Mount mount: string, @Time clock: Clock, @Env env: EnvAccess) {
    this.#settings = settings;
    this.#path = settings.token_path ?? `${IN_POD}/token`;
    this.#mount = mount;
    this.#clock = clock;
    this.#env = env;
  }

  async prepare(attempt: LoginAttempt): Promise<LoginPlan> {
    const { text: own } = await readCredential(this.#path, { signal: attempt.signal, what: 'token_path' });
    this.#facts = requireJwt(own, `token_path ${this.#path}`);
    const trouble = jwtTimeTrouble(this.#facts, this.#clock.now());
    const read = { source: this.#path, outcome: trouble === undefined ? 'read' : `read; ${trouble}` };
    const { audience: audiences, role } = this.#settings;
    const login = `${this.#mount}/login`;
    if (audiences === undefined) return { login, body: { role, jwt: own.reveal() }, trail: [read], show: ['role'] };
    const { jwt, source } = await this.#exchanged(own, audiences, attempt);
    const asked = { source, outcome: `gave a token for ${audiences.map((one) => `"${one}"`).join(', ')}` };
    // The token that is sent is another one each time.
    const credential = new Secret([own.reveal(), ...audiences].join('\n'));
    return { login, body: { role, jwt: jwt.reveal() }, trail: [read, asked], show: ['role'], credential };
  }

  hint(status: number): string | undefined {
    if (status !== 400 && status !== 403) return undefined;
    const trouble = jwtTimeTrouble(this.#facts, this.#clock.now());
    if (trouble !== undefined) return `the token in ${this.#path}: ${trouble}`;
    if (status === 400) return `is there a role "${this.#settings.role}" at ${this.#mount}?`;
    return `check the service account, namespace and audience bound to role "${this.#settings.role}", and that the server may review tokens`;
  }

  async #exchanged(
    bearer: Secret,
    audiences: readonly string[],
    { signal }: LoginAttempt,
  ): Promise<{ readonly jwt: Secret; readonly source: string }> {
    const { api_server, api_ca_cert: caPath = `${IN_POD}/ca.crt`, service_account: name } = this.#settings;
    const { service_account_namespace: namespace, token_lifetime: lifetimeMs = 600_000 } = this.#settings;
    const env = this.#env;
    const server = api_server ?? serverInPod(env.get('KUBERNETES_SERVICE_HOST'), env.get('KUBERNETES_SERVICE_PORT'));
    const given = { ...(name !== undefined && { name }), ...(namespace !== undefined && { namespace }) };
    const account = accountOf(given, bearer, this.#path);
    const ca = (await readCredential(caPath, { signal, what: 'api_ca_cert', maxBytes: 1024 * 1024 })).text.reveal();
    const { api_timeout: timeoutMs = 5_000 } = this.#settings;
    const order = { server, ca, bearer, account, audiences, lifetimeMs, timeoutMs, clock: this.#clock, signal };
    const jwt = await requestToken(order);
    requireJwt(jwt, `the token of ${server}`);
    return { jwt, source: server };
  }
}
