// Opens the log of a process as the configuration says: to the terminal stream and, if set, to a file.
import type { LogConfig } from '../contracts/agent-config.js';
import { systemClock } from '../kernel/clock.js';
import { LogFile } from '../telemetry/log-file.js';
import { createLogging, type Logging } from '../telemetry/logger.js';
import type { Terminal } from './terminal.js';

/** The open log. */
export interface OpenLog {
  readonly root: Logging;
  close(): void;
}

/** Throws HOST_LOG_FILE when the file cannot be opened. `toOut` sends lines to standard output instead of standard error. */
export function openLog(config: LogConfig, terminal: Terminal, toOut: boolean): OpenLog {
  const clock = systemClock();
  const now = (): number => clock.now();
  const stream = {
    write: (line: string) => (toOut ? terminal.out(line) : terminal.err(line)),
    colour: toOut ? terminal.outIsTerminal : terminal.errIsTerminal,
  };
  const file =
    config.file === ''
      ? undefined
      : new LogFile({
          path: config.file,
          rotateBytes: config.rotateBytes,
          rotateDurationMs: config.rotateDurationMs,
          maxFiles: config.rotateMaxFiles,
          now,
        });
  const root = createLogging({
    level: config.level,
    format: config.format,
    targets: file === undefined ? [stream] : [stream, file],
    now,
  });
  return { root, close: () => file?.close() };
}
