// Where reading goes on after a mistake: at the next item of the same object, so that one mistake is one problem. Guided by brackets, line
// starts and indentation. Pure.
import type { Token } from './token.js';

const CLOSERS: Readonly<Record<string, string>> = { '}': '{', ']': '[', ')': '(' };

/** The tokens, the first token of the item that failed, the token that was not expected, and the column of a token. */
export interface Failure {
  readonly tokens: readonly Token[];
  readonly first: number;
  readonly failed: number;
  readonly column: (token: Token) => number;
}

/** Index of the token at which the items loop goes on; always behind the first token of the failed item. */
export function resumeAt({ tokens, first, failed, column }: Failure): number {
  const open = openBrackets(tokens.slice(first, failed));
  const home = column(tokens[first] as Token);
  for (let i = failed; ; i++) {
    const token = tokens[i] as Token;
    if (token.type === 'end') return i;
    if (i > first && token.firstOnLine && startsItem(tokens, i) && column(token) <= home) return i;
    if (i > first && token.firstOnLine && open.length === 0) return i;
    if (token.type === '}' && i > first && !open.includes('{')) return i;
    if (token.type === ',' && open.length === 0) return i + 1;
    step(open, token);
  }
}

/** Whether `key =`, `key {` or `key "label" {` begins here, on one line. A word before `=` decides, so list elements are not mistaken. */
export function startsItem(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (token?.type !== 'ident' && token?.type !== 'string') return false;
  for (let i = at + 1; ; i++) {
    const next = tokens[i];
    if (next === undefined || next.firstOnLine) return false;
    if (next.type === '=') return i === at + 1;
    if (next.type === '{') return token.type === 'ident' || i === at + 1;
    if (next.type !== 'string' && next.type !== 'ident') return false;
  }
}

function openBrackets(tokens: readonly Token[]): string[] {
  const open: string[] = [];
  for (const token of tokens) step(open, token);
  return open;
}

function step(open: string[], token: Token): void {
  const sign = token.type === 'other' ? String(token.value) : token.type;
  if (sign === '{' || sign === '[' || sign === '(') open.push(sign);
  const opener = CLOSERS[sign];
  if (opener === undefined) return;
  const at = open.lastIndexOf(opener);
  if (at !== -1) open.length = at;
}
