// What came of a soak, and what of it is wrong. Pure.

/** What came of it. */
export interface Verdict {
  readonly seed: number;
  readonly agents: number;
  readonly requests: number;
  readonly hits: number;
  /** Hits with what was issued before the agent was last started. */
  readonly restored: number;
  readonly kills: number;
  readonly outages: number;
  readonly relogins: number;
  /** How often each kind of request got which status; 0 for a broken connection. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Hits with a dead secret or a wrong remaining life, and refused tokens that lived. Must be empty. */
  readonly violations: readonly string[];
  /** Answers of 500 and above, as they came; for reports. */
  readonly errors: readonly string[];
  /** Last output of agents that ended by themselves. Must be empty. */
  readonly crashes: readonly string[];
  /** Secrets that live at the server and were given to no client; at most `lost`. */
  readonly orphans: readonly string[];
  /** Requests that were under way when an agent was killed. */
  readonly lost: number;
  /** Memory of the first agent, MB, once a second while it was up. */
  readonly rssMb: readonly number[];
}

/** The only answer of 500 and above that is explicable. */
const NOT_READY = /this agent has no token yet/;
// What a kind of request may get: success; 0 while the agent is down; 400 for a dead lease; 403 for a dead token, which may be the agent's own where a
// request is not sent twice, or while its last proof of life counts; 503 while a storm of dead tokens holds the agent's logins back (D-64).
const EXPLICABLE: Readonly<Record<string, readonly number[]>> = {
  read: [0, 200, 403, 503],
  'read-token': [0, 200, 403],
  login: [0, 200],
  child: [0, 200, 403],
  left: [0, 200, 403, 503],
  renew: [0, 200, 400, 403, 503],
  revoke: [0, 204, 403, 503],
};

/** Everything that is wrong, as sentences; empty when nothing is. */
export function faultsOf(verdict: Verdict): string[] {
  const { violations, crashes, orphans, lost, hits, restored, kills, requests } = verdict;
  const faults = [...violations, ...crashes.map((output) => `an agent ended by itself:\n${output}`)];
  for (const told of Object.keys(verdict.statuses)) {
    const [kind = '', status = ''] = told.split(' ');
    if (!EXPLICABLE[kind]?.includes(Number(status))) faults.push(`${told}: ${String(verdict.statuses[told])} times`);
  }
  faults.push(...verdict.errors.filter((error) => !NOT_READY.test(error)));
  if (orphans.length > lost)
    faults.push(
      `${String(orphans.length)} secrets live that nobody got, but only ${String(lost)} requests were cut off`,
    );
  if (hits < requests / 10 || hits < 100) faults.push(`only ${String(hits)} hits of ${String(requests)} requests`);
  // agents that share a store wait for the lock of their former self, longer than most leases live
  if (restored === 0 && verdict.agents === 1) faults.push('nothing outlived an agent');
  if (kills === 0) faults.push('nobody was killed');
  return faults;
}

/** Median memory (MB) at the beginning and at the end of the last part of a run. */
export function growthOf(rssMb: readonly number[], part: number): { readonly from: number; readonly to: number } {
  const last = rssMb.slice(Math.floor(rssMb.length * (1 - part)));
  const third = Math.max(1, Math.floor(last.length / 3));
  return { from: median(last.slice(0, third)), to: median(last.slice(-third)) };
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] ?? 0;

/** The verdict in a few lines, without memory. */
export function tell(verdict: Verdict): string {
  const { seed, requests, hits, restored, kills, outages, relogins, orphans, lost } = verdict;
  const statuses = Object.entries(verdict.statuses)
    .sort()
    .map(([told, count]) => `${told}: ${String(count)}`);
  return [
    `seed ${String(seed)}: ${String(requests)} requests, ${String(hits)} hits (${String(restored)} with secrets older than the agent), ${String(kills)} kills, ${String(outages)} outages, ${String(relogins)} dead agent tokens`,
    `secrets that nobody got: ${String(orphans.length)}; requests cut off by kills: ${String(lost)}`,
    `answers by kind and status (0: connection broken): ${statuses.join(', ')}`,
  ].join('\n');
}
