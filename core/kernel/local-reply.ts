// Answers that the agent makes itself, in the shape in which Vault's API makes them (spec cache 2.4). It must not know why.

/** A finished answer in memory; fits `Reply` of the pipeline. */
export interface LocalReply {
  readonly status: number;
  headers: string[];
  body: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** An answer with text; `type` is its content type. */
export function textReply(status: number, type: string, text: string): LocalReply {
  const body = Buffer.from(text);
  return { status, headers: ['Content-Type', type, 'Content-Length', String(body.length)], body };
}

/** An answer with a JSON value and a newline. */
export function jsonReply(status: number, value: unknown): LocalReply {
  return textReply(status, 'application/json', `${JSON.stringify(value)}\n`);
}

/** `{"errors":[...]}` and a newline, as Vault answers errors; without messages the list is empty. */
export function errorReply(status: number, ...messages: string[]): LocalReply {
  return jsonReply(status, { errors: messages });
}

/** An answer without a body. */
export function emptyReply(status: number): LocalReply {
  return { status, headers: ['Content-Length', '0'], body: NOTHING };
}
