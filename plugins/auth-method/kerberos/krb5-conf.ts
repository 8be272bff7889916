// Reads the text of krb5.conf files into sections. Pure; what the keys mean is in krb5-settings.ts. Every fault is an Error with its line.

/** Keys of one level in order; a value is text or a level of its own. */
export type Level = readonly (readonly [key: string, value: string | Level])[];

/** Content of each section by name; sections that appear again are joined. */
export type Sections = ReadonlyMap<string, Level>;

/** One line and where it stands. */
export interface Line {
  readonly text: string;
  /** `path:line`. */
  readonly at: string;
}

type Growing = [string, string | Growing][];

/** The lines of a file without comments and empty ones. */
export function linesOf(text: string, path: string): Line[] {
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line, index) => ({ text: line.trim(), at: `${path}:${String(index + 1)}` }))
    .filter((line) => line.text !== '' && !/^[#;]/.test(line.text));
}

/** Sections of all lines. Throws an Error such as `/etc/krb5.conf:7: there is no section yet`. */
export function parseSections(lines: readonly Line[]): Sections {
  const sections = new Map<string, Growing>();
  let open: Growing[] = [];
  for (const { text, at } of lines) {
    const section = /^\[([^\]]+)\]\*?$/.exec(text)?.[1]?.trim();
    if (section !== undefined) {
      if (open.length > 1) throw new Error(`${at}: a brace is not closed before [${section}]`);
      const level = sections.get(section) ?? [];
      sections.set(section, level);
      open = [level];
    } else open = withLine(open, text, at);
  }
  if (open.length > 1) throw new Error(`${lines.at(-1)?.at ?? ''}: a brace is not closed`);
  return sections;
}

function withLine(open: Growing[], text: string, at: string): Growing[] {
  const level = open.at(-1);
  if (/^module\s/.test(text)) return open;
  if (level === undefined) throw new Error(`${at}: there is no [section] yet`);
  if (/^\}\*?$/.test(text)) {
    if (open.length === 1) throw new Error(`${at}: there is no brace to close`);
    return open.slice(0, -1);
  }
  const [, key, value] = /^([^=]+?)\*?\s*=\s*(.*)$/.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw new Error(`${at}: this line is neither a section nor "key = value"`);
  if (!value.startsWith('{')) {
    level.push([key, unquoted(value)]);
    return open;
  }
  return opened(level, key, value.slice(1).trim(), { open, at });
}

// `key = {` opens a level; `key = { }` is an empty one.
function opened(
  level: Growing,
  key: string,
  rest: string,
  { open, at }: { readonly open: Growing[]; readonly at: string },
): Growing[] {
  if (rest !== '' && rest !== '}') throw new Error(`${at}: after a brace a new line must begin`);
  const inner: Growing = [];
  level.push([key, inner]);
  return rest === '}' ? open : [...open, inner];
}

const unquoted = (value: string): string => /^"(.*)"$/.exec(value)?.[1] ?? value.trim();

/** Texts of `key` in order. */
export const textsAt = (level: Level | undefined, key: string): string[] =>
  (level ?? []).flatMap(([name, value]) => (name === key && typeof value === 'string' ? [value] : []));

/** The joined content of all levels named `key`. */
export const levelAt = (level: Level | undefined, key: string): Level =>
  (level ?? []).flatMap(([name, value]) => (name === key && typeof value !== 'string' ? value : []));
