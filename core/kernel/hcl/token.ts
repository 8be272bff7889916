// The words of the HCL 1 language as the lexer hands them to the parser.

/** What kind of word. A colon comes as `=` with a flaw, text in wrong quotes as `string` with a flaw, so that reading can go on. */
export type TokenType =
  'ident' | 'string' | 'number' | 'bool' | 'heredoc' | '{' | '}' | '[' | ']' | '=' | ',' | 'other' | 'end';

/** Something wrong inside a word. */
export interface Flaw {
  readonly offset: number;
  readonly detail: string;
  readonly hint?: string;
}

/** One word, with where it starts and ends in the text. */
export interface Token {
  readonly type: TokenType;
  readonly start: number;
  readonly end: number;
  /** The decoded value of strings, heredocs, numbers and bools; the source text of everything else. */
  readonly value: string | number | boolean;
  readonly flaw?: Flaw | undefined;
  /** True when only blanks and comments stand before it on its line. */
  readonly firstOnLine: boolean;
}

/** A word before the lexer has noted where on its line it stands. */
export type Word = Omit<Token, 'firstOnLine' | 'start'>;
