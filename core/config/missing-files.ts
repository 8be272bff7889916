// Files that a configuration names and that are not there: warnings of `config validate` (x-file in the schemas).
import type { CheckScope, Draft, PersistDraft } from './draft.js';
import { dotted, locate, pointerTo, type MapValue } from './located.js';
import { memberSchema, type Schema } from './schema.js';
import { blockValidator, pluginValidator } from './validators.js';
import type { CatalogEntry } from '../contracts/catalog.js';
import { mapAt } from './located.js';

type Look = (map: MapValue, schema: Schema, settings: object, prefix: string) => void;
type Own = (
  entry: CatalogEntry | undefined,
  map: MapValue | undefined,
  settings: object,
  prefix: string,
) => Promise<void>;

/** Only what is written: a default, such as the token of a pod, is rarely there where configurations are validated. */
async function persisted(persist: PersistDraft | undefined, look: Look, own: Own): Promise<void> {
  if (persist === undefined) return;
  await own(persist.entry, persist.map, persist.own, persist.prefix);
  for (const { type, map, settings, prefix } of [persist.key, persist.previousKey].filter((key) => key !== undefined)) {
    const { schema } = await blockValidator(`blocks/key-provider-${type.replace('_', '-')}.schema.json`);
    const written = Object.fromEntries(Object.entries(settings).filter(([name]) => map.entries.has(name)));
    look(map, schema, written, prefix);
  }
}

const totpOf = (method: MapValue): MapValue | undefined => {
  const mfa = mapAt(method, 'mfa');
  return mfa && mapAt(mfa, 'totp');
};

async function totpSchema(): Promise<Schema> {
  const { schema } = await blockValidator('blocks/method.schema.json');
  return schema.properties?.['mfa']?.properties?.['totp'] ?? {};
}

/** Reports each named file that `exists` denies. */
export async function reportMissingFiles(
  draft: Draft,
  scope: CheckScope,
  exists: (path: string) => boolean,
): Promise<void> {
  const look = (map: MapValue | undefined, schema: Schema, settings: object, prefix: string): void => {
    for (const [name, value] of Object.entries(settings)) {
      const member = memberSchema(schema, name, schema);
      if (member?.['x-file'] !== true || typeof value !== 'string' || value === '' || exists(value)) continue;
      const pointer = pointerTo('', name);
      const key = dotted(prefix, pointer);
      const hint = 'create it before the agent starts, or correct the path';
      const at = map === undefined ? undefined : locate(map, pointer).at;
      scope.report.warn('CONFIG_FILE_MISSING', { key, path: value }, { at, key, hint });
    }
  };
  const own = async (
    entry: CatalogEntry | undefined,
    map: MapValue | undefined,
    settings: object,
    prefix: string,
  ): Promise<void> => {
    // no settings, no files; it is also so for a plugin whose schema was refused
    if (entry !== undefined && Object.keys(settings).length > 0)
      look(map, (await pluginValidator(entry)).schema, settings, prefix);
  };
  if (draft.vault !== undefined)
    look(draft.vault.map, (await blockValidator('blocks/vault.schema.json')).schema, draft.vault.settings, 'vault');
  for (const { method, sinks } of draft.identities) {
    const totp = method?.settings.mfa?.totp;
    if (totp) look(totpOf(method.map), await totpSchema(), totp, `${method.prefix}.mfa.totp`);
    for (const part of method === undefined ? sinks : [method, ...sinks]) {
      await own(part.entry, mapAt(part.map, 'config'), part.own, `${part.prefix}.config`);
    }
  }
  await persisted(draft.cache?.persist, look, own);
  for (const listener of draft.listeners) await own(listener.entry, listener.map, listener.own, listener.prefix);
  for (const template of [...draft.templates, ...draft.envTemplates]) {
    look(
      template.map,
      (await blockValidator('blocks/template.schema.json')).schema,
      template.settings,
      template.prefix,
    );
  }
}
