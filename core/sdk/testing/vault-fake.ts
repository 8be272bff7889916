// Upstream of a plugin under test: answers by script, keeps every call. It speaks no HTTP.
import { agentError } from '../errors.js';
import type { Vault, VaultAnswer, VaultCall } from '../host.js';

/** A call as it arrived. */
export interface SeenCall {
  readonly method: string;
  readonly path: string;
  readonly call: VaultCall;
}

/** A scripted answer: a status with a body, an error to throw, or a function of the call. */
export type Script =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  | Error
  | ((seen: SeenCall) => VaultAnswer | Promise<VaultAnswer>);

/** Stand-in of the `Upstream` slot. Without a script for a call it answers 404 with `{"errors":[]}`, as Vault does. */
export class VaultFake implements Vault {
  readonly calls: SeenCall[] = [];
  readonly #once = new Map<string, Script[]>();
  readonly #always = new Map<string, Script>();

  /** Answers `method path` with `script` from now on. */
  on(method: string, path: string, script: Script): this {
    this.#always.set(`${method} ${path}`, script);
    return this;
  }

  /** Answers the next `method path` with `script`; several form a queue and go before `on`. */
  once(method: string, path: string, script: Script): this {
    const key = `${method} ${path}`;
    this.#once.set(key, [...(this.#once.get(key) ?? []), script]);
    return this;
  }

  /** Every call fails as if nobody listened. */
  down(method: string, path: string): this {
    return this.on(method, path, agentError('UPSTREAM_UNREACHABLE', { address: 'fake', why: 'connection refused' }));
  }

  async request(method: string, path: string, call: VaultCall = {}): Promise<VaultAnswer> {
    call.signal?.throwIfAborted();
    const seen = { method, path, call };
    this.calls.push(seen);
    const script = this.#once.get(`${method} ${path}`)?.shift() ?? this.#always.get(`${method} ${path}`);
    if (script === undefined) return { status: 404, body: { errors: [] }, headers: {} };
    if (script instanceof Error) throw script;
    if (typeof script === 'function') return script(seen);
    return { status: script.status, body: script.body, headers: script.headers ?? {} };
  }
}
