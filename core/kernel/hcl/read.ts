// The door of the readers: text in, ordered tree and problems out. Chooses the language as the reference does, by the first non-blank
// character and never by the file name. It must not know what any key means.
import { readHcl } from './read-hcl.js';
import { readJson } from './read-json.js';
import type { Reading } from './reading.js';

export { readHcl } from './read-hcl.js';
export { readJson } from './read-json.js';
export type { Reading } from './reading.js';

/** Reads JSON when the first non-blank character is `{`, else HCL 1 (spec config 1.1 step 2). A byte-order mark is skipped. Never throws. */
export function readText(text: string, file: string): Reading {
  return /^\uFEFF?\s*\{/.test(text) ? readJson(text, file) : readHcl(text, file);
}
