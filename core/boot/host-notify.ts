// What the host system wants to know: the pid file and systemd's readiness protocol.
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { agentError } from '../sdk/index.js';

/** Writes the process id (spec config 2.5): decimal, no line break, mode 0600. Throws HOST_PID_FILE. */
export function writePidFile(path: string, pid: number): void {
  try {
    writeFileSync(path, String(pid), { mode: 0o600 });
  } catch (cause) {
    throw agentError('HOST_PID_FILE', { path, why: (cause as NodeJS.ErrnoException).code ?? String(cause) }, { cause });
  }
}

/** Removes the pid file; one that is gone already is fine. */
export function removePidFile(path: string): void {
  rmSync(path, { force: true });
}

/** Tells systemd through its own tool; does nothing where systemd did not start us. Needs `NotifyAccess=all` in the unit. */
export function notifySystemd(env: Readonly<Record<string, string | undefined>>, state: string, pid: number): void {
  const socket = env.NOTIFY_SOCKET;
  if (!socket) return;
  const child = execFile(
    'systemd-notify',
    [`--pid=${pid}`, state],
    { env: { NOTIFY_SOCKET: socket, PATH: env.PATH } },
    () => undefined,
  );
  child.unref();
}
