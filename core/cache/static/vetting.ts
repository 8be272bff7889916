// Whether a token may be served from memory: its uses are not counted, it is alive, and its permissions are confirmed time and again (S-10 to S-13,
// Checks only take away. A lookup spends a use of a token whose uses are counted; therefore a client's own token is looked up only when it
// asks a second time for what is held, and from then on it is left alone.
import type { StaticConfig } from '../../contracts/agent-config.js';
import { describeError, type Clock, type Logger, type Vault, type VaultAnswer } from '../../sdk/index.js';
import type { Random } from '../../vault/lifetime.js';
import { batchesOf, lostBy, type CapabilityBatch } from './capabilities.js';
import { isBatch } from './digest.js';
import type { Lane } from './lane.js';
import type { Reader, Readers } from './readers.js';
import type { Slot } from './slot.js';
import { tokenFactsOf, type TokenFacts } from './token-facts.js';

/** What vetting is made of. */
export interface VettingOptions {
  readonly config: Pick<StaticConfig, 'capabilityRefreshMs' | 'capabilityRefresh'>;
  readonly readers: Readers;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: Random;
  readonly lane: Lane;
  readonly log: Logger;
  /** Configured namespace, where the identities' tokens live. */
  readonly namespace: string;
  readonly signal: AbortSignal;
}

const RETRY_MS = 10_000;

/** Looks tokens up and checks what they may read. */
export class Vetting {
  readonly #options: VettingOptions;
  #running = false;

  constructor(options: VettingOptions) {
    this.#options = options;
  }

  /** A read of its own has just proven a permission. */
  proven(reader: Reader, now: number): void {
    if (reader.standing === 'unknown' && (reader.own || isBatch(reader.token))) this.#inquire(reader, now);
    else if (reader.standing === 'known') this.#schedule(reader);
  }

  /** Whether it may be served now. To ask is to show interest: an unknown one is looked up in the background. */
  usable(reader: Reader, now: number): boolean {
    if (mayUse(reader, now)) return true;
    if (reader.standing === 'known') reader.standing = 'unknown';
    if (reader.standing === 'unknown') this.#inquire(reader, now);
    return false;
  }

  /** Checks begin, also for what is there already. */
  start(): void {
    this.#running = true;
    for (const reader of this.#options.readers.all) if (reader.standing === 'known') this.#schedule(reader);
  }

  /** No more checks. */
  stop(): void {
    this.#running = false;
    for (const reader of this.#options.readers.all) reader.cancelCheck?.();
  }

  #inquire(reader: Reader, now: number): void {
    if (now < reader.retryAt) return;
    reader.standing = 'asking';
    this.#options.lane.run(() => this.#lookUp(reader));
  }

  async #lookUp(reader: Reader): Promise<void> {
    const { clock, readers, log, config } = this.#options;
    const sentAt = clock.now();
    const found = await this.#ask(reader);
    if (typeof found === 'string') {
      reader.standing = 'unknown';
      reader.retryAt = clock.now() + (found === 'refused' ? config.capabilityRefreshMs : RETRY_MS);
      return log.debug(
        { why: found },
        'token of a static read could not be looked up, it is not served from the cache',
      );
    }
    adoptFacts(reader, found, Math.min(sentAt, clock.now()));
    if (reader.standing === 'limited') {
      readers.revokeAll(reader);
      return log.debug({}, 'token with limited uses is never served from the cache');
    }
    if ([...reader.slots.values()].some(({ kind }) => kind === 'remembered')) return this.#check(reader);
    this.#schedule(reader);
  }

