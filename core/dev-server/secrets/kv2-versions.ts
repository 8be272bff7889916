// The versions of one KV 2 secret: adding, deleting, bringing back, destroying, and how they look. No paths and no requests here.
// Counting follows the server: `oldest_version` stays 0 until the first version had to go.
import type { Fields } from '../backend.js';
import { moment } from '../wire/moment.js';

/** One version. `deletedAtMs` may lie in the future (delete_version_after); `text` is its JSON, absent once destroyed. */
export interface Version {
  readonly createdAtMs: number;
  deletedAtMs: number | undefined;
  text: string | undefined;
}

/** Everything known of one path. `deleteAfterMs` 0 means the mount decides, negative means never. */
export interface Secret2 {
  readonly versions: Map<number, Version>;
  readonly createdAtMs: number;
  updatedAtMs: number;
  current: number;
  oldest: number;
  maxVersions: number;
  casRequired: boolean;
  metadataCasRequired: boolean;
  metadataVersion: number;
  deleteAfterMs: number;
  custom: Readonly<Record<string, string>> | null;
}

/** Settings of the mount that versions hang on. */
export interface Kv2Config {
  maxVersions: number;
  casRequired: boolean;
  metadataCasRequired: boolean;
  deleteAfterMs: number;
}

const USUAL_MAX = 10;

/** A path before its first version. */
export function freshSecret(nowMs: number): Secret2 {
  return {
    versions: new Map(),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    current: 0,
    oldest: 0,
    maxVersions: 0,
    casRequired: false,
    metadataCasRequired: false,
    metadataVersion: 0,
    deleteAfterMs: 0,
    custom: null,
  };
}

/** Adds a version and drops what is more than allowed. The result is the new number. */
export function addVersion(secret: Secret2, data: Fields, config: Kv2Config, nowMs: number): number {
  const afterMs = lifeMs(secret.deleteAfterMs, config.deleteAfterMs);
  secret.current += 1;
  secret.updatedAtMs = nowMs;
  secret.versions.set(secret.current, {
    createdAtMs: nowMs,
    deletedAtMs: afterMs === undefined ? undefined : nowMs + afterMs,
    text: JSON.stringify(data),
  });
  prune(secret, Math.max(secret.maxVersions, config.maxVersions) || USUAL_MAX);
  return secret.current;
}

function lifeMs(own: number, mount: number): number | undefined {
  if (own < 0 || mount < 0) return undefined;
  if (own > 0 && mount > 0) return Math.min(own, mount);
  return own + mount > 0 ? own + mount : undefined;
}

function prune(secret: Secret2, most: number): void {
  if (secret.current - secret.oldest < most) return;
  const last = secret.current - most;
  for (let number = secret.oldest; number <= last; number += 1) secret.versions.delete(number);
  secret.oldest = last + 1;
}

/** Whether a version is deleted by now. */
export function isDeleted(version: Version, nowMs: number): boolean {
  return version.deletedAtMs !== undefined && version.deletedAtMs <= nowMs;
}

/** Its content; undefined when deleted or destroyed. */
export function contentOf(version: Version, nowMs: number): Fields | undefined {
  if (version.text === undefined || isDeleted(version, nowMs)) return undefined;
  return JSON.parse(version.text) as Fields;
}

/** Deletes versions softly; those already gone stay as they are. */
export function deleteVersions(secret: Secret2, numbers: readonly number[], nowMs: number): void {
  for (const version of pick(secret, numbers)) {
    if (version.text !== undefined && !isDeleted(version, nowMs)) version.deletedAtMs = nowMs;
  }
}

/** Brings softly deleted versions back. */
export function undeleteVersions(secret: Secret2, numbers: readonly number[]): void {
  for (const version of pick(secret, numbers)) if (version.text !== undefined) version.deletedAtMs = undefined;
}

/** Destroys versions for good. */
export function destroyVersions(secret: Secret2, numbers: readonly number[]): void {
  for (const version of pick(secret, numbers)) version.text = undefined;
}

function pick(secret: Secret2, numbers: readonly number[]): Version[] {
  return numbers.flatMap((number) => secret.versions.get(number) ?? []);
}

function versionFields(version: Version): Fields {
  return {
    created_time: moment(version.createdAtMs),
    deletion_time: version.deletedAtMs === undefined ? '' : moment(version.deletedAtMs),
    destroyed: version.text === undefined,
  };
}

/** The `metadata` of a version in answers of `data` and `subkeys`. */
export function shownVersion(secret: Secret2, number: number, version: Version): Fields {
  return { ...versionFields(version), custom_metadata: secret.custom, version: number };
}

/** The answer to a read of `metadata/PATH`. */
export function shownMetadata(secret: Secret2): Fields {
  const versions = [...secret.versions].map(([number, version]) => [String(number), versionFields(version)] as const);
  return {
    cas_required: secret.casRequired,
    created_time: moment(secret.createdAtMs),
    current_metadata_version: secret.metadataVersion,
    current_version: secret.current,
    custom_metadata: secret.custom,
    delete_version_after: goDuration(secret.deleteAfterMs),
    max_versions: secret.maxVersions,
    metadata_cas_required: secret.metadataCasRequired,
    oldest_version: secret.oldest,
    updated_time: moment(secret.updatedAtMs),
    versions: Object.fromEntries(versions),
  };
}

/** A duration in Go's writing: `0s`, `1m30s`, `3h25m19s`. */
export function goDuration(ms: number): string {
  if (ms < 0) return `-${goDuration(-ms)}`;
  const seconds = ms / 1000;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${String(Number((seconds % 60).toFixed(3)))}s`;
  if (hours > 0) return `${String(hours)}h${String(minutes)}m${rest}`;
  return minutes > 0 ? `${String(minutes)}m${rest}` : rest;
}
