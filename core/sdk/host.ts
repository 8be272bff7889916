// What the host gives to plugins. These types are the whole vocabulary; nothing else of the core is visible to a plugin.
import type { AgentError } from './errors.js';
import type { Secret } from './secret.js';

/** Ordered header list as on the wire: name, value, name, value ... Case and duplicates are kept. */
export type RawHeaders = readonly string[];

/** Fields of a log line; values are redacted where they hold a `Secret`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Logger of one component: already named and redacting. Object first, then a constant lower-case message. */
export interface Logger {
  trace(fields: LogFields, message: string): void;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** True when lines of this level are written. Ask before building fields on a hot path; without it, assume true. */
  enabled?(level: 'trace' | 'debug' | 'info' | 'warn' | 'error'): boolean;
}

/** Time. Everything that waits or asks for the time goes through it, so that tests can own it. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some fixed moment, by a clock that nobody sets; absent where there is none. Only differences mean something. */
  monotonic?(): number;
  /** Runs `task` once after `delayMs` (any length; days do not overflow). The result cancels it and may be called twice. */
  after(delayMs: number, task: () => void): () => void;
  /** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** One call to the server. */
export interface VaultCall {
  /** Token to send as X-Vault-Token; none when absent. */
  readonly token?: Secret | undefined;
  /** JSON body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Namespace for this call instead of the configured one. */
  readonly namespace?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Client certificate for this call (method `cert`). */
  readonly tls?: ClientIdentity | undefined;
  /** Bound in milliseconds for this call. */
  readonly timeoutMs?: number | undefined;
}

/** The server's answer. A status of 400 and above is an answer, not an exception. */
export interface VaultAnswer {
  readonly status: number;
  /** Parsed JSON, or undefined when there was no body. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** Client of the upstream server without a token. Paths have no leading slash and no `v1/`: `auth/approle/login`. */
export interface Vault {
  /** Throws UPSTREAM_UNREACHABLE, UPSTREAM_TIMEOUT, UPSTREAM_TLS or UPSTREAM_BAD_REPLY; HTTP errors are answers. */
  request(method: string, path: string, call?: VaultCall): Promise<VaultAnswer>;
}

/** PEM texts of a client certificate and of the authorities to trust instead of the configured ones. */
export interface ClientIdentity {
  readonly cert?: string | undefined;
  readonly key?: Secret | undefined;
  readonly ca?: string | undefined;
}

/** How a component tells the host how it fares while it runs. The host reports starting, stopping and stopped itself. */
export interface Health {
  ok(): void;
  degraded(error: AgentError): void;
  failed(error: AgentError): void;
}

/** The environment variables that the manifest names; others are undefined. */
export interface Env {
  get(name: string): string | undefined;
}

/** Small sealed state of one component; survives restarts when the cache does. */
export interface State {
  load(): Promise<Uint8Array | undefined>;
  save(value: Uint8Array): Promise<void>;
}

/** Anything with a life. Constructors are pure; `start` acquires and returns quickly; `stop` is safe without start and safe twice. */
export interface Component {
  start?(signal: AbortSignal): Promise<void>;
  stop?(signal: AbortSignal): Promise<void>;
}
