// What a background GET is: the bytes as the server sent them.
import type { RawHeaders, Secret } from '../../sdk/index.js';

/** A GET for the agent itself. `path` is raw and begins with `/v1/`; an empty query is none. */
export interface BackgroundGet {
  readonly path: string;
  readonly query: string;
  readonly namespace: string;
  readonly token: Secret;
}

/** Its whole answer. */
export interface BackgroundReply {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly body: Uint8Array;
}

/** Sends one; undefined, or a rejection, when there is no answer. */
export type BackgroundFetch = (get: BackgroundGet) => Promise<BackgroundReply | undefined>;

/** The same without rejections. */
export function quiet(fetch: BackgroundFetch): BackgroundFetch {
  return async (get) => {
    try {
      return await fetch(get);
    } catch {
      return undefined;
    }
  };
}
