// Paths in, one merged tree and all problems of all files out. Puts the readers together; it must not know what any key means.
import type { Problem } from '../contracts/problem.js';
import { readText, type Reading } from '../kernel/hcl/read.js';
import type { ObjectNode } from '../kernel/hcl/tree.js';
import { mergeTrees, type FileTree } from './merge.js';
import type { Opinion } from './second-opinion.js';
import { readSources, type Source } from './source.js';

/** What `-config` values come to. `texts` maps file names to their text, for code frames. */
export interface ConfigReading {
  readonly tree: ObjectNode;
  readonly problems: Problem[];
  readonly texts: ReadonlyMap<string, string>;
}

/** `secondReader: false` keeps hcl2-parser out also for files that ours refuses. */
export interface ReadOptions {
  readonly secondReader?: boolean;
}

/**
 * Reads files and directories in the order given, merges them by spec config 1.10, and collects every problem (CONFIG_UNREADABLE,
 * CONFIG_SYNTAX, CONFIG_DUPLICATE, CONFIG_UNEVALUATED_EXPRESSION). When a problem is an error, the tree is what could be read. Never throws.
 */
export async function readConfig(paths: readonly string[], options: ReadOptions = {}): Promise<ConfigReading> {
  const { sources, problems } = await readSources(paths);
  const trees: FileTree[] = [];
  for (const source of sources) {
    const opinion = await readSource(source, options.secondReader ?? true);
    trees.push({ file: source.file, tree: opinion.tree });
    problems.push(...opinion.problems);
  }
  const merged = mergeTrees(trees);
  const texts = new Map(sources.map(({ file, text }) => [file, text]));
  return { tree: merged.tree, problems: [...problems, ...merged.problems], texts };
}

async function readSource(source: Source, secondReader: boolean): Promise<Opinion> {
  const reading = readText(source.text, source.file);
  if (!secondReader || !isWorthAsking(reading, source.text)) return reading;
  // loaded only for a file that ours refuses
  const [{ secondOpinion }, { readWithHcl2 }] = await Promise.all([
    import('./second-opinion.js'),
    import('./second-reader.js'),
  ]);
  return secondOpinion(reading, await readWithHcl2(source.text), source);
}

/** JSON and files full of mistakes get no second opinion. */
function isWorthAsking({ problems }: Reading, text: string): boolean {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return errors > 0 && errors <= 20 && !/^\uFEFF?\s*\{/.test(text);
}
