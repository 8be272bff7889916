// The validators of the blocks that a configuration uses, loaded once.
import type { Validator } from './validators.js';

/** Validators of blocks, by file name without ending. */
export type Blocks = ReadonlyMap<string, Validator>;

/** A validator that was loaded because its block is there. */
export function needed(blocks: Blocks, name: string): Validator {
  const found = blocks.get(name);
  if (found === undefined) throw new Error(`validator ${name} was not loaded`);
  return found;
}
