// What the host system wants to know: the pid file and systemd's readiness protocol.
import { execFile } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { agentError, failureText } from '../sdk/index.js';

/**
 * Writes the process id (spec config 2.5): decimal, no line break, mode 0600. Whoever waits for the file finds it complete. Throws HOST_PID_FILE.
 */
export function writePidFile(path: string, pid: number): void {
  const half = `${path}.${pid}`;
  try {
    // made anew: in a folder that others may write to, something of theirs may lie there
    rmSync(half, { force: true });
    writeFileSync(half, String(pid), { mode: 0o600, flag: 'wx' });
    renameSync(half, path);
  } catch (cause) {
    rmSync(half, { force: true });
    throw agentError('HOST_PID_FILE', { path, why: failureText(cause) }, { cause });
  }
}

/** Proves before anything is started that the pid file can be written; creates nothing. Throws HOST_PID_FILE. */
export function checkPidFile(path: string): void {
  try {
    if (existsSync(path)) closeSync(openSync(path, 'r+'));
    accessSync(dirname(resolve(path)), constants.W_OK);
  } catch (cause) {
    throw agentError('HOST_PID_FILE', { path, why: failureText(cause) }, { cause });
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
