// The state of one dev server, and the shapes in which its own parts (sys, auth/token, identity, cubbyhole) see requests and answer.
import type { Clock } from '../sdk/index.js';
import type { BackendReply, BackendRequest, Fields } from './backend.js';
import type { LeaseStore } from './leases/lease-store.js';
import type { LoginMfa } from './mfa/login-mfa.js';
import type { Identity } from './mounts/identity.js';
import type { Namespace, NamespaceTree } from './mounts/namespaces.js';
import type { TokenEntry } from './tokens/token-entry.js';
import type { TokenStore } from './tokens/token-store.js';

/** Everything a server keeps. */
export interface World {
  readonly clock: Clock;
  readonly namespaces: NamespaceTree;
  readonly tokens: TokenStore;
  readonly leases: LeaseStore;
  readonly identity: Identity;
  readonly mfa: LoginMfa;
  readonly clusterName: string;
  readonly clusterId: string;
}

/** A request as the server's own parts see it. */
export interface CoreRequest extends BackendRequest {
  /** Path within the namespace with its mount: `auth/token/create`. */
  readonly fullPath: string;
  readonly place: Namespace;
  /** The caller's token; on open paths undefined when it is missing or dead. */
  readonly entry: TokenEntry | undefined;
  /** The token as sent, living or not. */
  readonly tokenText: string;
  /** Wanted wrapping in milliseconds; 0 for none. */
  readonly wrapMs: number;
}

/** A token that an answer shows in `auth`. */
export interface ShownToken {
  readonly entry: TokenEntry;
  readonly ttlMs: number;
  /** Leave `client_token` empty (renew-accessor). */
  readonly hideId?: boolean;
}

/** What the server's own parts may answer besides. */
export interface CoreReply extends BackendReply {
  /** Repeat these members at the top of the envelope. */
  readonly inlined?: Fields;
  readonly shown?: ShownToken;
  /** The lease that a renewal answer is about. */
  readonly renewed?: { readonly leaseId: string; readonly renewable: boolean; readonly ttlMs: number };
  /** A new wrapping token around a stored answer (rewrap). */
  readonly rewrapped?: TokenEntry;
}
