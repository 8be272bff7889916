// Heredocs of HCL 1: `<<TAG` and `<<-TAG`. The closing line holds nothing but the tag (blanks before it are allowed) and ends with a newline.
import type { Flaw, Word } from './token.js';

const OPENING = /<<(-?)([\p{L}_\p{Nd}]*)/uy;
const GUESS = /<<-?[ \t]*["']?([\w-]*)/y;

interface Closing {
  /** Where the closing line starts, and where its tag ends. */
  readonly line: number;
  readonly end: number;
}

/** The heredoc whose `<<` is at `start`. One that is never closed reaches to the end of the text. */
export function lexHeredoc(text: string, start: number): Word {
  OPENING.lastIndex = start;
  const [opening = '', dash = '', tag = ''] = OPENING.exec(text) ?? [];
  const lineEnd = start + opening.length;
  if (tag === '' || (text[lineEnd] !== '\n' && lineEnd < text.length)) return badOpening(text, start, lineEnd);
  const closing = findClosing(text, lineEnd + 1, tag);
  if (closing === undefined)
    return { type: 'heredoc', end: text.length, value: '', flaw: neverClosed(text, { start, lineEnd, tag }) };
  const body = text.slice(lineEnd + 1, closing.end - tag.length);
  return { type: 'heredoc', end: closing.end, value: dash === '' ? body : unindent(body) };
}

/** The closing marker's own indentation is taken from every line, or from none when one line has less (a blank line counts). */
function unindent(body: string): string {
  const lines = body.split('\n');
  const indent = lines.at(-1) ?? '';
  if (!lines.every((line) => line.startsWith(indent))) return body.replace(/[ \t]+$/, '');
  return lines.map((line, index) => (index === lines.length - 1 ? '' : line.slice(indent.length))).join('\n');
}

function findClosing(text: string, from: number, tag: string): Closing | undefined {
  for (let line = from; ;) {
    const newline = text.indexOf('\n', line);
    if (newline === -1) return undefined;
    const content = text.slice(line, newline).replace(/\r+$/, '');
    if (content.endsWith(tag) && /^[ \t\v\f\r]*$/.test(content.slice(0, -tag.length)))
      return { line, end: line + content.length };
    line = newline + 1;
  }
}

function badOpening(text: string, start: number, at: number): Word {
  GUESS.lastIndex = start;
  const tag = GUESS.exec(text)?.[1] ?? '';
  const newline = text.indexOf('\n', start);
  const lineEnd = newline === -1 ? text.length : newline;
  const closing = tag === '' ? undefined : findClosing(text, lineEnd + 1, tag);
  const flaw = {
    offset: at,
    detail: 'the tag of the heredoc is not usable',
    hint: 'write << and a plain word such as EOT, and nothing else on the line',
  };
  return { type: 'heredoc', end: closing?.end ?? lineEnd, value: '', flaw };
}

function neverClosed(text: string, opening: { start: number; lineEnd: number; tag: string }): Flaw {
  const { start, lineEnd, tag } = opening;
  const line = lineOf(text, start);
  const detail = `the heredoc <<${tag} of line ${line} is never closed`;
  const rest = text.slice(lineEnd + 1).split('\n');
  if (rest.at(-1)?.trim() === tag)
    return { offset: text.length, detail, hint: `end the line of the closing ${tag} with a line break` };
  const near = rest.findIndex((content) => content.trim().toLowerCase().startsWith(tag.toLowerCase()));
  const where = near === -1 ? '' : `; line ${line + 1 + near} looks like it, but holds more or other letters`;
  return { offset: text.length, detail, hint: `put ${tag} alone on a line of its own${where}` };
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
