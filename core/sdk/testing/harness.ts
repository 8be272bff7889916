// Contract of a plugin's harness module: how the conformance suite of its kind makes valid settings, breaks material and reads back.
// A harness is stateless: all it knows lives in the `Bench` it is given. It is named by `harness` in plugin.json and is its default export.
import type { Fakes } from './fakes.js';

/** Where one test of a suite happens. A new one for each test; its folder is removed afterwards. */
export interface Bench {
  /** Private, empty temp folder. Use fixed file names in it. */
  readonly dir: string;
  /** What the plugin's slots will be filled with: script `fakes.vault`, set `fakes.env`, move `fakes.clock`. */
  readonly fakes: Fakes;
  /** Remembers a value that must never show in a log line, an error or a health report, and returns it. */
  readonly plant: (secret: string) => string;
  /** Runs `end` when the test is over, for example to close a server that `settings` opened. */
  readonly onEnd: (end: () => unknown) => void;
}

/** What every harness has. */
export interface Harness {
  /** Prepares the material in `bench.dir` and gives valid settings (what reaches the `Settings` slot). */
  settings(bench: Bench): object | Promise<object>;
}

/**
 * Harness of an auth method. `settings` makes material good enough for `prepare` to succeed and plants each secret of it. A step that is
 * absent skips its check, so leave out only what the method cannot do (a method without files has no `empty`).
 */
export interface AuthMethodHarness extends Harness {
  /** Value for the `Mount` slot; default: `mount` of the manifest, else `auth/<name>`. */
  readonly mount?: string;
  /** Replaces the material by other valid material: the next `prepare` must give another body, token, header or certificate. */
  change?(bench: Bench): void | Promise<void>;
  /** Removes the material. `prepare` must then throw an `AUTH_` code with act `fix-credential`; the same for the next two. */
  missing?(bench: Bench): void | Promise<void>;
  /** Makes the material empty. */
  empty?(bench: Bench): void | Promise<void>;
  /** Makes the material unreadable, also for root: put a folder where the file was. */
  unreadable?(bench: Bench): void | Promise<void>;
}

/** Harness of a sink. */
export interface SinkHarness extends Harness {
  /** What is delivered now; undefined when nothing is. */
  read(bench: Bench): string | undefined | Promise<string | undefined>;
  /** Makes the next writes fail although `start` passed, also for root. What was delivered before must stay readable by `read`. */
  sabotage?(bench: Bench): void | Promise<void>;
  /** Settings whose target can never be written: `start` must throw `fix-host` or `wait`. */
  unwritable?(bench: Bench): object | Promise<object>;
  /** Settings that ask for these permission bits, and the bits found after a write. */
  readonly mode?: {
    settings(bench: Bench, mode: number): object | Promise<object>;
    actual(bench: Bench): number | Promise<number>;
  };
}

/**
 * Harness of a cache store. Not needed when `{}` (or the suite's `settings`) is enough. Manifest `supports` read by the suite: `durable`
 * (content survives a new instance with the same settings), `ttl` (an entry is gone after `expiresAt` of the clock), `shared` (a second
 * instance sees writes at once, and `swap` and `changes` exist), `exclusive` (a second instance cannot start while the first runs).
 */
export interface CacheStoreHarness extends Harness {
  /**
   * Damages what a stopped store left behind, at about this part of it (0: the beginning, 1: the end; a harness may ignore it). The next instance must
   * throw CACHE_STORE_CORRUPT from `start` or from a call, or have lost what was damaged.
   */
  corrupt?(bench: Bench, where?: number): void | Promise<void>;
}

/** Settings of a TLS listener and what a client needs to reach it. */
export interface SecureSettings {
  readonly settings: object;
  /** PEM of the authority that the certificate chains to. */
  readonly ca: string;
  /** Replaces certificate and key on disk by new ones of the same authority. */
  readonly rotate: () => void | Promise<void>;
  /** Damages certificate or key on disk, so that `reload` must fail with LISTEN_TLS and keep the old ones. */
  readonly spoil: () => void | Promise<void>;
}

/** Harness of a listener. The suite reaches a bound listener by its `url` (`http:`, `https:` or `unix:`). */
export interface ListenerHarness extends Harness {
  /** Settings for the very address that a listener with `settings` is bound to now. */
  sameAddress(bench: Bench, url: string, settings: object): object | Promise<object>;
  /** Settings with TLS. Required when the manifest says `supports.tls`. */
  secure?(bench: Bench): SecureSettings | Promise<SecureSettings>;
  /** For listeners on a path (`supports.path`): the path of the socket, and settings asking for permission bits. */
  readonly socket?: {
    path(bench: Bench): string;
    settings(bench: Bench, mode: number): object | Promise<object>;
  };
}

/**
 * Harness of a request hasher. Rarely needed. Manifest `supports` read by the suite, each meaning that such a difference does not change the
 * digest (false or absent: it does): `ignores_header_order`, `ignores_header_case`, `ignores_query_order` (of different keys),
 * `ignores_json_key_order`, `ignores_put_post`.
 */
export type RequestHasherHarness = Harness;
