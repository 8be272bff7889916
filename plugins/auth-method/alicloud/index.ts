// Auth method alicloud: signs a request that tells the server who is calling; each signature serves one login. Credentials come from the first source of
// the chain that has any; new ones are noticed by asking it again.
import { randomUUID } from 'node:crypto';
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
import { Chain, type Found } from './chain.js';
import { identityRequest } from './identity-request.js';
import { offersOf, type AccessKey, type CredentialSettings } from './recipes.js';
import { refusalHint } from './refusal-hint.js';

interface AliCloudSettings extends CredentialSettings {
  readonly role: string;
  readonly region: string;
  /** Milliseconds. */
  readonly credential_poll_interval?: number;
  readonly metadata_endpoint?: string;
  readonly sts_endpoint?: string;
}

@plugin()
export default class AliCloud implements AuthMethod {
  readonly #settings: AliCloudSettings;
  readonly #mount: string;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #env: EnvAccess;
  readonly #chain: Chain;
  #last: Found | undefined;

  constructor(
    @Settings settings: AliCloudSettings,
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
    this.#chain = makeChain(settings, { clock, log, env });
  }

  async prepare({ signal }: LoginAttempt): Promise<LoginPlan> {
    const { role, region } = this.#settings;
    const found = await this.#find(signal);
    if (found.isUserKey)
      this.#log.warn({ key: found.key.id }, 'a plain access key: the server accepts assumed roles only');
    this.#last = found;
    const request = identityRequest(found.key, region, { nowMs: this.#clock.now(), nonce: randomUUID() });
    return {
      login: `${this.#mount}/login`,
      body: { role, ...request },
      trail: found.trail,
      show: ['role', 'identity_request_headers'],
      credential: new Secret(`${role}\n${secretText(found.key)}`),
    };
  }

  async *changes(signal: AbortSignal): AsyncIterable<void> {
    while (await this.#tick(signal)) {
      const before = this.#last;
      const found = await this.#findQuietly(signal);
      if (found === undefined || (before !== undefined && secretText(before.key) === secretText(found.key))) continue;
      this.#last = found;
      yield;
    }
  }

  hint(status: number, errors: readonly string[]): string | undefined {
    const { role, region } = this.#settings;
    return refusalHint(status, errors, { role, region, mount: this.#mount, isUserKey: this.#last?.isUserKey === true });
  }

  #find(signal: AbortSignal): Promise<Found> {
    return this.#chain.find(offersOf(this.#settings, this.#env), signal);
  }

  async #findQuietly(signal: AbortSignal): Promise<Found | undefined> {
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

const secretText = ({ id, secret, token }: AccessKey): string =>
  [id, secret.reveal(), token?.reveal() ?? ''].join('\n');

function makeChain(
  { region, metadata_endpoint, sts_endpoint }: AliCloudSettings,
  { clock, log, env }: { clock: Clock; log: Logger; env: EnvAccess },
): Chain {
  const allowsV1 = env.get('ALIBABA_CLOUD_IMDSV1_DISABLED')?.toLowerCase() !== 'true';
  return new Chain({
    sts: { endpoint: sts_endpoint ?? `https://sts.${region}.aliyuncs.com`, region, clock },
    metadata: { endpoint: metadata_endpoint ?? 'http://100.100.100.200', clock, allowsV1 },
    clock,
    log,
  });
}
