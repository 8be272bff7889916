// The help text of a command, from its table of options. Pure.
import type { Flag } from './flags.js';

/** Usage line, one paragraph, then the options. */
export function helpText(usage: string, about: string, flags: readonly Flag[]): string {
  const rows = flags.filter((flag) => !flag.hidden).map((flag) => [spelling(flag), flag.help] as const);
  const width = Math.max(0, ...rows.map(([left]) => left.length)) + 2;
  const options = rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`).join('\n');
  return `Usage: ${usage}\n\n${about}\n${options === '' ? '' : `\n${options}\n`}`;
}

const spelling = (flag: Flag): string =>
  flag.kind === 'boolean'
    ? `-${flag.name}`
    : `-${flag.name}=<${flag.placeholder ?? (flag.kind === 'number' ? 'n' : 'text')}>`;

/** True when the arguments only ask for help. */
export const asksForHelp = (argv: readonly string[]): boolean => argv.some((word) => /^--?h(elp)?$/.test(word));
