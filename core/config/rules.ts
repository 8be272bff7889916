// Rules between stanzas (spec config 1.9), all of them, not only the first that fails. A rule about something missing is silent when the text
// could not be read whole, or when a misspelt name explains it.
import type { CheckScope, Draft } from './draft.js';
import { lacks } from './draft-facts.js';
import { authRules } from './rules-auth.js';
import { cacheRules } from './rules-cache.js';
import { handoverRules } from './rules-handover.js';
import { listenerRules } from './rules-listener.js';
import { persistRules } from './rules-persist.js';
import { templateRules } from './rules-template.js';
import { vaultRules } from './rules-vault.js';
import { tokenSetting } from './token-use.js';

const RULES = [
  somethingToDo,
  cacheRules,
  persistRules,
  proxyRules,
  authRules,
  handoverRules,
  listenerRules,
  templateRules,
  vaultRules,
];

/** Reports every broken rule. */
export function checkRules(draft: Draft, scope: CheckScope): void {
  for (const rule of RULES) rule(draft, scope);
}

function somethingToDo(draft: Draft, scope: CheckScope): void {
  if (draft.cache !== undefined || draft.listeners.length > 0 || draft.identities.length > 0) return;
  if (scope.partial || ['auto_auth', 'listener', 'cache'].some((name) => scope.report.misspelt(draft.root.map, name)))
    return;
  const hint = 'add an auto_auth block to log in, or a listener to pass requests on';
  scope.report.error(
    'CONFIG_MISSING',
    { key: 'auto_auth, cache or listener', where: 'the configuration' },
    { at: draft.root.map.at, hint },
  );
}

function proxyRules(draft: Draft, scope: CheckScope): void {
  const token = tokenSetting(draft);
  const wants = token.use !== 'never';
  if ((draft.apiProxy !== undefined || wants) && lacks(draft, scope, 'listener')) {
    const where = draft.apiProxy === undefined ? token.key : 'api_proxy';
    const at = draft.apiProxy?.map.at ?? token.at;
    const hint = 'without one nobody can send a request; add listener "tcp" { ... }';
    scope.report.error('CONFIG_MISSING', { key: 'a listener', where }, { at, key: where, hint });
  }
  if (wants && lacks(draft, scope, 'auto_auth')) {
    const hint = 'add an auto_auth block, or set it to false';
    scope.report.error(
      'CONFIG_MISSING',
      { key: 'an auto_auth block', where: token.key },
      { at: token.at, key: token.key, hint },
    );
  }
}
