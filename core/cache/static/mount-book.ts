// Which paths lie in a KV engine, asked of the server where its answers do not say so (OpenBao, older servers). The question spends no use of a token
// (corrections). It must not know what is held.
import type { Clock, Secret, Vault } from '../../sdk/index.js';
import { fieldsOf, textOf } from '../envelope.js';
import { trimSlashes } from '../request-path.js';
import type { Lane } from './lane.js';
import type { StaticName } from './name.js';

/** What a mount book is made of. */
export interface MountBookOptions {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly lane: Lane;
  readonly signal: AbortSignal;
  /** Called when a mount has become known: its absolute path without a slash at the end. */
  readonly onLearned: (mount: string, kv: boolean) => void;
}

interface Known {
  readonly kv: boolean;
  readonly until: number;
}

const KNOWN_FOR_MS = 600_000;
const RETRY_MS = 60_000;
const MOST = 1000;

/** Remembers mounts, for ten minutes each. */
export class MountBook {
  readonly #options: MountBookOptions;
  readonly #mounts = new Map<string, Known>();
  // by path, until when it is not asked again
  readonly #asked = new Map<string, number>();

  constructor(options: MountBookOptions) {
    this.#options = options;
  }

  /** True or false when the mount is known. */
  kv(absolute: string): boolean | undefined {
    if (this.#mounts.size === 0) return undefined;
    const now = this.#options.clock.now();
    for (let end = absolute.lastIndexOf('/'); ; end = absolute.lastIndexOf('/', end - 1)) {
      const known = this.#mounts.get(end < 0 ? absolute : absolute.slice(0, end));
      if (known !== undefined && now < known.until) return known.kv;
      if (end <= 0) break;
    }
    return undefined;
  }

  /** Asks in the background, not more than once a minute for a path. */
  ask(name: StaticName, token: Secret): void {
    const now = this.#options.clock.now();
    if (now < (this.#asked.get(name.absolute) ?? 0)) return;
    if (this.#asked.size >= MOST) this.#asked.clear();
    this.#asked.set(name.absolute, now + RETRY_MS);
    this.#options.lane.run(() => this.#learn(name, token));
  }

  /** Mounts have changed. */
  forget(): void {
    this.#mounts.clear();
    this.#asked.clear();
  }

  async #learn(name: StaticName, token: Secret): Promise<void> {
    const { vault, clock, signal, onLearned } = this.#options;
    const path = `sys/internal/ui/mounts/${name.path.split('/').map(encodeURIComponent).join('/')}`;
    const answer = await vault
      .request('GET', path, { token, namespace: name.namespace, signal })
      .catch(() => undefined);
    const data = answer?.status === 200 ? fieldsOf(fieldsOf(answer.body)?.data) : undefined;
    const mount = mountIn(name.absolute, trimSlashes(textOf(data?.path)));
    if (data === undefined || mount === undefined) return;
    const kv = data.type === 'kv' || data.type === 'kv-v2';
    if (this.#mounts.size >= MOST) this.#mounts.clear();
    this.#mounts.set(mount, { kv, until: clock.now() + KNOWN_FOR_MS });
    onLearned(mount, kv);
  }
}

// The path of a mount is told within its namespace, which may be deeper than the one that was asked.
function mountIn(absolute: string, path: string): string | undefined {
  const at = path === '' ? -1 : `/${absolute}/`.indexOf(`/${path}/`);
  return at < 0 ? undefined : absolute.slice(0, at + path.length);
}
