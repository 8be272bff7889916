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
import { Notifier } from './notify/notifier.js';
import { targetsOf } from './notify/targets.js';
import { PeerKey } from './peer-key.js';
import type { SinkLine } from './sink-line.js';
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
  /**
   * `revoke_on_shutdown`: a write that is under way at the stop is given a second, so that it is known what the sink holds, and a request for a child
   * token is waited for until the end.
   */
  readonly revokes: boolean;
  /** Called when the sink holds `state`, and with an error after each failed try. */
  readonly onDelivered: (state: TokenState) => void;
  readonly onFailed: (error: AgentError) => void;
  /** Somebody could not be told of a delivery, or could be again; `target` is who. */
  readonly onTold: (target: string, error: AgentError | undefined) => void;
}

/** Pauses after failures of this sink: the least plus or minus half at first, then growing to the longest (`retry`). */
export const retryShape = ({ retry }: SinkConfig): Parameters<typeof jittered>[1] => ({
  baseMs: retry.minMs,
  share: 0.5,
  factor: 1.5,
  maxMs: retry.maxMs,
});

const LAST_WRITE_MS = 1_000;

interface Wanted {
  readonly state: TokenState;
  /** Who wraps: the token itself, or the parent of a child, which may do more. */
  readonly wrapper: Secret;
}

/** The loop of one sink. */
export class SinkLoop implements SinkLine {
  readonly #slot: SinkSlot;
  readonly #parts: SinkLoopParts;
  readonly #stop = new AbortController();
  readonly #peer: PeerKey | undefined;
  #mine: KeyPair | undefined;
  readonly #notifiers: readonly Notifier[];
  #wanted: Wanted | undefined;
  #written: Secret | undefined;
  /** What a write that was cut may have left in the sink. */
  #doubtful: Secret | undefined;
  #stopped = false;
  /** What an earlier run left in the sink. */
  #found: Secret | undefined;
  #running: Promise<void> | undefined;
  #nap = new AbortController();

  constructor(slot: SinkSlot, parts: SinkLoopParts) {
    this.#slot = slot;
    this.#parts = parts;
    this.#peer = slot.config.encryption ? new PeerKey(slot.config.encryption.dhPath) : undefined;
    const { notify } = slot.config;
    const { clock, random, log, onTold } = parts;
    const shared = { clock, random, log, sink: slot.id, retry: retryShape(slot.config), onTold };
    this.#notifiers = notify ? targetsOf(notify, clock).map((target) => new Notifier(target, shared)) : [];
  }

  /** An earlier run left this payload in the sink: writing it again changes nothing that anybody has to be told of. */
  found(payload: Secret): void {
    this.#found = payload;
  }

  /** Makes `state` the one to deliver; an older one that has not been delivered is forgotten. `wrapper` is the token that wraps it; default itself. */
  offer(state: TokenState, wrapper: Secret = state.token): void {
    if (this.#stopped) return;
    this.#wanted = { state, wrapper };
    this.#nap.abort();
    this.#running ??= this.#run();
  }

  /** Ends waiting and writing; resolves when nothing runs any more. */
  async stop(): Promise<void> {
    const { clock, revokes } = this.#parts;
    this.#stopped = true;
    this.#nap.abort();
    const notifiers = this.#notifiers.map((notifier) => notifier.stop());
    const cancel = revokes ? clock.after(LAST_WRITE_MS, () => this.#stop.abort()) : undefined;
    if (!revokes) this.#stop.abort();
    await Promise.all([this.#running, ...notifiers]);
    cancel?.();
    this.#stop.abort();
  }

  async told(): Promise<void> {
    await Promise.all(this.#notifiers.map((notifier) => notifier.idle()));
  }

  async withdraw(signal: AbortSignal, ours: (token: Secret) => boolean): Promise<void> {
    const holds = this.#doubtful ?? this.#written;
    if (holds && ours(holds)) await this.#slot.sink.withdraw?.(signal);
  }

  revoke(): Promise<void> {
    return Promise.resolve();
  }

  async #run(): Promise<void> {
    for (let tries = 1; this.#wanted && !this.#stopped; tries++) {
      const wanted = this.#wanted;
      const error = await this.#deliver(wanted);
      if (error === undefined) this.#done(wanted);
      else if (!this.#stopped) await this.#rest(wanted, error, tries);
      if (this.#wanted !== wanted) tries = 0;
    }
    // In the same turn as the last look at `#wanted`: an offer that comes later starts a new run.
    this.#running = undefined;
  }

  #done(wanted: Wanted): void {
    if (this.#wanted === wanted) this.#wanted = undefined;
    this.#parts.onDelivered(wanted.state);
  }

  // Only a changed token is written: a login that gave the same token again leaves the sink as it is.
  async #deliver(wanted: Wanted): Promise<AgentError | undefined> {
    const { token } = wanted.state;
    if (this.#written?.equals(token)) return undefined;
    try {
      const delivery = await this.#delivery(wanted);
      this.#doubtful = token;
      await this.#slot.sink.write(delivery, this.#stop.signal);
      this.#written = token;
      this.#parts.success.add();
      this.#tell(delivery);
      return undefined;
    } catch (error) {
      // a write that failed has changed nothing (contract of sinks); one that was cut may have
      if (!this.#stop.signal.aborted) {
        this.#doubtful = undefined;
        this.#parts.failure.add();
      }
      return error instanceof AgentError ? error : this.#foreign(error);
    }
  }

  #tell({ payload, identity, sequence }: Delivery): void {
    const isOld = this.#found?.equals(payload) === true;
    this.#found = undefined;
    if (isOld) return;
    for (const notifier of this.#notifiers) notifier.tell({ identity, sink: this.#slot.id, sequence });
  }

  #foreign(cause: unknown): AgentError {
    return agentError('SINK_WRITE_FAILED', { path: this.#slot.id, why: describeError(cause).slice(0, 200) }, { cause });
  }

  async #delivery({ state, wrapper }: Wanted): Promise<Delivery> {
    const { config } = this.#slot;
    const { vault, namespace } = this.#parts;
    const wrapping = config.wrapTtlMs > 0 && state.form === 'plain';
    const options = { wrapper, ttlMs: config.wrapTtlMs, namespace, signal: this.#stop.signal };
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

  async #rest(wanted: Wanted, error: AgentError, tries: number): Promise<void> {
    const { clock, random, log, onFailed } = this.#parts;
    const backoffMs = jittered(tries, retryShape(this.#slot.config), random);
    log.error(
      { sink: this.#slot.id, error: describeError(error), backoff: `${Math.round(backoffMs)}ms` },
      'error writing to sink, will retry',
    );
    onFailed(error);
    this.#nap = new AbortController();
    if (this.#stopped || this.#wanted !== wanted) return;
    await clock.sleep(backoffMs, this.#nap.signal).catch(() => undefined);
  }
}
