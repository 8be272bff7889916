// The door to hcl2-parser, which speaks HCL 2. Each text gets a worker thread of its own that is thrown away afterwards: the package changes
// globals, keeps memory and may give wrong answers after it threw once. Never on the normal path.
import { Worker } from 'node:worker_threads';

/** The value as plain data, or the package's complaint with its places; never both. */
export interface Hcl2Reading {
  readonly value?: unknown;
  readonly error?: string;
}

/** Longest text that is given to the package, which needs seconds for larger ones. */
const LONGEST = 256 * 1024;
const LONGEST_RUN_MS = 20_000;

/** Reads a text as HCL 2 in a worker thread. Takes about 200 ms. Never throws; the worker does not outlive the answer. */
export async function readWithHcl2(text: string): Promise<Hcl2Reading> {
  if (text.length > LONGEST) return { error: 'the file is too long for a second opinion' };
  const worker = new Worker(new URL('./second-reader-worker.js', import.meta.url), {
    workerData: text,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 256, stackSizeMb: 4 },
  });
  try {
    return await answerOf(worker);
  } finally {
    await worker.terminate();
  }
}

function answerOf(worker: Worker): Promise<Hcl2Reading> {
  return new Promise((resolve) => {
    worker.once('message', (message: { value?: string; error?: string }) => {
      resolve(
        message.value === undefined ? { error: message.error ?? '' } : { value: JSON.parse(message.value) as unknown },
      );
    });
    worker.once('error', (cause) => resolve({ error: `it gave up (${cause.message})` }));
    worker.once('exit', () => resolve({ error: 'it gave no answer' }));
    AbortSignal.timeout(LONGEST_RUN_MS).addEventListener('abort', () => resolve({ error: 'it took too long' }), {
      once: true,
    });
  });
}
