// A dev server without a socket on a virtual clock, and a short way to ask it things. For the tests of mounts.
import { createDevServer, type DevServer } from '../../../../core/dev-server/server.js';
import { VirtualClock } from '../../../../core/sdk/testing/virtual-clock.js';

/** What tests look at in an answer; members that were not there are empty. */
export interface Answered {
  readonly status: number;
  readonly errors: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
  readonly auth: {
    readonly client_token: string;
    readonly policies: readonly string[];
    readonly metadata: Readonly<Record<string, string>>;
    readonly lease_duration: number;
    readonly token_type: string;
    readonly num_uses: number;
  };
  readonly lease_id: string;
  readonly lease_duration: number;
  readonly renewable: boolean;
  readonly warnings: readonly string[] | null;
  readonly wrap_info: { readonly token: string; readonly wrapped_accessor?: string };
}

/** Asks with the root token unless `token` says otherwise. */
export type Ask = (
  method: string,
  path: string,
  body?: unknown,
  more?: { readonly token?: string; readonly headers?: Readonly<Record<string, string>> },
) => Promise<Answered>;

/** A server, its time, and a way to ask. */
export interface Rig {
  readonly clock: VirtualClock;
  readonly server: DevServer;
  readonly ask: Ask;
}

/** Makes a rig. Nothing to close: there is no socket and the clock is virtual. */
export function rig(startMs = Date.UTC(2026, 0, 1)): Rig {
  const clock = new VirtualClock(startMs);
  const server = createDevServer({ rootToken: 'root', clock });
  const ask: Ask = async (method, path, body, more = {}) => {
    const answer = await server.call(method, path, { ...more, ...(body === undefined ? {} : { body }) });
    const parsed = (answer.body ?? {}) as Partial<Answered>;
    return { errors: [], data: {}, ...parsed, status: answer.status } as Answered;
  };
  return { clock, server, ask };
}
