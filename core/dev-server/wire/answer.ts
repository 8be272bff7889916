// What goes back over the wire, as a value.
import { errorText } from './envelope.js';

/** A complete answer. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Headers besides those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer with the server's `errors` list. */
export function errorAnswer(status: number, ...errors: string[]): Answer {
  return { status, contentType: 'application/json', body: errorText(errors) };
}

/** An answer without a body (204, or 202 where the server accepts a task). */
export function emptyAnswer(status = 204): Answer {
  return { status, contentType: 'application/json', body: '' };
}
