// Which keys of a keytab can log a user in, best first (spec auth-wire 10.3). Pure.
import { enctypeName, ENCTYPES, isUsable } from './enctypes.js';
import type { KeytabEntry } from './keytab.js';
import { principalText, type Principal } from './principal.js';

/** Whose key is wanted and what may be used. */
export interface Wanted {
  readonly user: Principal;
  /** Permitted encryption types, best first. */
  readonly etypes: readonly number[];
  /** Compare the first component only. */
  readonly removeInstanceName: boolean;
}

/** One key per encryption type (the highest version of it), best type first. Throws an Error that says what the keytab has instead. */
export function chooseKeys(entries: readonly KeytabEntry[], wanted: Wanted): KeytabEntry[] {
  const name = principalText(wanted.user);
  if (entries.length === 0) throw new Error('it holds no keys');
  const mine = entries.filter((entry) => isOf(entry, wanted));
  if (mine.length === 0) throw new Error(`it has no key of ${name}; it has keys of ${ownersOf(entries)}`);
  const spoken = mine.filter(({ key }) => ENCTYPES.includes(key.etype));
  if (spoken.length === 0) throw new Error(`its keys of ${name} are ${typesOf(mine)} only, which is not secure enough`);
  const usable = spoken.filter(({ key }) => isUsable(key));
  if (usable.length === 0) throw new Error(`its keys of ${name} do not have the length of their type`);
  const chosen = wanted.etypes.flatMap((etype) => newest(usable.filter(({ key }) => key.etype === etype)));
  if (chosen.length > 0) return chosen;
  throw new Error(`its keys of ${name} are ${typesOf(mine)}, which the Kerberos configuration does not permit`);
}

function isOf({ names, realm }: KeytabEntry, { user, removeInstanceName }: Wanted): boolean {
  if (realm !== user.realm) return false;
  if (removeInstanceName) return names[0] === user.names[0];
  return names.length === user.names.length && names.every((name, at) => name === user.names[at]);
}

function newest(entries: readonly KeytabEntry[]): KeytabEntry[] {
  const [first, ...rest] = entries;
  if (first === undefined) return [];
  return [rest.reduce((best, entry) => (entry.kvno >= best.kvno ? entry : best), first)];
}

const typesOf = (entries: readonly KeytabEntry[]): string =>
  [...new Set(entries.map(({ key }) => enctypeName(key.etype)))].join(', ');

function ownersOf(entries: readonly KeytabEntry[]): string {
  const owners = [...new Set(entries.map(principalText))];
  const more = owners.length > 3 ? ` and ${String(owners.length - 3)} more` : '';
  return `${owners.slice(0, 3).join(', ')}${more}`;
}
