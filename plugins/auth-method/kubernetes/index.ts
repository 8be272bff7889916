// Auth method kubernetes: the service account token of this pod, read for each login, so that rotated tokens are picked up. Nothing is
// remembered and nothing removed.
import {
  Mount,
  Settings,
  plugin,
  readCredential,
  type AuthMethod,
  type LoginAttempt,
  type LoginPlan,
} from 'claviger/sdk';

interface KubernetesSettings {
  readonly role: string;
  readonly token_path?: string;
}

const DEFAULT_TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount/token';

@plugin()
export default class Kubernetes implements AuthMethod {
  readonly #role: string;
  readonly #path: string;
  readonly #mount: string;

  constructor(@Settings settings: KubernetesSettings, @Mount mount: string) {
    this.#role = settings.role;
    this.#path = settings.token_path ?? DEFAULT_TOKEN_PATH;
    this.#mount = mount;
  }

  async prepare({ signal }: LoginAttempt): Promise<LoginPlan> {
    const { text } = await readCredential(this.#path, { signal, what: 'token_path' });
    return {
      login: `${this.#mount}/login`,
      body: { role: this.#role, jwt: text.reveal() },
      trail: [{ source: this.#path, outcome: 'read' }],
      show: ['role'],
    };
  }

  hint(status: number): string | undefined {
    if (status !== 403) return undefined;
    return `check the service account, namespace and audience bound to role "${this.#role}", and that the server may review tokens`;
  }
}