  // A token may be used in other namespaces than its own, where it cannot look itself up.
  async #ask(reader: Reader): Promise<(TokenFacts & { home: string }) | 'refused' | 'dead' | 'failed'> {
    const { namespace: configured } = this.#options;
    const places = reader.own ? [configured, reader.namespace] : [reader.namespace, configured, ''];
    for (const namespace of new Set(places)) {
      const answer = await this.#call('GET', 'auth/token/lookup-self', { reader, namespace });
      if (answer === undefined) return 'failed';
      if (answer.status === 403) continue;
      if (answer.status !== 200) return 'failed';
      const facts = tokenFactsOf(answer.body);
      return facts === undefined ? 'dead' : { ...facts, home: namespace };
    }
    return 'refused';
  }

  #schedule(reader: Reader): void {
    const { clock, random, config, lane } = this.#options;
    if (!this.#running || reader.cancelCheck !== undefined || reader.slots.size === 0) return;
    // earlier by chance, so that tokens that came together part; never later, as rescue counts on it
    const delayMs = config.capabilityRefreshMs * (0.9 + 0.1 * random());
    reader.cancelCheck = clock.after(delayMs, () => {
      reader.cancelCheck = undefined;
      lane.run(() => this.#due(reader));
    });
  }

  async #due(reader: Reader): Promise<void> {
    const { clock, config, readers } = this.#options;
    if (reader.standing !== 'known' || readers.get(reader.digest) !== reader) return;
    if (reader.slots.size === 0) return void readers.forget(reader);
    const soon = clock.now() + config.capabilityRefreshMs;
    if (reader.expiresAt > 0 && reader.expiresAt < soon) {
      const sentAt = clock.now();
      const found = await this.#ask(reader);
      if (typeof found !== 'string') adoptFacts(reader, found, Math.min(sentAt, clock.now()));
    }
    await this.#check(reader);
  }

  async #check(reader: Reader): Promise<void> {
    for (const batch of batchesOf(reader.slots.keys(), reader.home)) {
      if ((await this.#checkBatch(reader, batch)) === 'dead') return;
    }
    if (reader.slots.size === 0) return void this.#options.readers.forget(reader);
    this.#schedule(reader);
  }

  async #checkBatch(reader: Reader, batch: CapabilityBatch): Promise<'dead' | undefined> {
    const { readers, config, log, clock } = this.#options;
    const { namespace, paths } = batch;
    const slots = [...paths.values()].flat();
    const sentAt = clock.now();
    const body = { paths: [...paths.keys()] };
    const answer = await this.#call('POST', 'sys/capabilities-self', { reader, namespace, body });
    if (answer?.status === 200) {
      const lost = lostBy(batch, answer.body);
      for (const slot of lost) readers.revoke(reader, slot);
      for (const slot of slots) confirm(reader, slot, sentAt);
      if (lost.length > 0) log.debug({ lost: lost.length }, 'a token lost permissions on static secrets');
      return undefined;
    }
    if (answer?.status === 403) {
      readers.forget(reader);
      log.debug({}, 'a token may read no static secrets any more');
      return 'dead';
    }
    const pessimistic = config.capabilityRefresh === 'pessimistic';
    log.warn({ status: answer?.status ?? 0, kept: !pessimistic }, 'permissions on static secrets could not be checked');
    if (pessimistic) for (const slot of slots) readers.revoke(reader, slot);
    return undefined;
  }

  async #call(
    method: string,
    path: string,
    given: { readonly reader: Reader; readonly namespace: string; readonly body?: unknown },
  ): Promise<VaultAnswer | undefined> {
    const { vault, signal, log } = this.#options;
    const { namespace, body } = given;
    try {
      return await vault.request(method, path, { token: given.reader.token, namespace, body, signal });
    } catch (error) {
      log.debug({ path, error: describeError(error) }, 'no answer about a token of static secrets');
      return undefined;
    }
  }
}

/** Whether a token may be used now, by what is known of it. */
export function mayUse({ standing, expiresAt }: Reader, now: number): boolean {
  return standing === 'known' && (expiresAt === 0 || now < expiresAt);
}

function confirm(reader: Reader, slot: Slot, at: number): void {
  const grant = reader.slots.get(slot);
  if (grant === undefined) return;
  reader.slots.set(slot, { kind: grant.kind === 'read' ? 'read' : 'confirmed', at: Math.max(at, grant.at) });
}

function adoptFacts(reader: Reader, facts: TokenFacts & { readonly home: string }, sentAt: number): void {
  reader.standing = facts.limited ? 'limited' : 'known';
  reader.home = facts.home;
  reader.accessor = facts.accessor;
  reader.orphan = facts.orphan;
  reader.expiresAt = facts.ttlMs === 0 ? 0 : sentAt + facts.ttlMs;
}
