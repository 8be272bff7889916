// Secret engine `kv` version 1: one object per path. Recorded from OpenBao 2.6.2.
import { fault } from '../backend.js';
import type { Backend, BackendReply, Fields, Mount } from '../backend.js';
import { durationMs } from '../fields.js';
import { listBelow, listReply, routeTable, scanReply } from '../route-table.js';

/** Makes a version 1 store. */
export function createKv1(mount: Mount): Required<Pick<Backend, 'handle' | 'exists'>> {
  const secrets = new Map<string, string>();
  return routeTable([
    {
      path: '*path',
      exists: (call) => secrets.has(call.param('path')),
      on: {
        read: (call) => readReply(secrets.get(call.param('path')), mount),
        write: (call) => {
          if (Object.keys(call.body).length === 0) throw fault(400, 'missing data fields');
          secrets.set(call.param('path'), JSON.stringify(call.body));
          return undefined;
        },
        delete: (call) => {
          secrets.delete(call.param('path'));
          return undefined;
        },
        list: (call) => listReply(listBelow(secrets.keys(), call.param('path'))),
        scan: (call) => scanReply(secrets.keys(), call.param('path')),
      },
    },
  ]);
}

function readReply(text: string | undefined, mount: Mount): BackendReply | undefined {
  if (text === undefined) return undefined;
  const data = JSON.parse(text) as Fields;
  const asked = durationMs(data['ttl'] ?? data['lease']);
  const ms = asked === undefined ? mount.defaultLeaseTtlMs() : Math.min(asked, mount.maxLeaseTtlMs());
  return { data, leaseDurationS: Math.floor(ms / 1000) };
}
