// The live token of each identity as one record (D-66: one per identity, never a heap of old ones), so that a restart can go on with it.
import { RECORDS, type Journal } from '../../contracts/journal.js';
import type { TokenFeed, TokenState } from '../../contracts/token-feed.js';
import { Secret } from '../../sdk/index.js';

/** A token that an identity held when the agent last ran. Whether it lives is for the server to say. */
export interface KeptToken {
  readonly identity: string;
  readonly token: Secret;
  readonly accessor: string;
  readonly policies: readonly string[];
  readonly renewable: boolean;
  readonly kind: TokenState['kind'];
  /** Wall clock, ms, as last known; 0 when it does not expire or is unknown. */
  readonly expiresAt: number;
  /** Namespace of the login. */
  readonly home: string;
}

/** The journal of all identities. */
export interface IdentityJournal {
  /** Records each new token of the feed from now on; wrapped ones are not kept. `home` is the namespace of the login. The result ends it. */
  follow(identity: string, feed: TokenFeed, home: string): () => void;
  /** The kept token of an identity is dead. */
  forget(identity: string): void;
}

/** `onToken` gets each kept token once, when the store has been read. Make it before the journal starts. */
export function identityJournal(journal: Journal, onToken: (kept: KeptToken) => void): IdentityJournal {
  const forget = (identity: string): void => journal.mark(RECORDS.identity + identity, () => undefined);
  journal.onRestored(RECORDS.identity, (records) => {
    for (const { key, value } of records) {
      const identity = key.slice(RECORDS.identity.length);
      const kept = decodeToken(identity, value);
      if (kept === undefined) forget(identity);
      else onToken(kept);
    }
  });
  const keep = (identity: string, state: TokenState, feed: TokenFeed, home: string): void => {
    if (state.form === 'wrapped') return;
    // What the feed says when the record is written: a renewal may have moved the end meanwhile.
    journal.mark(RECORDS.identity + identity, () => encodeToken(feed.current ?? state, home));
  };
  return {
    forget,
    follow(identity, feed, home) {
      if (feed.current !== undefined) keep(identity, feed.current, feed, home);
      return feed.subscribe((state) => keep(identity, state, feed, home));
    },
  };
}

/** The bytes of a token's record; undefined for a wrapped one. */
export function encodeToken(state: TokenState, home: string): Uint8Array | undefined {
  if (state.form === 'wrapped') return undefined;
  const { token, accessor, policies, renewable, kind, expiresAt } = state;
  return Buffer.from(
    JSON.stringify({ v: 1, token: token.reveal(), accessor, policies, renewable, kind, expiresAt, home }),
  );
}

/** Total: undefined for anything that is not such a record. */
export function decodeToken(identity: string, bytes: Uint8Array): KeptToken | undefined {
  const value = parse(bytes);
  if (value?.v !== 1 || typeof value.token !== 'string' || value.token === '') return undefined;
  const { kind, expiresAt, policies } = value;
  return {
    identity,
    token: new Secret(value.token),
    accessor: text(value.accessor),
    policies: Array.isArray(policies) ? policies.filter((each) => typeof each === 'string') : [],
    renewable: value.renewable === true,
    kind: kind === 'service' || kind === 'batch' ? kind : 'unknown',
    expiresAt: typeof expiresAt === 'number' && Number.isFinite(expiresAt) ? expiresAt : 0,
    home: text(value.home),
  };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
