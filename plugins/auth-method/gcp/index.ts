// Auth method gcp: an identity token of this machine (gce) or a token signed for a service account (iam). Everything is read and asked anew for each login.
import {
  Env,
  Mount,
  Secret,
  Settings,
  Time,
  plugin,
  watchFile,
  type AuthMethod,
  type Clock,
  type EnvAccess,
  type LoginAttempt,
  type LoginPlan,
} from 'claviger/sdk';
import { iamLogin, type SignedLogin } from './iam.js';
import { identityToken, METADATA_SERVER } from './metadata.js';
import { namedAccount, type GcpSettings, type Scene } from './settings.js';

@plugin()
export default class Gcp implements AuthMethod {
  readonly #scene: Scene;
  readonly #mount: string;
  #file: SignedLogin['file'];

  constructor(@Settings settings: GcpSettings, @Mount mount: string, @Time clock: Clock, @Env env: EnvAccess) {
    this.#scene = { settings, env, clock };
    this.#mount = mount;
  }

  async prepare({ signal, address }: LoginAttempt): Promise<LoginPlan> {
    signal.throwIfAborted();
    const { type, role } = this.#scene.settings;
    const signed = await (type === 'gce' ? this.#gce(address, signal) : iamLogin(this.#scene, signal));
    const { jwt, credential, trail } = signed;
    this.#file = signed.file;
    // The server answers 422 to any member that it does not know.
    return { login: `${this.#mount}/login`, body: { role, jwt: jwt.reveal() }, credential, trail, show: ['role'] };
  }

  async *changes(signal: AbortSignal): AsyncIterable<void> {
    const file = this.#file;
    if (file === undefined) return;
    yield* watchFile(file.path, signal, { clock: this.#scene.clock, known: file.content, pollMs: 60_000 });
  }

  hint(status: number): string | undefined {
    const { role, type } = this.#scene.settings;
    if (status === 403) return `is there a gcp auth method at ${this.#mount}?`;
    if (status === 422) return `is the auth method at ${this.#mount} of type gcp?`;
    if (status !== 400) return undefined;
    const own =
      type === 'gce' ? 'of type gce and bound to this instance' : 'of type iam and bound to this service account';
    const life = type === 'gce' ? '' : ', that jwt_exp is within max_jwt_exp of the role';
    return `check that role "${role}" exists at ${this.#mount} and is ${own}${life}, and the clocks`;
  }

  async #gce(address: URL, signal: AbortSignal): Promise<SignedLogin> {
    const { settings } = this.#scene;
    const account = namedAccount(settings) ?? 'default';
    const audience = `${address.origin}${address.pathname.replace(/\/+$/, '')}/vault/${settings.role}`;
    const jwt = await identityToken(this.#scene, account, audience, signal);
    const trail = [{ source: METADATA_SERVER, outcome: `gave an identity token of ${account}` }];
    return { jwt, credential: new Secret(`gce\n${account}`), trail };
  }
}
