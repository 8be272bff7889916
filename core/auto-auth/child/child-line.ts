// One sink with a child token of its own: the child is made from the newest parent, delivered, and only then the former child is revoked (issue 5,
// "narrowed child token"). It must not know about other sinks, nor how a delivery works.
import type { ChildTokenConfig } from '../../contracts/agent-config.js';
import type { TokenState } from '../../contracts/token-feed.js';
import { jittered } from '../../kernel/backoff.js';
import { agentError, AgentError, describeError } from '../../sdk/index.js';
import { serverWords } from '../server-words.js';
import type { Grant } from '../grant.js';
import { isDead, isRevocable, revokeToken } from '../revoke.js';
import type { SinkLine } from '../sink-line.js';
import { retryShape, SinkLoop, type SinkLoopParts, type SinkSlot } from '../sink-loop.js';
import { ChildLife } from './child-life.js';
import { sooner, whyNoChild } from './child-request.js';
import { mintChild } from './mint-child.js';

/** What a line with a child needs besides what its loop needs. `onDelivered` is told of the parent. */
export interface ChildLineParts extends SinkLoopParts {
  /** When this token of the identity ends, as far as is known now; wall clock, ms; 0: it does not, or nobody knows. */
  readonly endOf: (parent: TokenState) => number;
  /** The server no longer knows this token of the identity. */
  readonly onDeadParent: (parent: TokenState) => void;
}

interface Child {
  readonly grant: Grant;
  readonly life: ChildLife;
  readonly state: TokenState;
  /** The newest state of the identity that it belongs to. */
  parent: TokenState;
}

/** Each try makes a token that may do too much for a moment, so tries are seldom. */
const WIDE_PAUSE_MS = 300_000;

/** The line. */
export class ChildLine implements SinkLine {
  readonly #slot: SinkSlot;
  readonly #config: ChildTokenConfig;
  readonly #parts: ChildLineParts;
  readonly #loop: SinkLoop;
  readonly #cut = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #parent: TokenState | undefined;
  #child: Child | undefined;
  /** Former children that are revoked when the present one is delivered. */
  #former: Child[] = [];
  #held: TokenState | undefined;
  #sequence = 0;
  /** Grows with each child that is wanted; what belongs to an older turn is thrown away. */
  #turn = 0;
  #tries = 0;
  #minting = false;
  #stopped = false;
  #cancelTimer: () => void = () => undefined;

  constructor(slot: SinkSlot, config: ChildTokenConfig, parts: ChildLineParts) {
    this.#slot = slot;
    this.#config = config;
    this.#parts = parts;
    this.#loop = new SinkLoop(slot, { ...parts, onDelivered: (state) => this.#delivered(state) });
  }

