// Settings of one plugin: found by kind and name in the catalog (or in the list of what is not built), validated by its own schema.
import type { CatalogEntry } from '../contracts/catalog.js';
import type { Place } from '../kernel/hcl/tree.js';
import { AgentError, type Kind } from '../sdk/index.js';
import type { CheckScope } from './draft.js';
import type { MapValue } from './located.js';
import { nearestName } from './nearest-name.js';
import { entryFor, valuesFor } from './not-built.js';
import { list } from './report.js';
import { conform } from './validate.js';
import { blockValidator, pluginValidator, type Validator } from './validators.js';

/** Which plugin, and the map of its own settings. */
export interface PluginSpot {
  readonly kind: Kind;
  readonly name: string;
  /** Where the name is written. */
  readonly at: Place;
  readonly map: MapValue;
  /** How the settings are called: `auto_auth.method.config`. */
  readonly prefix: string;
  /** Key of the list of what is not built: `auto_auth.method.type`. */
  readonly listed?: string;
  readonly alsoKnown?: readonly string[];
}

/** Validated settings; empty when the plugin is unknown, which is reported once (PLUGIN_NOT_FOUND with the nearest names). */
export interface OwnSettings {
  readonly entry: CatalogEntry | undefined;
  readonly own: Readonly<Record<string, unknown>>;
  readonly validator: Validator | undefined;
}

/** Finds the plugin and validates what belongs to it. */
export async function ownSettings(spot: PluginSpot, scope: CheckScope): Promise<OwnSettings> {
  const entry = scope.catalog.find(spot.kind, spot.name);
  const validator = await validatorOf(spot, entry, scope);
  if (validator === undefined) return { entry, own: {}, validator };
  const { report } = scope;
  const alsoKnown = spot.alsoKnown ?? [];
  const { settings } = conform<Record<string, unknown>>(spot.map, validator, {
    report,
    prefix: spot.prefix,
    alsoKnown,
  });
  return { entry, own: settings, validator };
}

/** The validator of a plugin, or undefined after a finding. */
export async function validatorOf(
  spot: PluginSpot,
  entry: CatalogEntry | undefined,
  scope: CheckScope,
): Promise<Validator | undefined> {
  if (entry !== undefined) return schemaOf(entry, spot, scope);
  const listed = spot.listed === undefined ? undefined : entryFor(scope.notBuilt, spot.listed, spot.name);
  if (listed !== undefined) return listed.schema === undefined ? undefined : blockValidator(listed.schema);
  reportUnknownPlugin(spot, scope);
  return undefined;
}

async function schemaOf(entry: CatalogEntry, spot: PluginSpot, scope: CheckScope): Promise<Validator | undefined> {
  try {
    return await pluginValidator(entry);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    scope.report.include([
      { severity: 'error', code: error.code, message: error.message, hint: error.hint, at: spot.at, key: spot.prefix },
    ]);
    return undefined;
  }
}

function reportUnknownPlugin(spot: PluginSpot, { catalog, notBuilt, report }: CheckScope): void {
  const names = catalog.all(spot.kind).flatMap(({ manifest }) => [manifest.name, ...(manifest.aliases ?? [])]);
  const known = [...new Set([...names, ...(spot.listed === undefined ? [] : valuesFor(notBuilt, spot.listed))])];
  const near = nearestName(spot.name, known);
  const hint = `${near === undefined ? '' : `did you mean "${near}"? `}known: ${list(known)}`;
  report.error(
    'PLUGIN_NOT_FOUND',
    { kind: spot.kind, name: spot.name },
    { at: spot.at, key: spot.listed ?? spot.prefix, hint },
  );
}
