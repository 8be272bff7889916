// One server-side apply of a Secret (Kubernetes API: PATCH with application/apply-patch+yaml, of which JSON is a part). Never with force.
import { callService, type Clock, type Secret, type ServiceAnswer } from 'claviger/sdk';
import type { Place } from './place.js';

/** What to apply. */
export interface Applying {
  readonly place: Place;
  readonly name: string;
  readonly data: Readonly<Record<string, Secret>>;
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly manager: string;
  readonly dryRun: boolean;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Applies. Throws what `callService` throws. */
export async function applyPatch(order: Applying): Promise<ServiceAnswer> {
  const { place, name, data, labels, annotations, manager, dryRun, timeoutMs, clock, signal } = order;
  const [space, secret] = [encodeURIComponent(place.namespace), encodeURIComponent(name)];
  const url = new URL(`${place.address.replace(/\/+$/, '')}/api/v1/namespaces/${space}/secrets/${secret}`);
  url.searchParams.set('fieldManager', manager);
  url.searchParams.set('force', 'false');
  if (dryRun) url.searchParams.set('dryRun', 'All');
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value.reveal()).toString('base64')]);
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: place.namespace, ...(labels && { labels }), ...(annotations && { annotations }) },
    ...(encoded.length > 0 && { data: Object.fromEntries(encoded) as object }),
  };
  return callService({
    ...{ url, clock, signal, timeoutMs, ca: place.ca, method: 'PATCH', maxBytes: 4 << 20 },
    headers: {
      Authorization: `Bearer ${place.token.reveal()}`,
      'Content-Type': 'application/apply-patch+yaml',
      Accept: 'application/json',
    },
    body: JSON.stringify(object),
  });
}