  offer(parent: TokenState): void {
    if (this.#stopped) return;
    const isNew = !parent.token.equals(this.#parent?.token);
    this.#parent = parent;
    if (isNew) return this.#mint();
    if (this.#child === undefined) return;
    this.#child.parent = parent;
    if (this.#held === this.#child.state) this.#parts.onDelivered(parent);
  }

  told(): Promise<void> {
    return this.#loop.told();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#turn += 1;
    this.#cancelTimer();
    if (!this.#parts.revokes) this.#cut.abort();
    await Promise.all([this.#child?.life.end(), this.#loop.stop()]);
    if (!this.#parts.revokes) await this.#idle();
  }

  withdraw(signal: AbortSignal): Promise<void> {
    return this.#loop.withdraw(signal, () => true);
  }

  async revoke(signal: AbortSignal): Promise<void> {
    const leave = (): void => this.#cut.abort();
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    const children = [...this.#former.splice(0), ...(this.#child ? [this.#child] : [])];
    for (const { grant, life } of children) this.#retire(grant, life.expiresAt);
    await this.#idle();
    signal.removeEventListener('abort', leave);
  }

  async #idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #background(task: Promise<void>): void {
    const tracked = task.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  #mint(): void {
    this.#turn += 1;
    this.#tries = 0;
    this.#minting = true;
    this.#cancelTimer();
    this.#background(this.#attempt(this.#turn));
  }

  async #attempt(turn: number): Promise<void> {
    const parent = this.#parent!;
    const why = whyNoChild(parent);
    if (why !== undefined) return this.#failed(agentError('SINK_CHILD_REFUSED', { why }), undefined);
    this.#tries += 1;
    const error = await this.#tryOnce(parent, turn);
    if (error === undefined || turn !== this.#turn) return;
    const pauseMs = jittered(this.#tries, retryShape(this.#slot.config), this.#parts.random);
    this.#failed(error, error.code === 'SINK_CHILD_WIDE' ? Math.max(pauseMs, WIDE_PAUSE_MS) : pauseMs);
  }

  async #tryOnce(parent: TokenState, turn: number): Promise<AgentError | undefined> {
    const { vault, namespace } = this.#parts;
    try {
      const minted = await mintChild({ vault, namespace, signal: this.#cut.signal }, parent.token, this.#config);
      if ('error' in minted) {
        if (minted.status === 403) await this.#suspect(parent, turn);
        return minted.error;
      }
      const { grant, identityPolicies } = minted;
      const wide = identityPolicies.length > 0 && !this.#config.allowIdentityPolicies;
      if (turn !== this.#turn || wide) this.#retire(grant, 0);
      else this.#accept(grant, parent);
      return wide ? agentError('SINK_CHILD_WIDE', { policies: serverWords([identityPolicies.join(', ')]) }) : undefined;
    } catch (error) {
      return error instanceof AgentError
        ? error
        : agentError('SINK_CHILD_FAILED', { why: describeError(error).slice(0, 200) });
    }
  }

  // A 403 is what a dead parent gets, too.
  async #suspect(parent: TokenState, turn: number): Promise<void> {
    const { vault, namespace, onDeadParent } = this.#parts;
    const dead = await isDead({ vault, namespace, signal: this.#cut.signal }, parent.token);
    if (dead && turn === this.#turn) onDeadParent(parent);
  }

  #failed(error: AgentError, pauseMs: number | undefined): void {
    const { log, clock, failure, onFailed } = this.#parts;
    const turn = this.#turn;
    const backoff = pauseMs === undefined ? 'until there is another token' : `${String(Math.round(pauseMs))}ms`;
    log.error(
      { sink: this.#slot.id, error: describeError(error), backoff },
      'error creating the child token of a sink',
    );
    failure.add();
    onFailed(error);
    if (pauseMs !== undefined) this.#cancelTimer = clock.after(pauseMs, () => this.#background(this.#attempt(turn)));
  }

  #accept(grant: Grant, parent: TokenState): void {
    const { vault, namespace, clock, random, log } = this.#parts;
    const sink = this.#slot.id;
    const onOver = (reason: string): void => this.#over(reason);
    const life = new ChildLife(grant, { vault, namespace, clock, random, log, sink, onOver });
    if (this.#child) {
      this.#background(this.#child.life.end());
      this.#former.push(this.#child);
    }
    this.#minting = false;
    const state = this.#stateOf(grant, parent, life.expiresAt);
    this.#child = { grant, life, state, parent };
    life.begin();
    this.#loop.offer(state, parent.token);
  }

  #stateOf(grant: Grant, parent: TokenState, endsAt: number): TokenState {
    const { form, token, accessor, policies, renewable, kind } = grant;
    this.#sequence += 1;
    const expiresAt = this.#config.orphan ? endsAt : sooner(endsAt, this.#parts.endOf(parent));
    const { identity } = parent;
    return { identity, form, token, accessor, policies, renewable, kind, expiresAt, sequence: this.#sequence };
  }

  #over(reason: string): void {
    if (this.#stopped) return;
    this.#parts.log.info({ sink: this.#slot.id, reason }, 'the child token of a sink is replaced');
    if (reason === 'dead') this.#child = undefined;
    if (!this.#minting) this.#mint();
  }

  #delivered(state: TokenState): void {
    const child = this.#child;
    if (child?.state !== state) return;
    this.#held = state;
    for (const { grant, life } of this.#former.splice(0)) this.#retire(grant, life.expiresAt);
    this.#parts.onDelivered(child.parent);
  }

  #retire({ token, kind, form }: Grant, endsAt: number): void {
    const { clock, log } = this.#parts;
    const sink = this.#slot.id;
    if (!isRevocable({ kind, form }, endsAt, clock.now())) return;
    const parts = { ...this.#parts, signal: this.#cut.signal };
    this.#background(
      revokeToken(parts, token, `a child token of ${sink}`).then((error) => {
        if (error) log.warn({ sink, error: describeError(error) }, 'a child token was not revoked');
      }),
    );
  }
}
