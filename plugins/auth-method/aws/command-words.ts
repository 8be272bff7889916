// Splits a command line into words without a shell. Pure.

/**
 * The words of a command line: blanks separate, quotes and backslashes keep together as in a POSIX shell; nothing is expanded, piped or substituted.
 * Undefined when a quote is not closed or there is no word.
 */
export function commandWords(line: string): string[] | undefined {
  const words: string[] = [];
  const pattern = /\s*((?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+)\s*/gsy;
  let end = 0;
  for (const match of line.matchAll(pattern)) {
    words.push(unquoted(match[1] ?? ''));
    end = match.index + match[0].length;
  }
  return end === line.length && words.length > 0 ? words : undefined;
}

function unquoted(word: string): string {
  return word.replace(
    /\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/gs,
    (_all, escaped?: string, double?: string, single?: string) => {
      return escaped ?? single ?? (double ?? '').replace(/\\(["\\$`])/g, '$1');
    },
  );
}
