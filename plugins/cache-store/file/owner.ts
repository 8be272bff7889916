// The owner record of a store: its form, and whether it still holds. Pure.
import type { ProcessFacts, Processes } from './processes.js';

/** Age, in ms, from which a heartbeat no longer counts. */
export const STALE_MS = 15_000;

/** Who uses a folder. */
export interface Owner extends ProcessFacts {
  /** Random, another one for each start. */
  readonly epoch: string;
  /** When it last showed that it lives, ms since 1970. */
  readonly heartbeat: number;
}

/** Reads a record; undefined when it is none. */
export function parseOwner(text: string): Owner | undefined {
  let found: Partial<Owner> | null;
  try {
    found = JSON.parse(text) as Partial<Owner> | null;
  } catch {
    return undefined;
  }
  const { pid, host, space, started, epoch, heartbeat } = found ?? {};
  if (typeof pid !== 'number' || typeof heartbeat !== 'number') return undefined;
  if ([host, space, started, epoch].some((one) => typeof one !== 'string')) return undefined;
  return found as Owner;
}

/** False when the owner is dead, or has not been heard of for 15 s. A heartbeat from the future is a clock that was set back: no heartbeat. */
export function isHeld(owner: Owner, processes: Processes, nowMs: number): boolean {
  if (owner.epoch !== '' && processes.isAlive(owner) === false) return false;
  return Math.abs(nowMs - owner.heartbeat) < STALE_MS;
}

/** The owner in words. */
export function describeOwner({ epoch, pid, host, heartbeat }: Owner, nowMs: number): string {
  if (epoch === '') return 'another process';
  return `process ${pid} on ${host}, last seen ${Math.max(0, Math.round((nowMs - heartbeat) / 1000))} s ago`;
}
