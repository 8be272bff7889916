// Logins of type ec2: the identity document of the instance with its signature, or both as PKCS#7, and the nonce. (Spec auth-wire 4.4.)
import {
  agentError,
  type AgentError,
  type LoginAttempt,
  type LoginPlan,
  type ServiceAnswer,
  type Tried,
} from 'claviger/sdk';
import { parsedObject, textIn } from './credentials.js';
import type { Imds } from './imds.js';
import { Nonce } from './nonce.js';
import type { Surroundings } from './settings.js';

const FOLDER = '/latest/dynamic/instance-identity/';

/** Plans ec2 logins. */
export class Ec2Login {
  readonly #around: Surroundings;
  readonly #mount: string;
  readonly #imds: Imds;
  readonly #nonce: Nonce;

  constructor(around: Surroundings, mount: string, imds: Imds) {
    this.#around = around;
    this.#mount = mount;
    this.#imds = imds;
    this.#nonce = new Nonce(around.settings, around.log);
  }

  /** Throws AUTH_TEST_REFUSED, AUTH_CREDENTIAL_* for the nonce, AUTH_SOURCE_NONE where there is no metadata, SERVICE_* for the metadata service. */
  async prepare(attempt: LoginAttempt): Promise<LoginPlan> {
    const { role } = this.#around.settings;
    const { nonce, source, outcome } = await this.#nonce.find(attempt);
    const identity = await this.#identity(attempt.signal);
    const trail: Tried[] = [
      { source: 'EC2 instance metadata', outcome: `instance identity document with ${this.#document}` },
      { source, outcome },
    ];
    const body = { ...identity, nonce: nonce.reveal(), ...(role ? { role } : {}) };
    return { login: `${this.#mount}/login`, body, trail, show: ['role'] };
  }

  get #document(): 'signature' | 'pkcs7' {
    return this.#around.settings.ec2_document ?? 'signature';
  }

  // Never both: the server refuses that.
  async #identity(signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    if (this.#imds.off !== undefined)
      throw agentError('AUTH_SOURCE_NONE', {
        what: 'instance identity',
        tried: `EC2 instance metadata: ${this.#imds.off}`,
      });
    if (this.#document === 'pkcs7') {
      const answer = await this.#get('pkcs7', signal);
      return { pkcs7: base64In(answer).replace(/\s+/g, '') };
    }
    const document = await this.#get('document', signal);
    const members = parsedObject(document.body);
    if (members === undefined || textIn(members, 'instanceId') === undefined)
      throw bad(document, 'it is not an instance identity document');
    const signature = base64In(await this.#get('signature', signal));
    return { identity: Buffer.from(document.body.reveal()).toString('base64'), signature };
  }

  async #get(name: string, signal: AbortSignal): Promise<ServiceAnswer> {
    const answer = await this.#imds.get(`${FOLDER}${name}`, signal);
    if (answer.status === 404) throw bad(answer, 'it answered 404');
    return answer;
  }
}

// Base64 with line breaks, as the service gives it.
function base64In(answer: ServiceAnswer): string {
  const text = answer.body.reveal();
  if (!/^[A-Za-z0-9+/=\s]+$/.test(text) || text.trim() === '') throw bad(answer, 'it is not base64');
  return text;
}

function bad({ from }: ServiceAnswer, why: string): AgentError {
  return agentError('SERVICE_BAD_ANSWER', { url: from, why });
}
