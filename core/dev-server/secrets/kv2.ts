// Secret engine `kv` version 2: versions, check-and-set, soft deletion, metadata. Recorded from OpenBao 2.6.2.
import { fault } from '../backend.js';
import type { Backend, BackendReply, BackendRequest, Fields, Mount } from '../backend.js';
import { optionalNumber } from '../fields.js';
import { listBelow, listReply, routeTable, scanReply } from '../route-table.js';
import type { Call, Handler, Route } from '../route-table.js';
import { changeConfig, changeMetadata, freshConfig, patchMetadata, shownConfig } from './kv2-settings.js';
import { addVersion, contentOf, deleteVersions, destroyVersions, freshSecret } from './kv2-versions.js';
import { shownMetadata, shownVersion, undeleteVersions } from './kv2-versions.js';
import type { Secret2, Version } from './kv2-versions.js';
import { mergePatch, subkeysOf } from './merge-patch.js';

const WRONG_PATH =
  'Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. ' +
  "If using the OpenBao CLI, use 'bao kv get' for this operation.";
const MERGE_PATCH = 'application/merge-patch+json';

/** Makes a version 2 store. */
export function createKv2(mount: Mount): Required<Pick<Backend, 'handle' | 'exists'>> {
  return routeTable(new Kv2(() => mount.clock.now()).routes());
}

