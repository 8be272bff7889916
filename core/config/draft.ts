// All stanzas after validation, before defaults of the environment: what the rules look at. Types only.
import type { KeyProviderConfig } from '../contracts/agent-config.js';
import type { CatalogEntry } from '../contracts/catalog.js';
import type { Credentials } from './credentials-directory.js';
import type { Flags } from './flags.js';
import type { Environment } from './environment.js';
import type { MapValue } from './located.js';
import type { NotBuiltEntry } from './not-built.js';
import type { Report } from './report.js';
import type {
  ApiProxySettings,
  AutoAuthSettings,
  CachePathSettings,
  CacheSettings,
  CompatSettings,
  ListenerSettings,
  MethodSettings,
  PersistSettings,
  PluginSettings,
  RootSettings,
  SinkSettings,
  StaticPathSettings,
  StaticSettings,
  TelemetrySettings,
  TemplateSettings,
  VaultSettings,
} from './stanzas.js';
import type { Catalog } from '../contracts/catalog.js';

/** A block and its settings. */
export interface Stanza<T> {
  readonly map: MapValue;
  readonly settings: T;
  /** JSON pointers of settings that have findings. */
  readonly broken: ReadonlySet<string>;
  /** How the block is called in findings: `auto_auth.sink[1]`. */
  readonly prefix: string;
}

/** A block that a plugin works on: `own` are the settings of the plugin. */
export interface PluginStanza<T> extends Stanza<T> {
  readonly type: string;
  readonly entry: CatalogEntry | undefined;
  readonly own: Readonly<Record<string, unknown>>;
}

/** One `auto_auth` block. */
export interface IdentityDraft extends Stanza<AutoAuthSettings> {
  readonly name: string;
  readonly label: string | undefined;
  /** The block without method and sinks, as it was validated. */
  readonly plain: MapValue;
  readonly method: PluginStanza<MethodSettings> | undefined;
  readonly sinks: readonly PluginStanza<SinkSettings>[];
}

/** A key provider block; `type` is one that is known, `settings` are as its schema says. */
export interface KeyDraft extends Stanza<Readonly<Record<string, unknown>>> {
  readonly type: KeyProviderConfig['type'];
}

/** `persist`: `type` as written, `own` are the settings of the store. */
export interface PersistDraft extends PluginStanza<PersistSettings> {
  readonly key: KeyDraft | undefined;
  readonly previousKey: KeyDraft | undefined;
}

/** `static_secrets` with its path blocks. */
export interface StaticDraft extends Stanza<StaticSettings> {
  readonly paths: readonly Stanza<StaticPathSettings>[];
}

/** `cache` with the plugin that recognises requests and the blocks in it. */
export interface CacheDraft extends Stanza<CacheSettings> {
  readonly hasher: {
    readonly name: string;
    readonly settings: Readonly<Record<string, unknown>>;
    readonly map: MapValue;
  };
  readonly paths: readonly Stanza<CachePathSettings>[];
  readonly statics: StaticDraft | undefined;
  readonly persist: PersistDraft | undefined;
}

/** Everything. */
export interface Draft {
  readonly root: Stanza<RootSettings>;
  readonly vault: Stanza<VaultSettings> | undefined;
  readonly identities: readonly IdentityDraft[];
  readonly cache: CacheDraft | undefined;
  readonly apiProxy: Stanza<ApiProxySettings> | undefined;
  readonly listeners: readonly PluginStanza<ListenerSettings>[];
  readonly templates: readonly Stanza<TemplateSettings>[];
  readonly envTemplates: readonly Stanza<TemplateSettings>[];
  readonly exec: Stanza<unknown> | undefined;
  readonly telemetry: Stanza<TelemetrySettings> | undefined;
  readonly plugins: readonly Stanza<PluginSettings>[];
  readonly compat: Stanza<CompatSettings> | undefined;
}

/** What a run of the check is about. */
export interface CheckScope {
  readonly report: Report;
  readonly product: 'agent' | 'proxy';
  readonly env: Environment;
  readonly flags: Flags;
  readonly catalog: Catalog;
  readonly notBuilt: readonly NotBuiltEntry[];
  /** Where names of credentials lead; undefined outside of systemd. */
  readonly credentials?: Credentials | undefined;
  /** Part of the text could not be read, so what is missing may only be hidden. */
  readonly partial: boolean;
}
