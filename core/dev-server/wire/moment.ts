// Times and durations as texts of the wire.

/** RFC 3339 with milliseconds, without needless zeroes: `2026-11-22T06:08:33.69Z`. */
export function moment(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, 'Z');
}

/** `2h`, `15m`, `1m30s`: zero parts are left out, as in the server's warnings. */
export function shortDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const parts: string[] = [];
  if (seconds >= 3600) parts.push(`${String(Math.floor(seconds / 3600))}h`);
  if (seconds % 3600 >= 60) parts.push(`${String(Math.floor((seconds % 3600) / 60))}m`);
  if (seconds % 60 > 0 || parts.length === 0) parts.push(`${String(seconds % 60)}s`);
  return parts.join('');
}

/** Whole seconds of milliseconds, rounded down; never below zero. */
export function wholeSeconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1000));
}
