// Changes of a store's data keys while it is in use: a new key on demand, and a look at the meta record after an outage. It must not know states.
import { randomBytes } from 'node:crypto';
import { KEY_BYTES } from '../keys/provider.js';
import { createSealer, type StoreKeys } from '../keys/sealer.js';
import { openKeys, wrapAll, writeMeta, type KeyParts, type OpenedKeys } from './data-keys.js';
import { decodeMeta, type Meta } from './meta.js';
import { resealAll } from './reseal.js';
import type { StoreView } from './store-view.js';

/** What a rotation works on. */
export interface RotationParts {
  readonly parts: KeyParts;
  readonly view: StoreView;
  readonly scope: string;
  readonly opened: { readonly meta: Meta; readonly keys: StoreKeys };
  readonly alone: <T>(task: () => Promise<T>) => Promise<T>;
  /** From now on the writer uses these keys. */
  readonly use: (meta: Meta, keys: StoreKeys) => void;
}

/** Both keys are in the meta record until the last record is sealed anew, so that a crash in between loses nothing. Throws what store and provider throw. */
export async function rotateKeys({ parts, view, scope, opened, alone, use }: RotationParts): Promise<void> {
  const current = opened.keys.current + 1;
  const fresh = randomBytes(KEY_BYTES);
  const both: StoreKeys = { ...opened.keys, current, keys: new Map([...opened.keys.keys, [current, fresh]]) };
  const change = async (keys: StoreKeys): Promise<void> => {
    const meta = await wrapAll(parts, opened.meta, keys.keys);
    await alone(async () => {
      await writeMeta(parts, meta);
      use(meta, keys);
    });
  };
  await change(both);
  const sealer = createSealer(both);
  const records = await resealAll({ store: parts.store, view, scope, sealer, keyId: current, alone });
  await change({ ...both, keys: new Map([[current, fresh]]) });
  parts.log.info({ records }, 'the cache store is sealed with a new key');
}

/** Undefined while the meta record is still ours. Written anew when it is gone, opened anew when it is another one; then the records are gone, too. */
export async function confirmMeta(parts: KeyParts, ours: Meta): Promise<OpenedKeys | undefined> {
  const raw = await parts.store.get(parts.metaKey);
  const found = raw && decodeMeta(raw);
  if (typeof found === 'object' && found.store === ours.store && found.generation === ours.generation) return undefined;
  return openKeys(parts);
}
