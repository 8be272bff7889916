// Where a key file lies when nobody says, and whether it lies beside the data it protects. It must not read or write a key.
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { agentError } from '../../sdk/index.js';
import type { KeyHost } from './provider.js';

const NAME = 'cache.key';

/**
 * `/etc/claviger/cache.key` for root, else `$XDG_CONFIG_HOME/claviger/cache.key`, else `~/.config/claviger/cache.key`.
 * Throws CACHE_KEY_UNAVAILABLE when the environment names no home.
 */
export function defaultKeyPath({ env, uid }: Pick<KeyHost, 'env' | 'uid'>, provider: string): string {
  if (uid === 0) return join('/etc/claviger', NAME);
  const configured = env.get('XDG_CONFIG_HOME');
  if (configured !== undefined && configured.startsWith('/')) return join(configured, 'claviger', NAME);
  const home = env.get('HOME') ?? env.get('USERPROFILE');
  if (home) return join(home, '.config', 'claviger', NAME);
  throw agentError(
    'CACHE_KEY_UNAVAILABLE',
    { provider, why: 'there is no home folder to keep it in' },
    { hint: `set path in the key_provider block` },
  );
}

/** A key beside its data protects nothing (D-17). Throws CONFIG_CONFLICT; links are followed. */
export async function refuseBesideData(path: string, storeFolder: string | undefined): Promise<void> {
  if (storeFolder === undefined) return;
  const inside = relative(await real(storeFolder), await real(path));
  if (inside === '..' || inside.startsWith(`..${sep}`) || resolve(inside) === inside) return;
  throw agentError(
    'CONFIG_CONFLICT',
    { detail: `the key ${path} lies in the folder of the store that it seals (${storeFolder})` },
    { hint: 'keep the key elsewhere: set path in the key_provider block' },
  );
}

// The real path of what exists of it, and the rest as written.
async function real(path: string): Promise<string> {
  const full = resolve(path);
  try {
    return await realpath(full);
  } catch {
    const parent = dirname(full);
    return parent === full ? full : join(await real(parent), basename(full));
  }
}
