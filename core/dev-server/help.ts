// Answers `?help=1`: what is mounted at a path. The real server prints its documentation; this one says what it is.
import type { Located } from './mounts/mount-table.js';
import { openApi } from './sys/status.js';
import type { Answer } from './wire/answer.js';
import { jsonLine } from './wire/json.js';

/** The help answer of a mount. */
export function helpAnswer(located: Located): Answer {
  const { mount } = located;
  const help = `## DESCRIPTION\n\n${mount.description || mount.type} (${mount.type}, mounted at ${mount.path}), simulated in memory.\n`;
  return { status: 200, contentType: 'application/json', body: jsonLine({ help, openapi: openApi(), see_also: null }) };
}
