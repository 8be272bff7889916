// Sink file: the payload, exactly, in one file that is replaced as one step. Knows paths, modes and owners, nothing of tokens.
import { unlink } from 'node:fs/promises';
import {
  Log,
  Secret,
  Settings,
  accountNumber,
  agentError,
  checkReplaceable,
  errnoOf,
  failureText,
  plugin,
  replaceFile,
  type Delivery,
  type FileAttributes,
  type Logger,
  type Sink,
} from 'claviger/sdk';
import { readBack } from './read-back.js';

interface FileSinkSettings {
  readonly path: string;
  readonly mode?: number;
  readonly owner?: string | number;
  readonly uid?: string | number;
  readonly group?: string | number;
  readonly gid?: string | number;
}

const DEFAULT_MODE = 0o640;

@plugin()
export default class FileSink implements Sink {
  readonly #settings: FileSinkSettings;
  readonly #path: string;
  readonly #mode: number;
  readonly #log: Logger;

  constructor(@Settings settings: FileSinkSettings, @Log log: Logger) {
    this.#settings = settings;
    this.#path = settings.path;
    this.#mode = settings.mode ?? DEFAULT_MODE;
    this.#log = log;
  }

  async start(): Promise<void> {
    this.#log.info({}, 'creating file sink');
    try {
      await checkReplaceable(this.#path, await this.#attributes());
    } catch (error) {
      throw agentError('SINK_NOT_WRITABLE', this.#failure(error), { at: this.#path, cause: error });
    }
    const mode = this.#mode.toString(8).padStart(4, '0');
    this.#log.info({ path: this.#path, mode }, 'file sink configured');
  }

  async write({ payload }: Delivery, signal: AbortSignal): Promise<void> {
    try {
      await replaceFile(this.#path, payload.reveal(), await this.#attributes(), signal);
    } catch (error) {
      signal.throwIfAborted();
      throw agentError('SINK_WRITE_FAILED', this.#failure(error), { at: this.#path, cause: error });
    }
    this.#log.info({ path: this.#path }, 'token written');
  }

  async withdraw(): Promise<void> {
    try {
      await unlink(this.#path);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return;
      throw agentError('SINK_WRITE_FAILED', this.#failure(error), { at: this.#path, cause: error });
    }
  }

  async recover(): Promise<Secret | undefined> {
    try {
      const text = await readBack(this.#path);
      return text === '' ? undefined : new Secret(text);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT')
        this.#log.warn({ path: this.#path, why: failureText(error) }, 'the token file is not read back');
      return undefined;
    }
  }

  async #attributes(): Promise<FileAttributes> {
    const { owner, uid, group, gid } = this.#settings;
    const [user, members] = [await accountNumber('user', owner ?? uid), await accountNumber('group', group ?? gid)];
    return { mode: this.#mode, uid: user, gid: members };
  }

  #failure(error: unknown): { path: string; why: string } {
    return { path: this.#path, why: failureText(error) };
  }
}
