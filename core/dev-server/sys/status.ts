// `sys/health` and its like: answers without an envelope that need no token.
import type { CoreReply, CoreRequest, World } from '../world.js';
import type { Fields } from '../backend.js';
import { route } from '../routes.js';
import type { Route } from '../routes.js';
import { jsonLine } from '../wire/json.js';
import { wholeSeconds } from '../wire/moment.js';

const VERSION = '2.6.2';

/** Paths of this file that are open to everyone. */
export const OPEN_STATUS_PATHS = ['health', 'seal-status', 'init', 'leader', 'internal/specs/openapi'];

/** Routes of the status answers. */
export function statusRoutes(world: World): Route[] {
  return [
    route('health', { read: (request) => ({ ...bare(health(world)), status: healthStatus(request) }) }),
    route('seal-status', { read: () => bare(sealStatus(world)) }),
    route('init', { read: () => bare({ initialized: true }) }),
    route('leader', { read: () => bare({ ha_enabled: false }) }),
    route('internal/specs/openapi', { read: () => bare(openApi()) }),
  ];
}

function bare(body: Fields): CoreReply {
  return { raw: { contentType: 'application/json', body: jsonLine(body) } };
}

function healthStatus(request: CoreRequest): number {
  const code = Number(request.query.get('activecode') ?? 200);
  return Number.isInteger(code) && code >= 200 && code < 600 ? code : 400;
}

function health(world: World): Fields {
  return {
    initialized: true,
    sealed: false,
    standby: false,
    replication_performance_mode: 'disabled',
    replication_dr_mode: 'disabled',
    server_time_utc: wholeSeconds(world.clock.now()),
    version: VERSION,
    cluster_name: world.clusterName,
    cluster_id: world.clusterId,
  };
}

function sealStatus(world: World): Fields {
  return {
    type: 'shamir',
    initialized: true,
    sealed: false,
    t: 1,
    n: 1,
    progress: 0,
    nonce: '',
    recovery_seal: false,
    version: VERSION,
    commit_date: '',
    migration: false,
    cluster_name: world.clusterName,
    cluster_id: world.clusterId,
    storage_type: 'inmem',
  };
}

/** The smallest description of the API that tools accept. */
export function openApi(): Fields {
  return { openapi: '3.0.2', info: { title: 'Claviger dev server', version: VERSION }, paths: {} };
}
