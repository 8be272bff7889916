// The contract between the dev server's core and what is mounted in it (secret engines and auth methods).
// It promises a backend everything it may know of a request and of its mount; it knows neither HTTP nor the router.
import type { Clock } from '../sdk/index.js';

/** What a caller wants. POST and PUT arrive as `write`; `GET ?list=true` and LIST as `list` (its path ends in `/` or is empty). */
export type Operation = 'read' | 'write' | 'delete' | 'list' | 'scan' | 'patch';

/** Plain JSON object, as bodies and answers have it. */
export type Fields = Record<string, unknown>;

/** A token as a backend may see it. */
export interface TokenView {
  readonly id: string;
  readonly accessor: string;
  readonly type: 'service' | 'batch';
  readonly displayName: string;
  readonly policies: readonly string[];
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly entityId: string;
  /** Namespace the token belongs to: `` for the root, else `team/`. */
  readonly namespace: string;
  /** Path that issued it, such as `auth/approle/login`. */
  readonly path: string;
}

/** One request to a mount, already authenticated and allowed. */
export interface BackendRequest {
  readonly operation: Operation;
  /** HTTP verb as sent. */
  readonly method: string;
  /** Path below the mount, percent-decoded, without a leading slash: `data/app`. */
  readonly path: string;
  /** Parsed JSON or form body; for reads, lists and deletes the query parameters (as strings, lists when repeated). */
  readonly body: Fields;
  readonly query: URLSearchParams;
  /** Header value by any case; the first counts. */
  header(name: string): string | undefined;
  /** Header name, value, name, value ... as on the wire. */
  readonly rawHeaders: readonly string[];
  /** Absent on paths in `unauthenticated`. */
  readonly token: TokenView | undefined;
  /** The client's certificates as DER, leaf first; empty without TLS or without a certificate. */
  readonly certificates: readonly Uint8Array[];
  /** Peer address without a port; an IPv4-mapped address comes as IPv4. */
  readonly remoteAddress: string;
  /** `` or `team/`. */
  readonly namespace: string;
}

/** A lease to issue with an answer. Zero TTLs mean the mount's values. */
export interface LeaseOrder {
  readonly ttlMs: number;
  readonly maxTtlMs: number;
  readonly renewable: boolean;
  /** What renew and revoke get back. */
  readonly internal: Fields;
}

/** A token to issue at a login. Zero durations mean the mount's values. */
export interface AuthOrder {
  /** Appended to the mount's name; may be empty. */
  readonly displayName: string;
  /** Configured policies; the core adds `default`, sorts and removes doubles. */
  readonly policies: readonly string[];
  readonly noDefaultPolicy?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Name of the entity alias; without one the token has no entity. */
  readonly alias?: string;
  readonly ttlMs: number;
  readonly maxTtlMs: number;
  readonly explicitMaxTtlMs?: number;
  readonly periodMs?: number;
  readonly numUses?: number;
  readonly renewable?: boolean;
  /** The role's `token_type`; `default` follows the mount's tune. */
  readonly tokenType?: string;
  readonly boundCidrs?: readonly string[];
  /** What `renewAuth` gets back. */
  readonly internal?: Fields;
}

/** Answer of a backend. Nothing at all (undefined): 404 `{"errors":[]}` for reads, lists and scans, 204 for the others. */
export interface BackendReply {
  /** Default 200. With `data` and a 4xx the envelope is sent with that status (KV 2 of deleted versions). */
  readonly status?: number;
  readonly data?: Fields | null;
  readonly warnings?: readonly string[];
  /** Issues a lease with a `lease_id`. */
  readonly lease?: LeaseOrder;
  /** `lease_duration` of an answer that has no lease (KV 1), in seconds. */
  readonly leaseDurationS?: number;
  /** Issues a token. */
  readonly auth?: AuthOrder;
  /** `wrapped_accessor` when this answer gets wrapped (AppRole secret ids). */
  readonly wrappedAccessor?: string;
  /** Bytes to send as they are instead of the envelope. */
  readonly raw?: { readonly contentType: string; readonly body: string };
}

/** An issued lease as its backend sees it. */
export interface LeaseView {
  readonly id: string;
  /** Path below the mount that issued it. */
  readonly path: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly internal: Fields;
}

/** New terms at a renewal; absent means as before. */
export interface Terms {
  readonly ttlMs?: number;
  readonly maxTtlMs?: number;
  readonly periodMs?: number;
  readonly data?: Fields;
}

