// Builds what outlives the process: the store plugin, its key, the journal over both.
import type { AgentConfig, PersistConfig } from '../contracts/agent-config.js';
import type { LogRoot } from '../contracts/logging.js';
import { createKeyProvider } from '../cache/keys/create.js';
import type { KeyHost } from '../cache/keys/provider.js';
import { StoreJournal } from '../cache/journal/journal.js';
import type { CacheStore, Clock, Secret } from '../sdk/index.js';
import type { VaultClient } from '../vault/client.js';
import { guardStore } from './guards/cache-store.js';
import type { StatusBoard } from './health.js';
import type { PluginFactory } from './plugin-factory.js';
import { storeOwner } from './store-owner.js';

/** What persistence is made with. */
export interface PersistenceParts {
  readonly config: AgentConfig;
  readonly factory: PluginFactory;
  readonly client: VaultClient;
  readonly clock: Clock;
  readonly log: LogRoot;
  readonly board: StatusBoard;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly random: () => number;
  /** The token of the first identity, once there is one. */
  readonly token: () => Promise<Secret>;
}

/** The journal and what it writes to. */
export interface Persistence {
  readonly journal: StoreJournal;
  readonly store: CacheStore;
  readonly persist: PersistConfig;
  /** Name for messages: `cache-store "file"`. */
  readonly label: string;
}

/** Builds the journal of a `persist` block. Nothing is opened yet. */
export async function buildPersistence(parts: PersistenceParts, persist: PersistConfig): Promise<Persistence> {
  const { config, factory, clock, log, board, random } = parts;
  const made = await factory.make<CacheStore>({
    kind: 'cache-store',
    name: persist.store.name,
    id: 'cache_store',
    settings: persist.store.settings,
    logName: `${config.product}.cache.store`,
  });
  const store = guardStore(made.guarded, made.instance);
  const shared = made.entry.manifest.supports?.shared === true;
  const host = keyHost(parts, persist);
  const journal = new StoreJournal({
    store,
    provider: createKeyProvider(persist.key, host),
    previous: persist.previousKey && createKeyProvider(persist.previousKey, host),
    identity: storeOwner(config, persist.share),
    sync: persist.sync,
    keepAfterImport: persist.keepAfterImport,
    exitOnErr: persist.exitOnErr,
    clock,
    log: log.named(`${config.product}.cache.journal`),
    health: board.reporter('cache_journal'),
    random,
    ...(shared && { scope: `${persist.instance}/` }),
    ...(persist.share && { metaKey: 'meta', shared: true }),
  });
  return { journal, store, persist, label: made.guarded.label };
}

function keyHost({ config, client, log, env, token }: PersistenceParts, persist: PersistConfig): KeyHost {
  const { path } = persist.store.settings;
  return {
    log: log.named(`${config.product}.cache.key`),
    env: { get: (name) => env[name] },
    uid: process.getuid?.() ?? -1,
    storeFolder: typeof path === 'string' ? path : undefined,
    allowKeyBesideData: config.compat.keyBesideData,
    ...(config.identities.length > 0 && { vault: client.vault('auto-auth'), token }),
  };
}
