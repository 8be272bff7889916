// `credential_process` of a profile: a program that prints credentials as JSON. Without a shell, with a bound in time and size, and with only the
// variables that it may need. (Spec auth-wire 4.3 d; AWS: "Sourcing credentials with an external process".)
import { agentError, runProgram, type AgentError } from 'claviger/sdk';
import { commandWords } from './command-words.js';
import { hasExpired, parsedObject, readCredentials, type AwsCredentials } from './credentials.js';
import type { Surroundings } from './settings.js';

const BOUND_MS = 20_000;
const MOST_BYTES = 64 * 1024;
const PASSED = [
  'PATH',
  'HOME',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
];

/**
 * Runs the program and reads what it printed. Throws AUTH_CREDENTIAL_INVALID; what the program printed is never shown, on no channel. Rejects with the
 * reason of the signal when it is aborted.
 */
export async function runCredentialProcess(
  line: string,
  { env, clock }: Pick<Surroundings, 'env' | 'clock'>,
  signal: AbortSignal,
): Promise<AwsCredentials> {
  const argv = commandWords(line);
  if (argv === undefined) throw broken('it is not a command line: a quote is not closed');
  const given = PASSED.map((name) => [name, env.get(name)] as const).filter(([, value]) => value !== undefined);
  const environment = Object.fromEntries(given) as Record<string, string>;
  const bounds = { timeoutMs: BOUND_MS, maxBytes: MOST_BYTES };
  const { why, output } = await runProgram({ argv, environment, ...bounds, clock, signal });
  if (why !== undefined) throw broken(`${why}; run it by hand to see why`);
  const found = readCredentials(output);
  if (typeof found === 'string') throw broken(`what it printed is not usable: ${found}`);
  if (parsedObject(output)?.['Version'] !== 1) throw broken('what it printed is not usable: Version is not 1');
  if (hasExpired(found, clock.now())) throw broken('the credentials that it printed have expired');
  return found;
}

function broken(why: string): AgentError {
  return agentError('AUTH_CREDENTIAL_INVALID', { what: 'credential_process', why });
}
