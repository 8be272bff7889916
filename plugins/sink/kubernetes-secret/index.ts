// Sink kubernetes-secret: one key of a Secret, by server-side apply through the API of the cluster. Owns that key and nothing else: a key that somebody
// else owns is a conflict and is not taken. Knows the API, nothing of tokens.
import {
  AgentError,
  Env,
  Log,
  Settings,
  Time,
  agentError,
  describeError,
  plugin,
  refusalText,
  type Clock,
  type Delivery,
  type EnvAccess,
  type Logger,
  type Secret,
  type ServiceAnswer,
  type Sink,
} from 'claviger/sdk';
import { applyPatch, type Applying } from './apply.js';
import { whyRefused } from './refusal.js';
import { placeOf, type Place, type PlaceSettings } from './place.js';

interface KubernetesSecretSettings extends PlaceSettings {
  readonly name: string;
  readonly key?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly field_manager?: string;
  /** Milliseconds. */
  readonly timeout?: number;
}

const TIMEOUT_MS = 10_000;

@plugin()
export default class KubernetesSecret implements Sink {
  readonly #settings: KubernetesSecretSettings;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #env: EnvAccess;

  constructor(@Settings settings: KubernetesSecretSettings, @Log log: Logger, @Time clock: Clock, @Env env: EnvAccess) {
    this.#settings = settings;
    this.#log = log;
    this.#clock = clock;
    this.#env = env;
  }

  /** A dry run proves access and right; a cluster that does not answer now is no reason not to start. */
  async start(signal: AbortSignal): Promise<void> {
    const place = await this.#place(signal);
    const answer = await this.#apply(place, { data: {}, dryRun: true, signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      if (error instanceof AgentError && error.act === 'wait') throw error;
      throw agentError('SINK_NOT_WRITABLE', { path: this.#where(place), why: describeError(error) }, { cause: error });
    });
    if (answer.status === 429 || answer.status >= 500) {
      const why = refusalText(answer, [place.token]);
      throw agentError('SERVICE_BAD_ANSWER', { url: answer.from, why });
    }
    if (answer.status >= 300) throw this.#refused(answer, place, 'SINK_NOT_WRITABLE');
    this.#log.info({ secret: this.#where(place), key: this.#key }, 'kubernetes secret sink configured');
  }

  async write({ payload }: Delivery, signal: AbortSignal): Promise<void> {
    const place = await this.#place(signal);
    const data = { [this.#key]: payload };
    const answer = await this.#apply(place, { data, dryRun: false, signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw agentError('SINK_WRITE_FAILED', { path: this.#where(place), why: describeError(error) }, { cause: error });
    });
    if (answer.status >= 300) throw this.#refused(answer, place, 'SINK_WRITE_FAILED', [payload]);
    this.#log.info({ secret: this.#where(place), key: this.#key }, 'token written');
  }

  /** An apply without the key removes the key, because nobody else owns it; the Secret stays. */
  async withdraw(signal: AbortSignal): Promise<void> {
    const place = await this.#place(signal);
    const answer = await this.#apply(place, { data: {}, dryRun: false, signal });
    if (answer.status >= 300) throw this.#refused(answer, place, 'SINK_WRITE_FAILED');
  }

  #apply(place: Place, more: Pick<Applying, 'data' | 'dryRun' | 'signal'>): Promise<ServiceAnswer> {
    const { name, labels, annotations, field_manager: manager = 'claviger', timeout = TIMEOUT_MS } = this.#settings;
    return applyPatch({ place, name, labels, annotations, manager, timeoutMs: timeout, clock: this.#clock, ...more });
  }

  async #place(signal: AbortSignal): Promise<Place> {
    try {
      return await placeOf(this.#settings, this.#env, signal);
    } catch (error) {
      signal.throwIfAborted();
      const facts = { path: `secret ${this.#settings.name}`, why: describeError(error) };
      throw agentError('SINK_NOT_WRITABLE', facts, { cause: error });
    }
  }

  #refused(
    answer: ServiceAnswer,
    place: Place,
    code: 'SINK_NOT_WRITABLE' | 'SINK_WRITE_FAILED',
    sent: readonly Secret[] = [],
  ): AgentError {
    const { why, hint } = whyRefused(answer, this.#key, [place.token, ...sent]);
    return agentError(code, { path: this.#where(place), why }, { hint });
  }

  #where({ namespace }: Place): string {
    return `secret ${namespace}/${this.#settings.name}`;
  }

  get #key(): string {
    return this.#settings.key ?? 'token';
  }
}