class Kv2 {
  readonly #secrets = new Map<string, Secret2>();
  readonly #config = freshConfig();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  routes(): Route[] {
    const known = (call: Call) => this.#secrets.has(pathOf(call));
    const config: Handler = (call) => {
      changeConfig(this.#config, call.body);
      return undefined;
    };
    return [
      { path: 'config', on: { read: () => ({ data: shownConfig(this.#config) }), write: config } },
      {
        path: 'data/*path',
        exists: known,
        on: {
          read: (call) => this.#read(call),
          write: (call) => this.#write(call),
          patch: (call) => this.#patch(call),
          delete: (call) => this.#change(call, (secret) => deleteVersions(secret, [secret.current], this.#now())),
        },
      },
      { path: 'subkeys/*path', on: { read: (call) => this.#subkeys(call) } },
      { path: 'delete/*path', on: { write: this.#onVersions((s, n) => deleteVersions(s, n, this.#now())) } },
      { path: 'undelete/*path', on: { write: this.#onVersions(undeleteVersions) } },
      { path: 'destroy/*path', on: { write: this.#onVersions(destroyVersions) } },
      this.#metadataRoute(known),
      ...wrongPaths(),
    ];
  }

  #metadataRoute(exists: (call: Call) => boolean): Route {
    return {
      path: 'metadata/*path',
      exists,
      on: {
        read: (call) => shown(this.#secrets.get(pathOf(call)), shownMetadata),
        write: (call) => {
          const secret = this.#secrets.get(pathOf(call)) ?? freshSecret(this.#now());
          changeMetadata(secret, call.body, this.#config, this.#now());
          this.#secrets.set(pathOf(call), secret);
          return undefined;
        },
        patch: (call) => {
          checkPatchType(call.request);
          const secret = this.#secrets.get(pathOf(call));
          if (secret === undefined) throw fault(404);
          patchMetadata(secret, call.body, this.#config, this.#now());
          return undefined;
        },
        delete: (call) => {
          this.#secrets.delete(pathOf(call));
          return undefined;
        },
        list: (call) => listReply(listBelow(this.#secrets.keys(), pathOf(call))),
        scan: (call) => scanReply(this.#secrets.keys(), pathOf(call)),
      },
    };
  }

  #find(call: Call): { secret: Secret2; number: number; version: Version } | undefined {
    const secret = this.#secrets.get(pathOf(call));
    const number = versionAsked(call) || (secret?.current ?? 0);
    const version = secret?.versions.get(number);
    return secret === undefined || version === undefined ? undefined : { secret, number, version };
  }

  #read(call: Call): BackendReply | undefined {
    const found = this.#find(call);
    if (found === undefined) return undefined;
    const metadata = shownVersion(found.secret, found.number, found.version);
    const data = contentOf(found.version, this.#now());
    return data === undefined ? { status: 404, data: { data: null, metadata } } : { data: { data, metadata } };
  }

  #subkeys(call: Call): BackendReply | undefined {
    const found = this.#find(call);
    if (found === undefined) return undefined;
    const metadata = shownVersion(found.secret, found.number, found.version);
    const data = contentOf(found.version, this.#now());
    if (data === undefined) return { status: 404, data: { metadata, subkeys: null } };
    return { data: { metadata, subkeys: subkeysOf(data, optionalNumber(call.body, 'depth') ?? 0) } };
  }

  #write(call: Call): BackendReply {
    const data = dataOf(call.body);
    const known = this.#secrets.get(pathOf(call));
    this.#checkSet(call.body, known);
    const secret = known ?? freshSecret(this.#now());
    this.#secrets.set(pathOf(call), secret);
    return this.#add(secret, data);
  }

  #patch(call: Call): BackendReply {
    checkPatchType(call.request);
    const patch = dataOf(call.body);
    const secret = this.#secrets.get(pathOf(call));
    this.#checkSet(call.body, secret);
    const version = secret?.versions.get(secret.current);
    if (secret === undefined || version === undefined) throw fault(404);
    const data = contentOf(version, this.#now());
    if (data === undefined) {
      return { status: 404, data: { data: null, metadata: shownVersion(secret, secret.current, version) } };
    }
    return this.#add(secret, mergePatch(data, patch) as Fields);
  }

  #add(secret: Secret2, data: Fields): BackendReply {
    const number = addVersion(secret, data, this.#config, this.#now());
    const version = secret.versions.get(number);
    return { data: version === undefined ? {} : shownVersion(secret, number, version) };
  }

  #checkSet(body: Fields, secret: Secret2 | undefined): void {
    const options = body['options'] as Fields | null | undefined;
    const cas = options?.['cas'];
    if (cas === undefined || cas === null) {
      const needed = this.#config.casRequired || secret?.casRequired === true;
      if (needed) throw fault(400, 'check-and-set parameter required for this call');
      return;
    }
    const number = optionalNumber({ cas }, 'cas');
    if (number === undefined) throw fault(400, 'error parsing check-and-set parameter');
    if (number !== (secret?.current ?? 0)) {
      throw fault(400, 'check-and-set parameter did not match the current version');
    }
  }

  #change(call: Call, change: (secret: Secret2) => void): undefined {
    const secret = this.#secrets.get(pathOf(call));
    if (secret !== undefined) change(secret);
  }

  #onVersions(change: (secret: Secret2, numbers: readonly number[]) => void): Handler {
    return (call) => {
      const numbers = versionList(call.body['versions']);
      if (numbers.length === 0) throw fault(400, 'No version number provided');
      return this.#change(call, (secret) => change(secret, numbers));
    };
  }
}

function wrongPaths(): Route[] {
  const wrong: Handler = () => ({ status: 404, data: null, warnings: [WRONG_PATH] });
  return [{ path: '*path', on: { read: wrong, write: wrong, delete: wrong, list: wrong, patch: wrong } }];
}

function pathOf(call: Call): string {
  return call.param('path');
}

function versionAsked(call: Call): number {
  return optionalNumber(call.body, 'version') ?? 0;
}

function versionList(value: unknown): number[] {
  const list: unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [value];
  return list.map(Number).filter((number) => Number.isInteger(number) && number > 0);
}

function dataOf(body: Fields): Fields {
  const data = body['data'];
  if (data === undefined || data === null) throw fault(400, 'no data provided');
  if (typeof data === 'object' && !Array.isArray(data)) return data as Fields;
  throw fault(400, 'Field validation failed: error converting input for field "data": expected a map');
}

function checkPatchType(request: BackendRequest): void {
  const type = (request.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === '') throw fault(400, 'mime: no media type');
  if (type !== MERGE_PATCH) throw fault(415, `PATCH requires Content-Type of ${MERGE_PATCH}, provided ${type}`);
}

function shown(secret: Secret2 | undefined, show: (secret: Secret2) => Fields): BackendReply | undefined {
  return secret === undefined ? undefined : { data: show(secret) };
}
