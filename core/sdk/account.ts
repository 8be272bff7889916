// Names of users and groups to numbers, from /etc/passwd and /etc/group. Knows the two file formats and nothing else.
import { readFile } from 'node:fs/promises';

/** Which table a name is looked up in. */
export type AccountKind = 'user' | 'group';

const FILES: Readonly<Record<AccountKind, string>> = { user: '/etc/passwd', group: '/etc/group' };

/**
 * The number of a user or group: digits are taken as they are, -1 and the empty string mean "leave" (undefined), names are looked up.
 * Throws a RangeError in words for a name that does not exist. Directory services beyond the two files are not asked.
 */
export async function accountNumber(
  kind: AccountKind,
  value: string | number | undefined,
  file = FILES[kind],
): Promise<number | undefined> {
  const text = String(value ?? '').trim();
  if (text === '' || text === '-1') return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  const found = findAccount(await readFile(file, 'utf8').catch(() => ''), text);
  if (found === undefined) throw new RangeError(`there is no ${kind} "${text}" in ${file}`);
  return found;
}

/** Looks a name up in the text of a passwd or group file. */
export function findAccount(table: string, name: string): number | undefined {
  for (const line of table.split('\n')) {
    const [entry, , id] = line.split(':');
    if (entry === name && id !== undefined && /^\d+$/.test(id)) return Number(id);
  }
  return undefined;
}
