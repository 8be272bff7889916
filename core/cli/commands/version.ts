// `claviger version`
import type { Command } from '../dispatch.js';
import { version } from '../version.js';

/** Prints name, version and runtime. */
export const versionCommand: Command = (_argv, terminal) => {
  terminal.out(`Claviger v${version()} (node ${process.versions.node}, ${process.platform}-${process.arch})\n`);
  return Promise.resolve(0);
};
