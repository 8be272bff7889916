// One entry of a mount table: what the backend sees (`Mount`) and what the server keeps beside it.
import type { Clock } from '../../sdk/index.js';
import type { Backend, BackendFactory, Fields, Mount, MountConfig } from '../backend.js';
import { randomHex, randomText, randomUuid } from '../chance.js';
import { wholeSeconds } from '../wire/moment.js';

/** The server's TTLs when a mount has none: 32 days. */
export const SYSTEM_TTL_MS = 2_764_800_000;

/** Everything needed to make a mount. */
export interface MountOrder {
  readonly path: string;
  readonly type: string;
  readonly namespace: string;
  readonly description: string;
  readonly options: Readonly<Record<string, string>> | null;
  readonly config: MountConfig;
  readonly clock: Clock;
  readonly factory: BackendFactory;
  readonly revokeLeases: (mountPath: string, prefix: string) => Promise<void>;
}

/** Settings of a mount that nobody has tuned. */
export function plainConfig(tokenType = ''): MountConfig {
  return { defaultLeaseTtlMs: 0, maxLeaseTtlMs: 0, forceNoCache: false, tokenType, listingVisibility: '' };
}

/** A mounted backend. */
export class Mounted implements Mount {
  readonly type: string;
  readonly path: string;
  readonly accessor: string;
  readonly uuid = randomUuid();
  readonly namespace: string;
  readonly clock: Clock;
  readonly storage = new Map<string, unknown>();
  readonly config: MountConfig;
  readonly backend: Backend;
  options: Readonly<Record<string, string>> | null;
  description: string;
  readonly #revokeLeases: MountOrder['revokeLeases'];

  constructor(order: MountOrder) {
    this.type = order.type;
    this.path = order.path;
    this.namespace = order.namespace;
    this.clock = order.clock;
    this.config = order.config;
    this.options = order.options;
    this.description = order.description;
    this.accessor = `${accessorName(order)}_${randomHex(4)}`;
    this.#revokeLeases = order.revokeLeases;
    this.backend = order.factory(this);
  }

  get isAuth(): boolean {
    return this.path.startsWith('auth/');
  }

  defaultLeaseTtlMs(): number {
    return Math.min(this.config.defaultLeaseTtlMs || SYSTEM_TTL_MS, this.maxLeaseTtlMs());
  }

  maxLeaseTtlMs(): number {
    return this.config.maxLeaseTtlMs || SYSTEM_TTL_MS;
  }

  random(length: number): string {
    return randomText(length);
  }

  randomUuid(): string {
    return randomUuid();
  }

  revokeLeases(prefix: string): Promise<void> {
    return this.#revokeLeases(this.path, prefix);
  }

  /** The mount as `sys/mounts` and `sys/auth` list it. */
  describe(): Fields {
    const { config } = this;
    return {
      accessor: this.accessor,
      config: {
        default_lease_ttl: wholeSeconds(config.defaultLeaseTtlMs),
        force_no_cache: config.forceNoCache,
        max_lease_ttl: wholeSeconds(config.maxLeaseTtlMs),
        ...(config.tokenType === '' ? {} : { token_type: config.tokenType }),
        ...(config.listingVisibility === '' ? {} : { listing_visibility: config.listingVisibility }),
        ...passedHeaders(config),
      },
      deprecation_status: 'supported',
      description: this.description,
      external_entropy_access: false,
      local: false,
      options: this.options,
      plugin_version: '',
      running_plugin_version: 'v2.0.0+builtin.bao',
      running_sha256: '',
      seal_wrap: false,
      type: this.type,
      uuid: this.uuid,
    };
  }
}

/** `passthrough_request_headers` as answers show it; nothing when none are passed. */
export function passedHeaders({ passthroughRequestHeaders: names = [] }: MountConfig): Fields {
  return names.length === 0 ? {} : { passthrough_request_headers: [...names] };
}

function accessorName(order: MountOrder): string {
  return order.path.startsWith('auth/') ? `auth_${order.type}` : order.type;
}
