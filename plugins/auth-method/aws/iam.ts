// Logins of type iam: credentials from the chain, a fresh signature for each attempt, and the look for better credentials. (Spec auth-wire 4.2, 4.3.)
import type { LoginAttempt, LoginPlan, Secret, Tried } from 'claviger/sdk';
import { CredentialChain, type Found } from './chain.js';
import { fingerprint, hasExpired } from './credentials.js';
import { identityFields } from './identity-request.js';
import type { Imds } from './imds.js';
import { findRegion } from './region.js';
import type { Surroundings } from './settings.js';
import { checkedUrl, stsEndpoint } from './sts-endpoint.js';

const POLL_MS = 60_000;

/** Plans iam logins. */
export class IamLogin {
  readonly #around: Surroundings;
  readonly #mount: string;
  readonly #imds: Imds;
  readonly #chain: CredentialChain;
  #last: Found | undefined;
  #used: Secret | undefined;
  #signedFor: { readonly region: string; readonly endpoint: string } | undefined;

  constructor(around: Surroundings, mount: string, imds: Imds) {
    this.#around = around;
    this.#mount = mount;
    this.#imds = imds;
    this.#chain = new CredentialChain(around, imds);
  }

  /** What the last plan was signed for. */
  get signedFor(): { readonly region?: string; readonly endpoint?: string } {
    return this.#signedFor ?? {};
  }

  /** Throws AUTH_SOURCE_NONE, AUTH_CREDENTIAL_* and SERVICE_* errors of the sources. */
  async prepare({ signal, purpose }: LoginAttempt): Promise<LoginPlan> {
    const { settings, clock } = this.#around;
    const { credentials, trail } = await this.#credentials(signal);
    const { region, trail: more } = await findRegion(this.#around, this.#imds, signal);
    const url = settings.sts_url ? checkedUrl(settings.sts_url, 'sts_url') : stsEndpoint(region);
    const fields = identityFields({ url, region, credentials, serverId: settings.header_value, atMs: clock.now() });
    const credential = fingerprint(credentials);
    if (purpose === 'login') this.#used = credential;
    this.#signedFor = { region, endpoint: url.href };
    return {
      login: `${this.#mount}/login`,
      body: { role: settings.role, ...fields },
      trail: [...trail, ...more],
      show: ['role', 'iam_http_request_method', 'iam_request_url', 'iam_request_body'],
      credential,
    };
  }

  /** Yields when the chain has other credentials than the last login used. A look that fails is only worth a warning. */
  async *changes(signal: AbortSignal): AsyncIterable<void> {
    const { clock, settings } = this.#around;
    let told: Secret | undefined;
    while (await slept(clock.sleep(settings.credential_poll_interval ?? POLL_MS, signal))) {
      const now = await this.#lookQuietly(signal);
      if (now === undefined || now.equals(this.#used) || now.equals(told)) continue;
      told = now;
      yield;
    }
  }

  async #lookQuietly(signal: AbortSignal): Promise<Secret | undefined> {
    try {
      this.#last = await this.#chain.find(signal);
      return fingerprint(this.#last.credentials);
    } catch (error) {
      if (!signal.aborted) this.#warn(error);
      return undefined;
    }
  }

  // Credentials that were good a moment ago are better than none, as with the reference.
  async #credentials(signal: AbortSignal): Promise<Found> {
    try {
      return (this.#last = await this.#chain.find(signal));
    } catch (error) {
      signal.throwIfAborted();
      const last = this.#last;
      if (last === undefined || hasExpired(last.credentials, this.#around.clock.now())) throw error;
      this.#warn(error);
      return { credentials: last.credentials, trail: [...last.trail.map(remembered)] };
    }
  }

  #warn(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.#around.log.warn({ why }, 'no fresh AWS credentials; keeping the ones in use');
  }
}

const remembered = ({ source, outcome }: Tried): Tried => ({ source, outcome: `${outcome} (remembered)` });

// False once the wait was aborted.
function slept(sleep: Promise<void>): Promise<boolean> {
  return sleep.then(
    () => true,
    () => false,
  );
}
