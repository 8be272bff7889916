// The two verbs of Vault that node's HTTP parser does not know, and those that stand in for them while they pass it. Pure.

/** Real verb -> verb that the parser lets through with the same framing rules. */
const STAND_INS: Readonly<Record<string, string>> = { LIST: 'LINK', SCAN: 'SEARCH' };

const WATCHED = ['LIST ', 'SCAN ', 'LINK ', 'SEARCH '];

/** What the start of a message says: a watched verb, "cannot tell yet", or another verb. */
export type VerbAt = { readonly verb: string; readonly standIn: string } | 'more' | undefined;

/** True for a verb that may be a stand-in: its real name must be asked for. */
export function mayStandIn(verb: string | undefined): boolean {
  return verb === 'LINK' || verb === 'SEARCH';
}

/** Looks at the first bytes of a message, as text (at least seven, or all there are). A genuine LINK or SEARCH stands in for itself. */
export function verbAt(start: string): VerbAt {
  for (const word of WATCHED) {
    if (start.startsWith(word))
      return { verb: word.slice(0, -1), standIn: STAND_INS[word.slice(0, -1)] ?? word.slice(0, -1) };
    if (start.length < word.length && word.startsWith(start)) return 'more';
  }
  return undefined;
}
