// Provider `kubernetes`: a key file whose key opens the store only together with the stable claims of the service account (D-51, R-15). The claims
// are no secret; what keeps the store shut is the key file. Without a path it lies in the store's own folder, because init container and sidecar
// share nothing but that volume; so had it the reference, inside its database. Set `path` to a volume of its own where there is one.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { agentError } from '../../sdk/index.js';
import { makeKey, readKey, readSmallFile, unavailable, type ReadOptions } from './key-content.js';
import { defaultKeyPath } from './key-path.js';
import { stableClaims } from './kubernetes-claims.js';
import type { KeyHost, KeyProvider } from './provider.js';
import { openKey, sealKey } from './sealed-key.js';

/** Settings of the block. */
export interface KubernetesKeySettings {
  readonly path?: string | undefined;
  readonly service_account_token_file?: string | undefined;
  readonly bind_pod?: boolean | undefined;
}

const TOKEN_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/token';
const NAME = 'kubernetes';

/** Throws CACHE_KEY_UNAVAILABLE for an unreadable token file (`check` does so at start, whatever `exit_on_err` says: spec 10.1). */
export function kubernetesProvider(settings: KubernetesKeySettings, host: KeyHost): KeyProvider {
  const keyOptions: ReadOptions = { provider: NAME, log: host.log, open: 'tighten' };
  const path = (): string => settings.path ?? besideData(host) ?? defaultKeyPath(host, NAME);
  const bound = async (binding: Uint8Array): Promise<Buffer> =>
    Buffer.concat([binding, Buffer.from(`\0${(await claimText(settings, host)).text}`)]);
  return {
    name: NAME,
    needsToken: false,
    async check() {
      if (!(await claimText(settings, host)).stable)
        host.log.warn({}, 'the service account token file holds no such token; a new one cannot open the cache store');
      host.log.info({ path: path() }, 'the cache store is sealed with the key in this file');
      await readKey(path(), keyOptions);
    },
    async wrap(dataKey, binding) {
      const first = await readKey(path(), keyOptions);
      if (first === undefined) await makeKey(path(), NAME);
      const key = first ?? (await readKey(path(), keyOptions));
      if (key === undefined) throw unavailable(NAME, `${path()} vanished`);
      return sealKey(key, dataKey, await bound(binding));
    },
    async unwrap(wrapped, binding) {
      const key = await readKey(path(), keyOptions);
      if (key === undefined) throw unavailable(NAME, `${path()} does not exist, but the store was sealed with a key`);
      return openKey(key, wrapped, await bound(binding));
    },
  };
}

const besideData = ({ storeFolder }: KeyHost): string | undefined =>
  storeFolder === undefined ? undefined : join(storeFolder, 'cache.key');

// A text that is no service account token binds as it is.
async function claimText(
  settings: KubernetesKeySettings,
  { log }: KeyHost,
): Promise<{ readonly text: string; readonly stable: boolean }> {
  const token = await readToken(settings.service_account_token_file ?? TOKEN_FILE, log);
  const claims = stableClaims(token);
  if (claims === undefined) return { text: createHash('sha256').update(token).digest('hex'), stable: false };
  const { namespace, account, accountUid, podUid } = claims;
  const bound = [namespace, account, accountUid, settings.bind_pod === true ? podUid : ''];
  return { text: JSON.stringify(bound), stable: true };
}

// The kubelet writes it readable for the group: that is not ours to judge.
async function readToken(file: string, log: KeyHost['log']): Promise<string> {
  const content = await readSmallFile(file, { provider: NAME, log, open: 'keep' });
  const token = content?.toString('utf8').trim() ?? '';
  if (token === '') {
    const why = content === undefined ? `${file} does not exist` : `${file} is empty`;
    throw agentError('CACHE_KEY_UNAVAILABLE', { provider: NAME, why }, { hint: 'set service_account_token_file' });
  }
  return token;
}
