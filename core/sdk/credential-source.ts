// CredentialSource: where the password or token of a method comes from: a file, an environment variable, or the configuration itself. The first that
// is configured counts, so that a file that is gone never lets another identity in. Knows nothing of Vault.
import { CredentialFile } from './credential-file.js';
import type { Trim } from './credential.js';
import { agentError } from './errors.js';
import type { Clock, Env, Logger } from './host.js';
import type { LoginAttempt, Tried } from './kinds/auth-method.js';
import { Secret } from './secret.js';
import { watchFile } from './watch-file.js';

/** The places to look at, in this order. A place without a path, name or value is not configured. */
export interface CredentialSourceOptions {
  /** What is looked for, for messages: `password`. */
  readonly what: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** Holds for files and variables; default `line-break`. */
  readonly trim?: Trim;
  readonly file?: {
    /** Name of the setting, for messages. */
    readonly setting: string;
    readonly path: string | undefined;
    readonly remove: boolean;
    readonly followSymlinks: boolean;
    /** Bound of an unnoticed change; default 500 ms when the file is removed, else one minute. */
    readonly periodMs: number | undefined;
  };
  readonly variable?: { readonly name: string | undefined; readonly env: Env };
  readonly inline?: { readonly setting: string; readonly value: string | Secret | undefined };
}

/** A source of one credential over the life of a method. (Spec auth-wire 1.6.) */
export class CredentialSource {
  readonly #options: CredentialSourceOptions;
  readonly #file: CredentialFile | undefined;
  #trail: readonly Tried[] = [];

  constructor(options: CredentialSourceOptions) {
    this.#options = options;
    const { file, log } = options;
    if (file?.path === undefined || file.path === '') return;
    this.#file = new CredentialFile(file.path, { what: file.setting, log, trim: this.#trim });
  }

  /** What the last `read` tried, for a plan's `trail`. */
  get trail(): readonly Tried[] {
    return this.#trail;
  }

  /**
   * The credential now. Throws what `CredentialFile.read` throws, AUTH_CREDENTIAL_INVALID for an empty value in the configuration, AUTH_SOURCE_NONE when
   * nothing is configured or the variable is not set.
   */
  async read(attempt: Pick<LoginAttempt, 'signal' | 'purpose'>): Promise<Secret> {
    attempt.signal.throwIfAborted();
    if (this.#file !== undefined) return this.#fromFile(this.#file, attempt);
    const { variable, inline, file } = this.#options;
    const passed: Tried[] = file === undefined ? [] : [{ source: file.setting, outcome: 'not configured' }];
    if (variable?.name !== undefined && variable.name !== '') return this.#fromVariable(variable.name, passed);
    if (inline !== undefined && inline.value !== undefined) return this.#fromInline(inline, passed);
    throw this.#none(
      inline === undefined ? passed : [...passed, { source: inline.setting, outcome: 'not configured' }],
    );
  }

  /** To be called once the server took the credential: removes the file that was read, if it is to be removed. */
  accepted(): void {
    const { file } = this.#options;
    if (file?.remove === true) this.#file?.removeSpent({ followSymlinks: file.followSymlinks });
  }

  /** Yields when the file holds another credential; ends at once where there is no file. */
  async *changes(signal: AbortSignal): AsyncGenerator<void, void, undefined> {
    const { file, clock } = this.#options;
    if (this.#file === undefined || file === undefined) return;
    const pollMs = file.periodMs ?? (file.remove ? 500 : 60_000);
    yield* watchFile(this.#file.path, signal, { clock, known: this.#file.last, pollMs, trim: this.#trim });
  }

  get #trim(): Trim {
    return this.#options.trim ?? 'line-break';
  }

  async #fromFile(file: CredentialFile, attempt: Pick<LoginAttempt, 'signal' | 'purpose'>): Promise<Secret> {
    const secret = await file.read(attempt);
    this.#trail = [{ source: file.path, outcome: file.outcome }];
    return secret;
  }

  #fromVariable(name: string, passed: readonly Tried[]): Secret {
    const source = `environment variable ${name}`;
    const raw = this.#options.variable?.env.get(name);
    if (raw === undefined) throw this.#none([...passed, { source, outcome: 'not set' }]);
    const text = trimmed(raw, this.#trim);
    if (text === '') throw this.#none([...passed, { source, outcome: 'empty' }]);
    this.#trail = [...passed, { source, outcome: 'read' }];
    return new Secret(text);
  }

  #fromInline(
    { setting, value }: { setting: string; value: string | Secret | undefined },
    passed: readonly Tried[],
  ): Secret {
    const secret = value instanceof Secret ? value : new Secret(value ?? '');
    if (secret.length === 0) throw agentError('AUTH_CREDENTIAL_INVALID', { what: setting, why: 'it is empty' });
    this.#trail = [...passed, { source: setting, outcome: 'from the configuration' }];
    return secret;
  }

  #none(tried: readonly Tried[]): Error {
    this.#trail = tried;
    const list = tried.map(({ source, outcome }) => `${source} (${outcome})`).join(', ');
    return agentError('AUTH_SOURCE_NONE', { what: this.#options.what, tried: list });
  }
}

function trimmed(text: string, trim: Trim): string {
  if (trim === true) return text.trim();
  return trim === 'line-break' ? text.replace(/\r?\n$/, '') : text;
}
