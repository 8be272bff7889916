// Auth method cf: the instance certificate of a Cloud Foundry container, read for each login, and a signature that serves one login.
import {
  Env,
  Log,
  Mount,
  Secret,
  Settings,
  Time,
  describeError,
  plugin,
  watchFile,
  type AuthMethod,
  type Clock,
  type EnvAccess,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
} from 'claviger/sdk';
import { refusalHint } from './refusal-hint.js';
import { placesOf, readPair, type InstancePair, type PairPlaces, type PairSettings } from './instance-pair.js';
import { signLogin, signingTime } from './sign-login.js';

interface CfSettings extends PairSettings {
  readonly role: string;
}

const PAIR_RETRY_MS = 1_000;

@plugin()
export default class Cf implements AuthMethod {
  readonly #settings: CfSettings;
  readonly #mount: string;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #env: EnvAccess;
  #last: Secret | undefined;

  constructor(
    @Settings settings: CfSettings,
    @Mount mount: string,
    @Log log: Logger,
    @Time clock: Clock,
    @Env env: EnvAccess,
  ) {
    this.#settings = settings;
    this.#mount = mount;
    this.#log = log;
    this.#clock = clock;
    this.#env = env;
  }

  async prepare({ signal }: LoginAttempt): Promise<LoginPlan> {
    const { role } = this.#settings;
    const places = placesOf(this.#settings, this.#env);
    const pair = await readPair(places, signal);
    this.#warn(pair, places);
    this.#last = new Secret(pair.certText);
    const time = signingTime(this.#clock.now());
    return {
      login: `${this.#mount}/login`,
      body: {
        role,
        cf_instance_cert: pair.certText,
        signing_time: time,
        signature: signLogin({ certText: pair.certText, role, time }, pair.key),
      },
      trail: pair.trail,
      show: ['role', 'signing_time'],
      credential: new Secret(`${role}\n${pair.certText}\n${pair.keyText.reveal()}`),
    };
  }

  async *changes(signal: AbortSignal): AsyncIterable<void> {
    const places = this.#placesQuietly();
    if (places === undefined) return;
    const watched = { clock: this.#clock, known: this.#last, trim: false };
    for await (const _ of watchFile(places.cert.path, signal, watched)) {
      if (await this.#isWhole(places, signal)) yield;
    }
  }

  hint(status: number, errors: readonly string[]): string | undefined {
    return refusalHint(status, errors, { role: this.#settings.role, mount: this.#mount });
  }

  #placesQuietly(): PairPlaces | undefined {
    try {
      return placesOf(this.#settings, this.#env);
    } catch {
      return undefined;
    }
  }

  // Certificate and key are replaced one after the other: a login between the two could only fail.
  async #isWhole(places: PairPlaces, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      try {
        await readPair(places, signal);
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        this.#log.debug({ why: describeError(error) }, 'new instance certificate is not usable yet');
        await this.#clock.sleep(PAIR_RETRY_MS, signal).catch(() => undefined);
      }
    }
    return false;
  }

  #warn({ expiresAt, certificates }: InstancePair, { cert }: PairPlaces): void {
    const { path } = cert;
    if (expiresAt <= this.#clock.now()) this.#log.warn({ path }, 'instance certificate has expired');
    if (certificates !== 2)
      this.#log.warn({ path, certificates }, 'the server expects two certificates: the instance and its authority');
  }
}
