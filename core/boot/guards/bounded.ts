// Bounds one call of a plugin in time and gives its errors the plugin's name, once.
import { AgentError, agentError, type Clock } from '../../sdk/index.js';

/** Who is called: `sink "file"`, and by which clock. */
export interface Guarded {
  readonly label: string;
  readonly clock: Clock;
}

/**
 * Runs `work` with a signal that is aborted after `boundMs` or with `outer`. When the plugin does not end then, the call fails with
 * PLUGIN_CALL_TIMEOUT; a late result is dropped. AgentErrors pass with the label in front; other errors keep their class.
 */
export async function bounded<T>(
  guarded: Guarded,
  call: { readonly name: string; readonly boundMs: number; readonly outer?: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  let cancel: (() => void) | undefined;
  const stop = new Promise<never>((_, reject) => {
    const end = (reason: Error): void => {
      abort.abort(reason);
      reject(reason);
    };
    cancel = guarded.clock.after(call.boundMs, () =>
      end(agentError('PLUGIN_CALL_TIMEOUT', { plugin: guarded.label, call: call.name, seconds: call.boundMs / 1000 })),
    );
    if (call.outer?.aborted) end(call.outer.reason as Error);
    else
      call.outer?.addEventListener('abort', () => end(call.outer?.reason as Error), {
        once: true,
        signal: abort.signal,
      });
  });
  stop.catch(() => undefined);
  try {
    return await Promise.race([work(abort.signal), stop]);
  } catch (error) {
    throw named(guarded.label, error);
  } finally {
    cancel?.();
    // releases the listener on the outer signal
    abort.abort();
  }
}

/** Runs `work`; an error that it throws gets the plugin's name. */
export async function labelled<T>(guarded: Guarded, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw named(guarded.label, error);
  }
}

/** The same error with the label in front of its message, once. */
export function named(label: string, error: unknown): unknown {
  if (!(error instanceof AgentError) || error.message.startsWith(label) || error.code.startsWith('PLUGIN_'))
    return error;
  const { code, act, at, hint } = error;
  return new AgentError(code, act, `${label}: ${error.message}`, { at, hint, cause: error });
}
