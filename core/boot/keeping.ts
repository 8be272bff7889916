// Everything that only a `persist` block needs, in one module that is loaded only then: the store and its journal, who writes to it, and sharing.
import { identityJournal, type IdentityJournal, type KeptToken } from '../cache/journal/identity-journal.js';
import { leaseJournal } from '../cache/journal/lease-journal.js';
import { StateShelf } from '../cache/journal/state-shelf.js';
import type { LeaseCacheCore } from '../cache/lease-cache.js';
import { readClusterId } from '../cache/shared/cluster-id.js';
import { createSharing, type Sharing } from '../cache/shared/sharing.js';
import type { PersistConfig } from '../contracts/agent-config.js';
import type { Identity } from '../contracts/token-feed.js';
import { instanceId } from '../kernel/ids.js';
import { describeError, type Secret } from '../sdk/index.js';
import { buildPersistence, type Persistence, type PersistenceParts } from './persistence.js';

/** What keeping is made with. */
export interface KeepingParts extends Omit<PersistenceParts, 'token'> {
  /** The identities, which are built later. */
  readonly identities: () => ReadonlyMap<string, Identity>;
}

/** A journal, those who write to it, and the sharing when it is asked for. */
export interface Keeping extends Persistence {
  readonly tokens: IdentityJournal;
  /** Tokens that identities held when the agent last ran; there once the store has been read. */
  readonly kept: ReadonlyMap<string, KeptToken>;
  readonly sharing: Sharing | undefined;
  /** Lets the leases be kept. Call it before the journal starts. */
  keep(leases: LeaseCacheCore): void;
}

/** Builds it. Nothing is opened yet. */
export async function buildKeeping(parts: KeepingParts, persist: PersistConfig): Promise<Keeping> {
  const persistence = await buildPersistence({ ...parts, token: () => firstToken(parts) }, persist);
  const { journal } = persistence;
  const shelf = new StateShelf(journal);
  parts.factory.keepState((component) => shelf.access(component));
  const kept = new Map<string, KeptToken>();
  const tokens = identityJournal(journal, (token) => kept.set(token.identity, token));
  const sharing = persist.share ? buildSharing(parts, persistence) : undefined;
  const log = parts.log.named(`${parts.config.product}.cache.journal`);
  return {
    ...persistence,
    tokens,
    kept,
    sharing,
    keep: (leases) => {
      leases.follow(leaseJournal(journal, leases, { log, sharesIdentities: sharing !== undefined }));
      if (sharing !== undefined) leases.follow(sharing);
    },
  };
}

function buildSharing(parts: KeepingParts, { journal, store, persist }: Persistence): Sharing {
  const { client, clock, log, board, random, config, identities } = parts;
  let opened: Parameters<Parameters<typeof journal.onOpen>[0]>[0] | undefined;
  journal.onOpen((now) => (opened = now));
  return createSharing({
    ...{ store, clock, random },
    sealer: () => opened?.sealer,
    confirm: () => journal.confirm(),
    log: log.named(`${config.product}.cache.sharing`),
    health: board.reporter('cache_sharing'),
    instance: `${persist.instance}/${instanceId()}`,
    shareBoundMs: persist.shareBoundMs,
    clusterId: () => readClusterId(client.vault('renewal')),
    identity: (name) => {
      const state = identities().get(name)?.feed.current;
      const method = config.identities.find((one) => one.name === name)?.method;
      return state && method && { state, mount: `${method.namespace}${method.mountPath}` };
    },
  });
}

// The key provider `transit` works with the agent's own token, as soon as there is one.
async function firstToken({ identities, config, log }: KeepingParts): Promise<Secret> {
  const { signal } = new AbortController();
  const feed = identities().get(config.identities[0]!.name)?.feed;
  try {
    for await (const state of feed?.updates(signal) ?? []) if (state.form === 'plain') return state.token;
  } catch (error) {
    log.named(`${config.product}.cache.key`).warn({ error: describeError(error) }, 'waiting for a token failed');
  }
  throw new Error('there is no token');
}
