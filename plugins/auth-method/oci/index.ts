// Auth method oci: headers signed with an API key or by the principal of this instance; each signature serves one login.
import {
  Env,
  Log,
  Mount,
  Secret,
  Settings,
  Time,
  describeError,
  plugin,
  type AuthMethod,
  type Clock,
  type EnvAccess,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
} from 'claviger/sdk';
import { findApiKey, type FoundSigner } from './api-key.js';
import { InstancePrincipal } from './instance-principal.js';
import { loginRequest } from './login-request.js';
import { refusalHint } from './refusal-hint.js';

interface OciSettings {
  readonly type: 'apikey' | 'instance';
  readonly role: string;
  /** Milliseconds. */
  readonly credential_poll_interval?: number;
}

@plugin()
export default class Oci implements AuthMethod {
  readonly #settings: OciSettings;
  readonly #mount: string;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #find: (signal: AbortSignal) => Promise<FoundSigner>;
  #last: Secret | undefined;

  constructor(
    @Settings settings: OciSettings,
    @Mount mount: string,
    @Log log: Logger,
    @Time clock: Clock,
    @Env env: EnvAccess,
  ) {
    this.#settings = settings;
    this.#mount = mount;
    this.#log = log;
    this.#clock = clock;
    const principal = new InstancePrincipal({ env, clock, log });
    this.#find = settings.type === 'apikey' ? (signal) => findApiKey(env, signal) : (signal) => principal.find(signal);
  }

  async prepare({ signal, address }: LoginAttempt): Promise<LoginPlan> {
    const { role } = this.#settings;
    const signer = await this.#find(signal);
    this.#last = signer.secret;
    return {
      ...loginRequest({ mount: this.#mount, role, address }, signer, this.#clock.now()),
      trail: signer.trail,
      show: [],
      credential: new Secret(`${role}\n${signer.secret.reveal()}`),
    };
  }

  async *changes(signal: AbortSignal): AsyncIterable<void> {
    while (await this.#tick(signal)) {
      const before = this.#last;
      const signer = await this.#findQuietly(signal);
      if (signer === undefined || signer.secret.equals(before)) continue;
      this.#last = signer.secret;
      yield;
    }
  }

  hint(status: number, errors: readonly string[]): string | undefined {
    const { role, type } = this.#settings;
    return refusalHint(status, errors, { role: role.toLowerCase(), type, mount: this.#mount });
  }

  async #findQuietly(signal: AbortSignal): Promise<FoundSigner | undefined> {
    try {
      return await this.#find(signal);
    } catch (error) {
      if (!signal.aborted) this.#log.warn({ why: describeError(error) }, 'credentials could not be read again');
      return undefined;
    }
  }

  async #tick(signal: AbortSignal): Promise<boolean> {
    await this.#clock.sleep(this.#settings.credential_poll_interval ?? 60_000, signal).catch(() => undefined);
    return !signal.aborted;
  }
}
