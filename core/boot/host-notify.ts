// What the host system wants to know: the pid file and systemd's readiness protocol.
import { execFile } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { agentError, failureText } from '../sdk/index.js';

/** Writes the process id (spec config 2.5): decimal, no line break, mode 0600. Throws HOST_PID_FILE. */
export function writePidFile(path: string, pid: number): void {
  try {
    writeFileSync(path, String(pid), { mode: 0o600 });
  } catch (cause) {
    throw agentError('HOST_PID_FILE', { path, why: failureText(cause) }, { cause });
  }
}

/** Proves before anything is started that the pid file can be written; leaves things as they are. Throws HOST_PID_FILE. */
export function checkPidFile(path: string): void {
  const isNew = !existsSync(path);
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch (cause) {
    throw agentError('HOST_PID_FILE', { path, why: failureText(cause) }, { cause });
  }
  if (isNew) rmSync(path, { force: true });
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
