// Runs inside a worker thread of second-reader.ts: loads hcl2-parser, reads one text, posts one answer. hcl2-parser overwrites globals and
// keeps 60 MB, so it must never be loaded anywhere else.
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

type Parse = (text: string) => [unknown, unknown];

const text = String(workerData);
const recover = rememberGoErrors();

try {
  const { parseToObject } = createRequire(import.meta.url)('hcl2-parser') as { parseToObject: Parse };
  const [value] = parseToObject(text);
  const failed = value === null || value === undefined || typeof value !== 'object';
  parentPort?.postMessage(failed ? { error: recover() } : { value: JSON.stringify(value) });
} catch (cause) {
  parentPort?.postMessage({ error: recover() || `it gave up (${(cause as Error).message})` });
}

/**
 * The package loses the text of its errors, but its Go code builds that text through String.fromCharCode, as UTF-8 bytes in characters.
 * Returns a function that gives the last such text.
 */
function rememberGoErrors(): () => string {
  let last = '';
  const original = String.fromCharCode;
  String.fromCharCode = (...codes: number[]): string => {
    const made = original(...codes);
    if (made.startsWith('parse config: ') || made.startsWith('convert to HCL: ')) last = made;
    return made;
  };
  return () => Buffer.from(last, 'latin1').toString('utf8');
}
