// What a command printed, checked for its format. Pure. No message holds any of it.
import { Secret, agentError, requireJwt, type JwtFacts } from 'claviger/sdk';

/** What the command was told to print. */
export type Format = 'jwt' | 'token' | 'login';

/** What was printed, by format; `facts` are those of the token. */
export type Printed =
  | { readonly format: 'jwt'; readonly jwt: Secret; readonly facts: JwtFacts }
  | { readonly format: 'token'; readonly token: Secret }
  | { readonly format: 'login'; readonly body: Readonly<Record<string, unknown>>; readonly text: Secret };

const HINT = 'run the command by hand, with the same environment, and look at what it prints';

/** Throws AUTH_CREDENTIAL_EMPTY or AUTH_CREDENTIAL_INVALID. White space around the output does not count. */
export function readPrinted(output: Secret, format: Format, program: string): Printed {
  const what = `the output of ${program}`;
  const text = new Secret(output.reveal().trim());
  if (text.length === 0)
    throw agentError('AUTH_CREDENTIAL_EMPTY', { what: 'the output of the command', path: program }, { hint: HINT });
  if (format === 'jwt') return { format, jwt: text, facts: requireJwt(text, what, HINT) };
  return format === 'token' ? { format, token: checkedToken(text, what) } : { format, body: bodyIn(text, what), text };
}

function checkedToken(text: Secret, what: string): Secret {
  if (/^[\x21-\x7e]+$/.test(text.reveal())) return text;
  const why = `it is not one word of printable characters (${String(text.length)} characters)`;
  throw agentError('AUTH_CREDENTIAL_INVALID', { what, why }, { hint: HINT });
}

function bodyIn(text: Secret, what: string): Readonly<Record<string, unknown>> {
  const value = parsed(text.reveal());
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  const why = `it is no JSON object (${String(text.length)} characters)`;
  throw agentError('AUTH_CREDENTIAL_INVALID', { what, why }, { hint: HINT });
}

// The parser's own error is left out: it quotes the text.
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
