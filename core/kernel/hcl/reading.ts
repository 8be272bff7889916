// What every reader of configuration text gives back.
import type { ReadProblem } from './problem.js';
import type { ObjectNode } from './tree.js';

/** The tree holds what could be read; it is complete when no problem is an error. Problems are in the order of the text. */
export interface Reading {
  readonly tree: ObjectNode;
  readonly problems: ReadProblem[];
}
