// Rules about templates and the supervisor (V10 to V18, 1.9.3).
import type { CheckScope, Draft, Stanza } from './draft.js';
import { placeOf } from './located.js';
import { lacks } from './draft-facts.js';
import type { TemplateSettings } from './stanzas.js';
import { tokenSetting } from './token-use.js';

/** Reports every broken rule about templates. */
export function templateRules(draft: Draft, scope: CheckScope): void {
  for (const template of draft.templates) templateRule(template, scope);
  for (const template of draft.envTemplates) sourceRule(template, scope);
  duplicateNames(draft, scope);
  supervisorRules(draft, scope);
}

function templateRule(template: Stanza<TemplateSettings>, scope: CheckScope): void {
  sourceRule(template, scope);
  const { settings, map, prefix, broken } = template;
  if ((settings.destination ?? '') !== '' || broken.has('/destination') || scope.report.misspelt(map, 'destination'))
    return;
  scope.report.error(
    'CONFIG_MISSING',
    { key: 'destination', where: prefix },
    { at: map.at, key: `${prefix}.destination`, hint: 'add the file to write' },
  );
}

function sourceRule({ settings, map, prefix, broken }: Stanza<TemplateSettings>, { report }: CheckScope): void {
  if (broken.has('/source') || broken.has('/contents')) return;
  const source = settings.source ?? '';
  const contents = settings.contents ?? '';
  if (source !== '' && contents !== '') {
    const detail = `${prefix} has both contents and source`;
    report.error('CONFIG_CONFLICT', { detail }, { at: placeOf(map, 'source'), key: prefix, hint: 'keep one of them' });
  } else if (source === '' && contents === '' && !report.misspelt(map, 'source') && !report.misspelt(map, 'contents')) {
    report.error(
      'CONFIG_MISSING',
      { key: 'contents or source', where: prefix },
      { at: map.at, key: prefix, hint: 'add the template or the file that holds it' },
    );
  }
}

function duplicateNames({ envTemplates }: Draft, { report }: CheckScope): void {
  const seen = new Map<string, number>();
  for (const { map } of envTemplates) {
    const name = map.label?.text;
    if (name === undefined) continue;
    const line = seen.get(name);
    if (line !== undefined) {
      const detail = `the variable is written twice (first at line ${line})`;
      report.error(
        'CONFIG_DUPLICATE',
        { what: `env_template "${name}"`, detail },
        { at: map.label?.at, key: `env_template.${name}`, hint: 'remove one of them' },
      );
    }
    seen.set(name, line ?? map.at.line);
  }
}

function supervisorRules(draft: Draft, scope: CheckScope): void {
  const { report } = scope;
  const first = draft.envTemplates[0];
  if (draft.exec !== undefined && lacks(draft, scope, 'env_template')) {
    const hint = 'add env_template "NAME" { ... }';
    report.error(
      'CONFIG_MISSING',
      { key: 'at least one env_template', where: 'exec' },
      { at: draft.exec.map.at, key: 'exec', hint },
    );
  }
  if (first === undefined) return;
  if (lacks(draft, scope, 'exec')) {
    const hint = 'add exec { command = [...] }';
    report.error(
      'CONFIG_MISSING',
      { key: 'an exec block', where: 'env_template' },
      { at: first.map.at, key: 'exec', hint },
    );
  }
  const token = tokenSetting(draft);
  if (draft.apiProxy !== undefined || token.use !== 'never') {
    const detail = `${draft.apiProxy === undefined ? token.key : 'api_proxy'} and env_template exclude each other`;
    const at = draft.apiProxy?.map.at ?? token.at;
    report.error('CONFIG_CONFLICT', { detail }, { at, key: 'api_proxy', hint: 'run the proxy in an agent of its own' });
  }
  const template = draft.templates[0];
  if (template !== undefined) {
    const detail = 'template and env_template exclude each other';
    report.error(
      'CONFIG_CONFLICT',
      { detail },
      { at: template.map.at, key: 'template', hint: 'write files and variables in two agents' },
    );
  }
}
