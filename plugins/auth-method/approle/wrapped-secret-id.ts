// A secret id that arrives as a response-wrapping token: checked where it was made, unwrapped once per content, kept until the content changes.
import { Secret, agentError, type AgentError, type LoginAttempt, type Vault, type VaultAnswer } from 'claviger/sdk';
import { isExpectedPath } from './creation-path.js';

const WHAT = 'the wrapped secret id';

/** Opens wrapping tokens that must have been created at one path. (Spec config 5.1 step 3; corrections.) */
export class WrappedSecretId {
  readonly #vault: Vault;
  readonly #path: string;
  #kept: { readonly wrapping: Secret; readonly secretId: Secret } | undefined;

  constructor(vault: Vault, path: string) {
    this.#vault = vault;
    this.#path = path;
  }

  /**
   * The secret id inside. With purpose `test` the wrapper is only looked up, and undefined is returned unless it was opened before.
   * Throws AUTH_WRAPPED_TAMPERED, AUTH_CREDENTIAL_INVALID (not a wrapping token, used, expired), AUTH_BAD_ANSWER or an UPSTREAM_ error.
   */
  async open(wrapping: Secret, attempt: LoginAttempt): Promise<Secret | undefined> {
    if (this.#kept?.wrapping.equals(wrapping)) return this.#kept.secretId;
    const lookup = await this.#call('GET', 'sys/wrapping/lookup', wrapping, attempt);
    const got = textField(lookup, 'creation_path') ?? '(none)';
    if (!isExpectedPath(this.#path, got, attempt.namespace)) {
      throw agentError('AUTH_WRAPPED_TAMPERED', { want: this.#path, got });
    }
    if (attempt.purpose === 'test') return undefined;
    return this.#unwrap(wrapping, attempt);
  }

  async #unwrap(wrapping: Secret, attempt: LoginAttempt): Promise<Secret> {
    const answer = await this.#call('PUT', 'sys/wrapping/unwrap', wrapping, attempt);
    const text = textField(answer, 'secret_id');
    if (text === undefined || text === '') {
      throw agentError('AUTH_CREDENTIAL_INVALID', { what: WHAT, why: 'the wrapper holds no secret_id' });
    }
    const secretId = new Secret(text);
    this.#kept = { wrapping, secretId };
    return secretId;
  }

  async #call(method: string, path: string, token: Secret, attempt: LoginAttempt): Promise<VaultAnswer> {
    const { signal, namespace } = attempt;
    const answer = await this.#vault.request(method, path, { token, namespace, signal });
    if (answer.status >= 400) throw refusal(path, answer);
    return answer;
  }
}

function refusal(path: string, answer: VaultAnswer): AgentError {
  const said = `${path} answered ${answer.status}${errorsOf(answer.body)}`;
  if (answer.status !== 400 && answer.status !== 403 && answer.status !== 404) {
    return agentError('AUTH_BAD_ANSWER', { why: said });
  }
  const hint = 'it was unwrapped before, has expired or is no wrapping token; put a new one into secret_id_file_path';
  return agentError('AUTH_CREDENTIAL_INVALID', { what: WHAT, why: said }, { hint });
}

function errorsOf(body: unknown): string {
  const errors =
    isRecord(body) && Array.isArray(body.errors) ? body.errors.filter((item) => typeof item === 'string') : [];
  return errors.length === 0 ? '' : `: ${errors.join('; ').slice(0, 200)}`;
}

function textField(answer: VaultAnswer, name: string): string | undefined {
  const data = isRecord(answer.body) ? answer.body.data : undefined;
  const value = isRecord(data) ? data[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
