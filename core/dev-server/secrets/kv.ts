// Secret engine `kv`: chooses version 1 or 2 by the mount's live options, as a tune may change them.
import type { Backend, BackendFactory, BackendRequest, Mount } from '../backend.js';
import { createKv1 } from './kv1.js';
import { createKv2 } from './kv2.js';

/** Makes a kv mount: version 2 when `options.version` is `2`, else version 1. */
export function createKv(mount: Mount): Backend {
  const first = createKv1(mount);
  const second = createKv2(mount);
  const current = () => (mount.options?.['version'] === '2' ? second : first);
  return {
    handle: (request: BackendRequest) => current().handle(request),
    exists: (request: BackendRequest) => current().exists(request),
  };
}

/** Makes a `kv-v2` mount, which is version 2 whatever its options say. */
export const createKvV2: BackendFactory = (mount) => createKv2(mount);
