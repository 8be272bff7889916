// Whose token the requests of a listener get: the identity it names, or the only one, or the one without a name. Pure.
import type { IdentityDraft, PluginStanza } from './draft.js';
import { LONE } from './read-identities.js';
import type { ListenerSettings } from './stanzas.js';

/** Name of the identity; undefined when the listener must say which, or names one that does not exist; empty without identities. */
export function listenerIdentity(
  listener: PluginStanza<ListenerSettings>,
  identities: readonly IdentityDraft[],
): string | undefined {
  const wanted = listener.settings.auto_auth ?? '';
  if (wanted !== '') return identities.find(({ name, label }) => name === wanted || label === wanted)?.name;
  if (identities.length === 0) return '';
  if (identities.length === 1) return identities[0]?.name;
  return identities.find(({ name }) => name === LONE)?.name;
}
