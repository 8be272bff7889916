// Auth method cert: logs in with a TLS client certificate. Without certificate settings the connection of the vault block is used as it is.
import {
  Log,
  Mount,
  Settings,
  Time,
  plugin,
  type AuthMethod,
  type ClientIdentity,
  type Clock,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
} from 'claviger/sdk';
import { checkIdentity, type IdentityFacts } from './check-identity.js';
import { isSameIdentity, readIdentity, type IdentityPaths } from './read-identity.js';

interface CertSettings {
  readonly name?: string;
  readonly ca_cert?: string;
  readonly client_cert?: string;
  readonly client_key?: string;
  readonly reload?: boolean;
  /** Milliseconds. */
  readonly reload_period?: number;
}

@plugin()
export default class Cert implements AuthMethod {
  readonly #settings: CertSettings;
  readonly #paths: IdentityPaths;
  readonly #mount: string;
  readonly #log: Logger;
  readonly #clock: Clock;
  #last: ClientIdentity | undefined;
  #facts: IdentityFacts = { notBefore: -Infinity, expiresAt: Infinity };
  #isKept = false;

  constructor(@Settings settings: CertSettings, @Mount mount: string, @Log log: Logger, @Time clock: Clock) {
    this.#settings = settings;
    this.#paths = pathsOf(settings);
    this.#mount = mount;
    this.#log = log;
    this.#clock = clock;
  }

  async prepare(attempt: LoginAttempt): Promise<LoginPlan> {
    const { name } = this.#settings;
    const body = name === undefined || name === '' ? {} : { name };
    const plan = { login: `${this.#mount}/login`, body, show: ['name'], trail: this.#trail() };
    const tls = await this.#identity(attempt);
    return tls === undefined ? plan : { ...plan, tls };
  }

  async accepted(): Promise<void> {
    // Without reload the files of the first login that worked stay in use, as with the reference; until then they are read each time.
    this.#isKept = this.#settings.reload !== true && this.#last !== undefined;
  }

  async *changes(signal: AbortSignal): AsyncIterable<void> {
    if (this.#settings.reload !== true || Object.keys(this.#paths).length === 0) return;
    let known = this.#last;
    while (await this.#tick(signal)) {
      const now = await this.#readQuietly(signal);
      if (now === undefined || (known !== undefined && isSameIdentity(now, known))) continue;
      known = now;
      yield;
    }
  }

  hint(status: number): string | undefined {
    if (status !== 400 && status !== 403) return undefined;
    const trouble = this.#timeTrouble();
    if (trouble !== undefined) return `the certificate in ${this.#paths.client_cert ?? ''} ${trouble}`;
    return 'the server saw no client certificate (a TLS-terminating proxy in between?) or no role trusts the one it saw';
  }

  async #identity({ signal }: LoginAttempt): Promise<ClientIdentity | undefined> {
    if (Object.keys(this.#paths).length === 0) return undefined;
    if (this.#isKept) return this.#last;
    const identity = await readIdentity(this.#paths, signal);
    this.#facts = checkIdentity(identity, this.#paths);
    const trouble = this.#timeTrouble();
    if (trouble !== undefined) this.#log.warn({ path: this.#paths.client_cert }, `client certificate ${trouble}`);
    return (this.#last = identity);
  }

  // The server decides; its clock may be the right one.
  #timeTrouble(): string | undefined {
    const now = this.#clock.now();
    if (this.#facts.expiresAt <= now) return 'has expired';
    return this.#facts.notBefore > now ? 'is not valid yet; compare the clocks' : undefined;
  }

  async #tick(signal: AbortSignal): Promise<boolean> {
    await this.#clock.sleep(this.#settings.reload_period ?? 60_000, signal).catch(() => undefined);
    return !signal.aborted;
  }

  async #readQuietly(signal: AbortSignal): Promise<ClientIdentity | undefined> {
    try {
      const identity = await readIdentity(this.#paths, signal);
      checkIdentity(identity, this.#paths);
      return identity;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) this.#log.warn({ why }, 'certificate files are not usable; keeping the ones in use');
      return undefined;
    }
  }

  #trail(): { source: string; outcome: string }[] {
    const outcome = this.#isKept ? 'remembered' : 'read';
    const { client_cert, client_key, ca_cert } = this.#paths;
    const files = [client_cert, client_key, ca_cert].filter((source) => source !== undefined);
    if (files.length === 0) return [{ source: 'vault block', outcome: 'its connection is used as it is' }];
    return files.map((source) => ({ source, outcome }));
  }
}

function pathsOf(settings: CertSettings): IdentityPaths {
  const pairs = (['client_cert', 'client_key', 'ca_cert'] as const).map((key) => [key, settings[key] ?? ''] as const);
  return Object.fromEntries(pairs.filter(([, path]) => path !== ''));
}
