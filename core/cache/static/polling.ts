// Compares KV 2 answers that were used since the last time with the version that the server has (D-68). A token without permission on the metadata gets the
// whole answer anew instead, when its time to live ends.
import type { Clock, Vault, VaultAnswer } from '../../sdk/index.js';
import { fieldsOf } from '../envelope.js';
import { compareFacts, versionOf } from './facts.js';
import type { Lane } from './lane.js';
import type { Reader } from './readers.js';
import type { Refresher } from './refresher.js';
import type { Shelf } from './shelf.js';
import type { Slot } from './slot.js';

/** What a poll is made of. */
export interface PollingOptions {
  readonly shelf: Shelf;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly lane: Lane;
  readonly refresher: Refresher;
  readonly signal: AbortSignal;
  readonly pollMs: number;
  /** A reader of the slot whose token may be used now. */
  readonly readerOf: (slot: Slot, now: number) => Reader | undefined;
}

/** Polls while it runs. */
export class Polling {
  readonly #options: PollingOptions;
  #cancel: (() => void) | undefined;

  constructor(options: PollingOptions) {
    this.#options = options;
  }

  /** Does nothing with a `pollMs` of 0. */
  start(): void {
    const { clock, pollMs } = this.#options;
    if (pollMs <= 0) return;
    this.#cancel = clock.after(pollMs, () => {
      this.#poll();
      this.start();
    });
  }

  /** Safe twice. */
  stop(): void {
    this.#cancel?.();
  }

  #poll(): void {
    const { shelf, clock, lane, readerOf, refresher, pollMs } = this.#options;
    const now = clock.now();
    for (const slot of shelf.all) {
      if (slot.hits === 0 || !isPolled(slot)) continue;
      slot.hits = 0;
      const reader = readerOf(slot, now);
      const path = metadataPath(slot);
      if (reader === undefined) continue;
      if (path !== undefined && !slot.metadataDenied) lane.run(() => this.#compare(slot, reader, path));
      else if (now + pollMs > slot.content.life.freshUntil) refresher.refresh(slot, reader);
    }
  }

  async #compare(slot: Slot, reader: Reader, path: string): Promise<void> {
    const { vault, signal, refresher } = this.#options;
    const { facts } = slot.content;
    const { namespace } = slot.name;
    const answer = await vault.request('GET', path, { token: reader.token, namespace, signal }).catch(() => undefined);
    if (!slot.held || answer === undefined || answer.status >= 500 || answer.status === 429) return;
    const current = answer.status === 200 ? currentOf(answer) : undefined;
    if (current === undefined) slot.metadataDenied = true;
    else if (slot.content.facts === facts && differs(current, facts)) refresher.refresh(slot, reader, true);
  }
}

function isPolled({ name, content }: Slot): boolean {
  return name.operation === 'read' && name.version === 0 && content.facts.created !== '';
}

/** Where the metadata of a `data` or `subkeys` answer is read, without `/v1/`; undefined when it is neither. */
export function metadataPath({ name }: Slot): string | undefined {
  const found = /^\/v1\/(.+?)\/(?:data|subkeys)\/(.+)$/.exec(name.target.path);
  return found === null ? undefined : `${found[1]!}/metadata/${found[2]!}`;
}

type Current = ReturnType<typeof versionOf> & { readonly destroyed: boolean };

function currentOf({ body }: VaultAnswer): Current | undefined {
  const data = fieldsOf(fieldsOf(body)?.data);
  const version = data?.current_version;
  if (typeof version !== 'number') return undefined;
  const found = fieldsOf(fieldsOf(data?.versions)?.[`${version}`]);
  return { ...versionOf({ ...found, version }), destroyed: found === undefined || found.destroyed === true };
}

function differs(current: Current, held: ReturnType<typeof versionOf>): boolean {
  return current.destroyed || compareFacts(current, held) !== 0 || current.deletionAt !== held.deletionAt;
}
