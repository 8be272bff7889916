// Settings of KV 2: those of the mount (`config`) and those of one path (`metadata`). Reading, checking, showing.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalDuration, optionalFlag, optionalNumber } from '../fields.js';
import { goDuration } from './kv2-versions.js';
import type { Kv2Config, Secret2 } from './kv2-versions.js';

/** A mount's settings before the first write. */
export function freshConfig(): Kv2Config {
  return { maxVersions: 0, casRequired: false, metadataCasRequired: false, deleteAfterMs: 0 };
}

/** Takes over what a write to `config` names. Throws 400. */
export function changeConfig(config: Kv2Config, body: Fields): void {
  config.maxVersions = optionalNumber(body, 'max_versions') ?? config.maxVersions;
  config.casRequired = optionalFlag(body, 'cas_required') ?? config.casRequired;
  config.metadataCasRequired = optionalFlag(body, 'metadata_cas_required') ?? config.metadataCasRequired;
  config.deleteAfterMs = optionalDuration(body, 'delete_version_after') ?? config.deleteAfterMs;
}

/** The answer to a read of `config`. */
export function shownConfig(config: Kv2Config): Fields {
  return {
    cas_required: config.casRequired,
    delete_version_after: goDuration(config.deleteAfterMs),
    max_versions: config.maxVersions,
    metadata_cas_required: config.metadataCasRequired,
  };
}

/** Takes over what a write to `metadata/PATH` names; `custom_metadata` is replaced whole. Throws 400. */
export function changeMetadata(secret: Secret2, body: Fields, config: Kv2Config, nowMs: number): void {
  checkMetadataSet(secret, body, config);
  const custom = body['custom_metadata'];
  const next = custom === undefined ? secret.custom : customOf(custom);
  takeOver(secret, body, nowMs);
  secret.custom = next;
}

/** As a write, but `custom_metadata` is merged and null removes a key. Throws 400. */
export function patchMetadata(secret: Secret2, body: Fields, config: Kv2Config, nowMs: number): void {
  checkMetadataSet(secret, body, config);
  const patch = body['custom_metadata'];
  const merged = patch === undefined ? secret.custom : customOf(merge(secret.custom, patch));
  takeOver(secret, body, nowMs);
  secret.custom = merged;
}

function merge(before: Readonly<Record<string, string>> | null, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  return Object.fromEntries(Object.entries({ ...before, ...patch }).filter(([, value]) => value !== null));
}

function takeOver(secret: Secret2, body: Fields, nowMs: number): void {
  secret.maxVersions = optionalNumber(body, 'max_versions') ?? secret.maxVersions;
  secret.casRequired = optionalFlag(body, 'cas_required') ?? secret.casRequired;
  secret.metadataCasRequired = optionalFlag(body, 'metadata_cas_required') ?? secret.metadataCasRequired;
  secret.deleteAfterMs = optionalDuration(body, 'delete_version_after') ?? secret.deleteAfterMs;
  secret.metadataVersion += 1;
  secret.updatedAtMs = nowMs;
}

function checkMetadataSet(secret: Secret2, body: Fields, config: Kv2Config): void {
  const cas = optionalNumber(body, 'metadata_cas');
  if (cas === undefined) {
    const needed = config.metadataCasRequired || secret.metadataCasRequired;
    if (needed) throw fault(400, 'metadata check-and-set parameter required for this call');
    return;
  }
  if (cas === secret.metadataVersion) return;
  throw fault(400, 'metadata check-and-set parameter did not match the current version');
}

const MOST_KEYS = 64;
const LONGEST_KEY = 128;
const LONGEST_VALUE = 512;

function customOf(value: unknown): Readonly<Record<string, string>> | null {
  if (value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) throw fault(400, 'custom_metadata must be a map of texts');
  const entries = Object.entries(value as Fields);
  if (entries.length > MOST_KEYS) {
    const count = `custom_metadata supports a maximum of ${String(MOST_KEYS)} keys: given ${String(entries.length)}`;
    throw fault(400, `custom_metadata validation failed: ${count}`);
  }
  for (const [key, item] of entries) checkCustom(key, item);
  return Object.fromEntries(entries) as Record<string, string>;
}

function checkCustom(key: string, value: unknown): void {
  if (typeof value !== 'string') throw fault(400, `custom_metadata: the value of "${key}" must be a text`);
  const sizes = key.length >= 1 && key.length <= LONGEST_KEY && value.length >= 1 && value.length <= LONGEST_VALUE;
  if (sizes) return;
  const limits = `keys of 1 to ${String(LONGEST_KEY)} and values of 1 to ${String(LONGEST_VALUE)} characters`;
  throw fault(400, `custom_metadata validation failed: only ${limits} are allowed`);
}
