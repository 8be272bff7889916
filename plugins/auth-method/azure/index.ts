// Auth method azure: an access token of Entra for this machine or application, sent with the names of the machine. Everything is read and asked anew for
// each login. Knows the order of the steps; each source of a token has a file of its own.
import {
  Env,
  Log,
  Mount,
  Settings,
  Time,
  plugin,
  watchFile,
  type AuthMethod,
  type Clock,
  type EnvAccess,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
  type Secret,
} from 'claviger/sdk';
import { machineNames } from './machine-names.js';
import type { AzureSettings, Scene } from './settings.js';
import { sourcesOf } from './sources.js';
import { firstToken, type AccessToken } from './token-source.js';
import { lateBy } from './token-times.js';

@plugin()
export default class Azure implements AuthMethod {
  readonly #scene: Scene;
  readonly #mount: string;
  #file: AccessToken['file'];

  constructor(
    @Settings settings: AzureSettings,
    @Mount mount: string,
    @Log log: Logger,
    @Time clock: Clock,
    @Env env: EnvAccess,
  ) {
    this.#scene = { settings, env, clock, log };
    this.#mount = mount;
  }

  async prepare({ signal }: LoginAttempt): Promise<LoginPlan> {
    signal.throwIfAborted();
    const { token, trail } = await firstToken(sourcesOf(this.#scene), signal);
    this.#file = token.file;
    this.#warnOfClock(token.jwt);
    const { names, tried } = await machineNames(this.#scene, signal, token.isFromInstance);
    return {
      login: `${this.#mount}/login`,
      body: { role: this.#scene.settings.role, jwt: token.jwt.reveal(), ...names },
      credential: token.credential,
      trail: [...trail, tried],
      show: ['role', ...Object.keys(names)],
    };
  }

  async *changes(signal: AbortSignal): AsyncIterable<void> {
    const file = this.#file;
    if (file === undefined) return;
    yield* watchFile(file.path, signal, { clock: this.#scene.clock, known: file.content, pollMs: 60_000 });
  }

  hint(status: number): string | undefined {
    const { role, resource } = this.#scene.settings;
    if (status === 403) return `is there an azure auth method at ${this.#mount}?`;
    if (status !== 400 && status !== 500) return undefined;
    return `check that role "${role}" exists at ${this.#mount} and is bound to this identity and machine, that the server is configured with the resource "${resource}", and the clocks`;
  }

  #warnOfClock(jwt: Secret): void {
    const seconds = lateBy(jwt, this.#scene.clock.now());
    if (seconds > 0) this.#scene.log.warn({ seconds }, 'access token has expired by the clock of this machine');
  }
}
