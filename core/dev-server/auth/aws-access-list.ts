// The instances that logged in before and the nonce of each: trust on first use. Pure but for the list itself. (Spec auth-wire 4.4 step 3.)
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import type { InstanceDocument } from './aws-instance.js';
import type { AwsRole } from './aws-role.js';

interface Entry {
  readonly role: string;
  readonly nonce: string;
  readonly pendingTime: string;
  readonly disallowed: boolean;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Instances by id. */
export class AccessList {
  readonly #entries = new Map<string, Entry>();

  /** Ids in order. */
  ids(): string[] {
    return [...this.#entries.keys()].sort();
  }

  /** Forgets an instance. */
  remove(id: string): void {
    this.#entries.delete(id);
  }

  /** The answer to a read, without the nonce as it is no business of a reader. */
  shown(id: string): Fields | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    const time = (atMs: number): string => new Date(atMs).toISOString();
    return {
      creation_time: time(entry.createdAtMs),
      disallow_reauthentication: entry.disallowed,
      last_updated_time: time(entry.updatedAtMs),
      pending_time: entry.pendingTime,
      role: entry.role,
    };
  }

  /** Lets an instance in, or throws 400; remembers it. */
  admit(
    document: InstanceDocument,
    nonce: string,
    as: { readonly name: string; readonly role: AwsRole; readonly nowMs: number },
  ): void {
    const known = this.#entries.get(document.instanceId);
    if (known !== undefined) check(known, document, nonce, as.role);
    this.#entries.set(document.instanceId, {
      role: as.name,
      nonce,
      pendingTime: document.pendingTime,
      disallowed: known?.disallowed === true || as.role.disallowReauthentication || nonce === '',
      createdAtMs: known?.createdAtMs ?? as.nowMs,
      updatedAtMs: as.nowMs,
    });
  }
}

function check(known: Entry, { pendingTime }: InstanceDocument, nonce: string, role: AwsRole): void {
  if (known.disallowed) throw fault(400, 'reauthentication is disabled');
  const given = Date.parse(pendingTime);
  const stored = Date.parse(known.pendingTime);
  if (nonce !== known.nonce) {
    if (!role.allowInstanceMigration) throw fault(400, 'client nonce mismatch');
    if (!(given > stored)) throw fault(400, 'client nonce mismatch and instance meta-data incorrect');
  }
  if (given < stored) throw fault(400, 'instance meta-data is older than the one used for previous login');
}
