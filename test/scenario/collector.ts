// Everything that scenarios print or answer with an error is collected here, together with every secret that was planted; at the end
// planted-secrets.test.ts looks for the latter in the former. One collector per process. It must not know where texts come from.

/** One collected text and where it came from. */
export interface Output {
  readonly from: string;
  readonly text: string;
}

const outputs: Output[] = [];
const secrets = new Map<string, string>();

// A shorter text would be found by chance.
const LEAST_LENGTH = 8;

/** Keeps a text that anybody may read: a log line, standard output, an error body, metrics. */
export function collect(from: string, text: string): void {
  if (text !== '') outputs.push({ from, text });
}

/** Remembers a secret that must show nowhere; texts of fewer than eight characters are refused. Returns it. */
export function plant(what: string, secret: string): string {
  if (secret.length < LEAST_LENGTH) throw new Error(`"${what}" is too short to be searched for`);
  secrets.set(secret, what);
  return secret;
}

const SECRET_MEMBERS = new Set([
  'client_token',
  'token',
  'secret_id',
  'secret_key',
  'security_token',
  'password',
  'secret',
]);

/** Plants all secrets in a JSON answer of the server, to any depth. */
export function plantAnswer(body: unknown): void {
  if (typeof body !== 'object' || body === null) return;
  for (const [name, value] of Object.entries(body)) {
    if (typeof value !== 'string') plantAnswer(value);
    else if (SECRET_MEMBERS.has(name) && value.length >= LEAST_LENGTH) plant(`${name} of an answer`, value);
  }
}

const quoted = (text: string): string => JSON.stringify(text).slice(1, -1);

/** The secret as somebody may have written it: raw, escaped for JSON (up to three times) or URLs, base64 of any alignment, hex. */
export function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const aligned = [0, 1, 2].map((shift) => base64Core(bytes, shift));
  return [
    ...new Set([
      secret,
      quoted(secret),
      quoted(quoted(secret)),
      quoted(quoted(quoted(secret))),
      encodeURIComponent(secret),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
      ...aligned,
      ...aligned.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    ]),
  ];
}

// The part of the base64 text that does not depend on what stands before and after the secret.
function base64Core(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const head = shift === 0 ? 0 : shift + 1;
  const tail = (shift + bytes.length) % 3 === 0 ? 0 : 1;
  return text.slice(head, text.length - tail);
}

/** What was collected so far. */
export const collected = (): readonly Output[] => outputs;

/** Number of secrets planted so far. */
export const plantedCount = (): number => secrets.size;

/** Where planted secrets show: "<what> in <where>". The secret itself is not repeated. */
export function leaks(): string[] {
  const found: string[] = [];
  const text = outputs.map((output) => output.text).join('\n');
  for (const [secret, what] of secrets) {
    for (const spelling of spellingsOf(secret)) {
      if (text.includes(spelling)) found.push(`${what} in ${whereIs(spelling)}`);
    }
  }
  return found;
}

const whereIs = (spelling: string): string =>
  [...new Set(outputs.filter((output) => output.text.includes(spelling)).map((output) => output.from))].join(', ');
