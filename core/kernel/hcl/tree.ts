// The ordered syntax tree that the HCL 1 and the JSON reader produce. Every key and value knows where it was written. It must not know
// what any key means.

/** Where something was written. Lines and columns start at 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A string, number, boolean or (JSON only) null. */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** The source text of a number, so that octal and precision can be told. */
  readonly raw?: string;
  readonly at: Place;
}

/** `[ ... ]` */
export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly Node[];
  readonly at: Place;
}

/** `{ ... }`, or a whole file. Items keep their order and may repeat. */
export interface ObjectNode {
  readonly kind: 'object';
  readonly items: readonly Item[];
  readonly at: Place;
}

/** `key = value`, `key { ... }` or `key "label" { ... }`. */
export interface Item {
  /** The key, then the labels. JSON members have exactly one. */
  readonly keys: readonly Key[];
  readonly value: Node;
  /** True for `key = value` and for JSON members. */
  readonly assigned: boolean;
  readonly at: Place;
}

/** One key or label. */
export interface Key {
  readonly text: string;
  readonly quoted: boolean;
  readonly at: Place;
}

/** Any value of the tree. */
export type Node = ScalarNode | ListNode | ObjectNode;
