// Entry <-> the record that outlives the process. Pure.
import type { Lifetime } from '../vault/lifetime.js';
import type { StoredAnswer } from './age.js';
import { Entry } from './entry.js';
import { keptBytes } from './kept-bytes.js';
import { marginOf } from './life-plan.js';
import type { EntryRecord, RecordParent } from './record.js';

/** The record of an entry; `identityOf` names the identity whose token an entry is. */
export function recordOf(entry: Entry, identityOf: (entry: Entry) => string): EntryRecord {
  const { life, answer } = entry;
  return {
    id: entry.id,
    kind: entry.kind === 'lease' ? 'lease' : 'token',
    namespace: entry.namespace,
    path: entry.path,
    home: entry.home,
    lease: entry.lease,
    token: entry.token,
    accessor: entry.accessor,
    parent: parentOf(entry.parent, identityOf),
    keys: entry.keys,
    expiresAt: life?.expiresAt ?? 0,
    priorMs: life?.priorMs ?? 0,
    graceMs: life?.graceMs ?? 0,
    renewable: life?.renewable === true && entry.phase !== 'serving',
    incrementSeconds: life?.incrementSeconds ?? 0,
    renewals: entry.renewals,
    storedAt: answer?.storedAt ?? 0,
    status: answer?.status ?? 0,
    head: answer?.head ?? [],
    body: answer?.body ?? new Uint8Array(0),
    digitsAt: answer?.digitsAt ?? 0,
    digitsEnd: answer?.digitsEnd ?? 0,
  };
}

function parentOf(parent: Entry | undefined, identityOf: (entry: Entry) => string): RecordParent {
  if (parent === undefined) return undefined;
  // the token of another agent, held for what hangs on it: nobody here logs in with it again
  if (parent.kind === 'token' && parent.answer === undefined)
    return { on: 'identity', identity: '', token: parent.token };
  if (parent.kind !== 'identity') return { on: 'entry', id: parent.id };
  return { on: 'identity', identity: identityOf(parent), token: parent.token };
}

/** The entry of a record, whose body it keeps; not yet in any index, without its parent, suspect until the server has confirmed it. */
export function entryOf(
  record: EntryRecord,
  why: string,
  share: (head: readonly string[]) => readonly string[],
): Entry {
  const answer: StoredAnswer = {
    storedAt: record.storedAt,
    status: record.status,
    head: share(record.head),
    body: Buffer.isBuffer(record.body) ? record.body : keptBytes(record.body),
    digitsAt: record.digitsAt,
    digitsEnd: record.digitsEnd,
    rendered: undefined,
  };
  const { id, kind, namespace, path, home, lease, token, accessor } = record;
  const entry = new Entry({ id, kind, why, namespace, path, home, lease, token, accessor, answer });
  entry.life = lifeOf(record);
  entry.marginMs = marginOf(record.priorMs);
  entry.renewals = record.renewals;
  entry.checkAt = 0;
  entry.proofNeeded = true;
  return entry;
}

function lifeOf(record: EntryRecord): Lifetime {
  const { renewable, expiresAt, priorMs, graceMs, incrementSeconds } = record;
  return { renewable, expiresAt, priorMs, graceMs, incrementSeconds, backoffMs: 0 };
}
