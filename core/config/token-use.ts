// `use_auto_auth_token` from its two places (L-11, D-47: the old place in cache counts fully). Pure.
import type { Draft, Stanza } from './draft.js';
import { placeOf } from './located.js';
import type { Place } from '../kernel/hcl/tree.js';
import type { TokenUse } from '../contracts/agent-config.js';
import type { TokenChoice } from './stanzas.js';

/** Where and how the token of an identity is used. */
export interface TokenSetting {
  readonly use: TokenUse;
  /** `api_proxy.use_auto_auth_token`, or the old place. */
  readonly key: string;
  readonly at: Place | undefined;
}

/** The setting that counts: api_proxy's own, else cache's. */
export function tokenSetting({ apiProxy, cache }: Pick<Draft, 'apiProxy' | 'cache'>): TokenSetting {
  return (
    read(apiProxy, 'api_proxy') ??
    read(cache, 'cache') ?? { use: 'never', key: 'api_proxy.use_auto_auth_token', at: undefined }
  );
}

function read(
  stanza: Stanza<{ readonly use_auto_auth_token?: TokenChoice }> | undefined,
  prefix: string,
): TokenSetting | undefined {
  const choice = stanza?.settings.use_auto_auth_token;
  if (stanza === undefined || choice === undefined) return undefined;
  const use = choice === 'force' ? 'force' : choice === true ? 'default' : 'never';
  return { use, key: `${prefix}.use_auto_auth_token`, at: placeOf(stanza.map, 'use_auto_auth_token') };
}
