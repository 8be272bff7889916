// The principal of this instance: a session token for a key of our own, asked for anew shortly before it ends (auth-wire 9.3).
import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { AgentError, Secret, agentError, describeError, type Clock, type EnvAccess, type Logger } from 'claviger/sdk';
import type { FoundSigner } from './api-key.js';
import { sessionToken } from './federation.js';
import { instanceIdentity } from './instance-metadata.js';
import { authService } from './regions.js';

const METADATA = 'http://169.254.169.254/opc/v2';
const REFRESH_BEFORE_MS = 5 * 60_000;

interface Session {
  readonly token: Secret;
  readonly expiresAt: number;
  readonly key: KeyObject;
  readonly tenancy: string;
  readonly sources: readonly string[];
}

/** What an instance principal needs of the host. */
export interface PrincipalParts {
  readonly env: EnvAccess;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Gives signers; keeps its session. */
export class InstancePrincipal {
  readonly #parts: PrincipalParts;
  #session: Session | undefined;

  constructor(parts: PrincipalParts) {
    this.#parts = parts;
  }

  /** A signer with at least five minutes left, or one that is still good while the services are away. Throws SERVICE_* or AUTH_CREDENTIAL_INVALID. */
  async find(signal: AbortSignal): Promise<FoundSigner> {
    const kept = this.#session;
    const leftMs = (kept?.expiresAt ?? 0) - this.#parts.clock.now();
    if (kept !== undefined && leftMs > REFRESH_BEFORE_MS) return signerOf(kept, 'session is still good');
    try {
      this.#session = await this.#open(signal);
      return signerOf(this.#session, 'answered');
    } catch (error) {
      if (signal.aborted || kept === undefined || leftMs <= 0 || !isTransient(error)) throw error;
      this.#parts.log.warn({ why: describeError(error) }, 'session could not be refreshed; using the one that is good');
      return signerOf(kept, `remembered (${describeError(error)})`);
    }
  }

  async #open(signal: AbortSignal): Promise<Session> {
    const { env, clock } = this.#parts;
    const metadata = env.get('OCI_METADATA_BASE_URL') || METADATA;
    const identity = await instanceIdentity({ base: metadata, clock }, signal).catch((error: unknown) => {
      throw located(error);
    });
    this.#checkTenancy(identity.tenancy);
    const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
    const base = env.get('OCI_SDK_AUTH_CLIENT_REGION_URL') || authService(identity.region);
    const issued = await sessionToken(identity, publicKey, { base, clock }, signal);
    return { ...issued, key: privateKey, tenancy: identity.tenancy, sources: [metadata, base] };
  }

  #checkTenancy(tenancy: string): void {
    const before = this.#session?.tenancy;
    if (before === undefined || before === tenancy) return;
    const why = `the tenancy changed from ${before} to ${tenancy}`;
    throw agentError('AUTH_CREDENTIAL_INVALID', { what: 'the certificate of this instance', why });
  }
}

const isTransient = (error: unknown): boolean => error instanceof AgentError && error.act === 'wait';

// Nobody at the metadata address means most likely that this is no instance.
function located(error: unknown): unknown {
  if (!(error instanceof AgentError) || !['SERVICE_UNREACHABLE', 'SERVICE_TIMEOUT'].includes(error.code)) return error;
  const hint = 'is this an instance of Oracle Cloud? type = "apikey" logs in as a user';
  return new AgentError(error.code, error.act, error.message, { at: error.at, cause: error, hint });
}

function signerOf({ token, key, sources }: Session, outcome: string): FoundSigner {
  const keyId = `ST$${token.reveal()}`;
  const [metadata = '', auth = ''] = sources;
  const trail = [
    { source: `instance metadata ${metadata}`, outcome },
    { source: `auth service ${auth}`, outcome },
  ];
  return { keyId, key, secret: new Secret(keyId), trail };
}
