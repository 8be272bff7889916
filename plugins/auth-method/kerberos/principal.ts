// Principal names: from text, to text, to DER and back (RFC 4120, 5.2.2). Pure.
import { context, integer, sequence, text } from './der-write.js';
import { Fields, partsOf, textOf, type Element } from './der-read.js';

/** Name types of RFC 4120, 6.2. */
export const NAME_TYPE = { principal: 1, service: 2 } as const;

/** A name in a realm. */
export interface Principal {
  readonly names: readonly string[];
  readonly realm: string;
}

/** Reads `app`, `app/host` or either with `@REALM`; without one it is in `realm`. */
export function parsePrincipal(name: string, realm: string): Principal {
  const at = name.lastIndexOf('@');
  const [local, home] = at > 0 ? [name.slice(0, at), name.slice(at + 1)] : [name, realm];
  return { names: local.split('/'), realm: home === '' ? realm : home };
}

/** `app/host@REALM`. */
export const principalText = ({ names, realm }: Principal): string => `${names.join('/')}@${realm}`;

/** The ticket-granting service of `realm`, as `at` knows it. */
export const grantingService = (realm: string, at = realm): Principal => ({ names: ['krbtgt', realm], realm: at });

/** PrincipalName. */
export function principalName(type: number, names: readonly string[]): Buffer {
  return sequence(context(0, integer(type)), context(1, sequence(...names.map(text))));
}

/** Components of a PrincipalName. Throws an Error. */
export const namesOf = (found: Element): string[] => partsOf(new Fields(found).get(1)).map(textOf);
