// The mounts of one namespace: adding, removing and finding the one that a path belongs to.
import { fault } from '../backend.js';
import type { Mounted } from './mounted.js';

/** A path split at its mount. */
export interface Located {
  readonly mount: Mounted;
  /** The rest below the mount. */
  readonly path: string;
}

/** Mounts by path. */
export class MountTable {
  readonly #mounts = new Map<string, Mounted>();

  /** Throws 400 when the path is taken or lies above or below another mount. */
  add(mount: Mounted): void {
    for (const path of this.#mounts.keys()) {
      if (path.startsWith(mount.path) || mount.path.startsWith(path)) {
        throw fault(400, `path is already in use at ${displayPath(path)}`);
      }
    }
    this.#mounts.set(mount.path, mount);
  }

  get(path: string): Mounted | undefined {
    return this.#mounts.get(path);
  }

  remove(path: string): void {
    this.#mounts.get(path)?.backend.close?.();
    this.#mounts.delete(path);
  }

  all(): Mounted[] {
    return [...this.#mounts.values()];
  }

  /** The mount with the longest path that starts `path`; `secret` finds `secret/`. */
  locate(path: string): Located | undefined {
    let best: Mounted | undefined;
    for (const mount of this.#mounts.values()) {
      const inside = path.startsWith(mount.path) || `${path}/` === mount.path;
      if (inside && mount.path.length > (best?.path.length ?? -1)) best = mount;
    }
    return best === undefined ? undefined : { mount: best, path: path.slice(best.path.length) };
  }
}

function displayPath(path: string): string {
  return path.startsWith('auth/') ? path.slice(5) : path;
}