/** An issued token as the auth method that issued it sees it at a renewal. */
export interface AuthView {
  readonly internal: Fields;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly policies: readonly string[];
  /** The renewing request (client certificates). */
  readonly request: BackendRequest;
}

/** One mounted secret engine or auth method. All times come from the mount's clock. */
export interface Backend {
  /** Paths below the mount that need no token: exact, or a prefix with `*` at its end; `+` stands for one segment. */
  readonly unauthenticated?: readonly string[];
  /** Paths that need the capability `sudo` besides. Same notation. */
  readonly sudo?: readonly string[];
  /** Throws or rejects with `fault(...)`; any other error becomes a 500 with its message. */
  handle(request: BackendRequest): BackendReply | undefined | Promise<BackendReply | undefined>;
  /** Whether a write would update something (capability `update`) or create it (`create`). Absent: every write is an update. */
  exists?(request: BackendRequest): boolean;
  /** New terms of a lease; the core applies the increment and all caps. A fault refuses the renewal. */
  renew?(lease: LeaseView, incrementMs: number): Terms | Promise<Terms>;
  /** Makes a secret worthless. A fault leaves the lease alive (400 to a synchronous caller). */
  revoke?(lease: LeaseView): void | Promise<void>;
  /** New terms of a token that this method issued. A fault refuses the renewal. */
  renewAuth?(auth: AuthView): Terms | Promise<Terms>;
  /** Called when the mount goes away. */
  close?(): void;
}

/** Settings of a mount; zero TTLs mean the server's values. */
export interface MountConfig {
  defaultLeaseTtlMs: number;
  maxLeaseTtlMs: number;
  forceNoCache: boolean;
  /** Auth mounts: `default-service`, `default-batch`, `service` or `batch`. */
  tokenType: string;
  listingVisibility: string;
  /** Names of request headers that the server hands to the backend besides its own; absent: none. */
  passthroughRequestHeaders?: readonly string[];
}

/** What a backend knows of its own mount and may do there. */
export interface Mount {
  readonly type: string;
  /** With a trailing slash: `secret/`, `auth/approle/`. */
  readonly path: string;
  readonly accessor: string;
  readonly uuid: string;
  readonly namespace: string;
  /** Live options such as `{version: '2'}`; null when none were given. */
  readonly options: Readonly<Record<string, string>> | null;
  readonly config: Readonly<MountConfig>;
  /** Effective values: the mount's own or the server's, milliseconds. */
  defaultLeaseTtlMs(): number;
  maxLeaseTtlMs(): number;
  readonly clock: Clock;
  /** The backend's own room; gone with the mount. */
  readonly storage: Map<string, unknown>;
  /** Letters and digits from the system's source of chance. */
  random(length: number): string;
  randomUuid(): string;
  /** Revokes leases of this mount whose path starts with `prefix` (`creds/app`). */
  revokeLeases(prefix: string): Promise<void>;
}

/** Makes the backend of one mount. Throws `fault(400, ...)` for options that the type refuses. */
export type BackendFactory = (mount: Mount) => Backend;

/** An error with the status and texts of the server's `errors` list. */
export interface Fault extends Error {
  readonly fault: { readonly status: number; readonly errors: readonly string[] };
}

/** `throw fault(400, 'missing role_id')`. Without texts the list is empty. */
export function fault(status: number, ...errors: string[]): Fault {
  return Object.assign(new Error(errors.join('; ')), { fault: { status, errors } });
}

/** Whether a caught value was made by `fault`. */
export function isFault(value: unknown): value is Fault {
  return value instanceof Error && 'fault' in value;
}

/** The server's text for several errors in one: `1 error occurred:\n\t* permission denied\n\n`. */
export function multiError(...texts: string[]): string {
  const head = texts.length === 1 ? '1 error occurred:' : `${String(texts.length)} errors occurred:`;
  return `${head}\n${texts.map((text) => `\t* ${text}\n`).join('')}\n`;
}

/** 404 `unsupported path` as a backend answers a path that it does not have. */
export function unsupportedPath(): Fault {
  return fault(404, multiError('unsupported path'));
}

/** 405 `unsupported operation` as a backend answers a verb that a path does not have. */
export function unsupportedOperation(): Fault {
  return fault(405, multiError('unsupported operation'));
}

/** 403 `1 error occurred: permission denied`, the answer of policies. */
export function denied(): Fault {
  return fault(403, multiError('permission denied'));
}
