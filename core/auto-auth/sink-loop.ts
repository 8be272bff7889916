// One sink, alone: takes the newest token, wraps and encrypts it, writes it, and tries again until it worked or a newer one came
// (spec config 4.1, R13). It must not know about other sinks.
import type { SinkConfig } from '../contracts/agent-config.js';
import type { Series } from '../contracts/metrics.js';
import type { TokenState } from '../contracts/token-feed.js';
import { jittered } from '../kernel/backoff.js';
import {
  AgentError,
  agentError,
  describeError,
  Secret,
  type Clock,
  type Delivery,
  type Logger,
  type Sink,
  type Vault,
} from '../sdk/index.js';
import { keyPair, sealEnvelope, type KeyPair } from './dh.js';
import { PeerKey } from './peer-key.js';
import { wrapToken } from './wrap.js';

/** A configured sink. */
export interface SinkSlot {
  readonly id: string;
  readonly config: SinkConfig;
  readonly sink: Sink;
}

/** What a loop needs. */
export interface SinkLoopParts {
  readonly vault: Vault;
  readonly namespace: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly success: Series;
  readonly failure: Series;
  /** Called when the sink holds `state`, and with an error after each failed try. */
  readonly onDelivered: (state: TokenState) => void;
  readonly onFailed: (error: AgentError) => void;
}

/** 2 s plus or minus half at first, then growing to 20 s. */
const RETRY = { baseMs: 2_000, share: 0.5, factor: 1.5, maxMs: 20_000 };

/** The loop of one sink. */
export class SinkLoop {
  readonly #slot: SinkSlot;
  readonly #parts: SinkLoopParts;
  readonly #stop = new AbortController();
  readonly #peer: PeerKey | undefined;
  #mine: KeyPair | undefined;
  #wanted: TokenState | undefined;
  #written: Secret | undefined;
  #running: Promise<void> | undefined;
  #nap = new AbortController();

  constructor(slot: SinkSlot, parts: SinkLoopParts) {
    this.#slot = slot;
    this.#parts = parts;
    this.#peer = slot.config.encryption ? new PeerKey(slot.config.encryption.dhPath) : undefined;
  }

  /** Makes `state` the one to deliver; an older one that has not been delivered is forgotten. */
  offer(state: TokenState): void {
    if (this.#stop.signal.aborted) return;
    this.#wanted = state;
    this.#nap.abort();
    this.#running ??= this.#run();
  }

  /** Ends waiting and writing; resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#nap.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let tries = 1; this.#wanted && !this.#stop.signal.aborted; tries++) {
      const state = this.#wanted;
      const error = await this.#deliver(state);
      if (error === undefined) this.#done(state);
      else if (!this.#stop.signal.aborted) await this.#rest(state, error, tries);
      if (this.#wanted !== state) tries = 0;
    }
    // In the same turn as the last look at `#wanted`: an offer that comes later starts a new run.
    this.#running = undefined;
  }

  #done(state: TokenState): void {
    if (this.#wanted === state) this.#wanted = undefined;
    this.#parts.onDelivered(state);
  }

  // Only a changed token is written: a login that gave the same token again leaves the sink as it is.
  async #deliver(state: TokenState): Promise<AgentError | undefined> {
    if (this.#written?.equals(state.token)) return undefined;
    try {
      await this.#slot.sink.write(await this.#delivery(state), this.#stop.signal);
      this.#written = state.token;
      this.#parts.success.add();
      return undefined;
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#parts.failure.add();
      return error instanceof AgentError ? error : this.#foreign(error);
    }
  }

  #foreign(cause: unknown): AgentError {
    return agentError('SINK_WRITE_FAILED', { path: this.#slot.id, why: describeError(cause).slice(0, 200) }, { cause });
  }

  async #delivery(state: TokenState): Promise<Delivery> {
    const { config } = this.#slot;
    const { vault, namespace } = this.#parts;
    const wrapping = config.wrapTtlMs > 0 && state.form === 'plain';
    const options = { ttlMs: config.wrapTtlMs, namespace, signal: this.#stop.signal };
    const plain = wrapping ? await wrapToken(vault, state.token, options) : state.token;
    const payload = config.encryption ? await this.#encrypted(plain) : plain;
    const unencrypted = wrapping || state.form === 'wrapped' ? 'wrapped' : 'plain';
    const { identity, accessor, expiresAt, sequence } = state;
    return { payload, form: config.encryption ? 'encrypted' : unencrypted, identity, accessor, expiresAt, sequence };
  }

  async #encrypted(plain: Secret): Promise<Secret> {
    const options = this.#slot.config.encryption;
    if (options === undefined || this.#peer === undefined) return plain;
    const peer = await this.#peer.read();
    this.#mine ??= keyPair();
    return new Secret(sealEnvelope(plain.reveal(), { mine: this.#mine, peer }, options));
  }

  async #rest(state: TokenState, error: AgentError, tries: number): Promise<void> {
    const { clock, random, log, onFailed } = this.#parts;
    const backoffMs = jittered(tries, RETRY, random);
    log.error(
      { sink: this.#slot.id, error: describeError(error), backoff: `${Math.round(backoffMs)}ms` },
      'error writing to sink, will retry',
    );
    onFailed(error);
    this.#nap = new AbortController();
    if (this.#stop.signal.aborted || this.#wanted !== state) return;
    await clock.sleep(backoffMs, this.#nap.signal).catch(() => undefined);
  }
}
