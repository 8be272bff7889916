// Questions that several rules ask about a draft.
import type { CheckScope, Draft } from './draft.js';

/** True when a block is missing and nothing else explains that. */
export function lacks(
  draft: Draft,
  scope: CheckScope,
  block: 'listener' | 'auto_auth' | 'exec' | 'env_template' | 'vault',
): boolean {
  const blocks = {
    listener: draft.listeners,
    auto_auth: draft.identities,
    exec: draft.exec,
    env_template: draft.envTemplates,
    vault: draft.vault,
  };
  const found = blocks[block];
  const missing = found === undefined || (Array.isArray(found) && found.length === 0);
  return missing && !scope.partial && !scope.report.misspelt(draft.root.map, block);
}

/** True when the agent renders templates of either kind. */
export function hasTemplates(draft: Draft, scope: CheckScope): boolean {
  return scope.product === 'agent' && (draft.templates.length > 0 || draft.envTemplates.length > 0);
}
