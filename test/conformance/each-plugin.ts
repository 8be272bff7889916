// Every built plugin of a kind, so that none can be forgotten.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Kind } from '../../core/sdk/index.js';
import type { SuiteOptions } from '../../core/sdk/testing/index.js';

/**
 * Runs `suite` over each plugin of the kind that lies in the built plugins folder; fails when there is none. `skipped`: plugins that cannot be run on
 * this machine, and why.
 */
export function eachPlugin(
  kind: Kind,
  suite: (options: SuiteOptions) => void,
  skipped: Readonly<Record<string, string>> = {},
): void {
  const folder = new URL(`../../plugins/${kind}/`, import.meta.url);
  const names = existsSync(folder) ? readdirSync(fileURLToPath(folder)).sort() : [];
  describe(`conformance: ${kind}`, () => {
    it('finds plugins of this kind', () => {
      if (names.length === 0) throw new Error(`no ${kind} plugin was found`);
    });
    for (const name of names) {
      const why = skipped[name];
      if (why !== undefined) it.skip(`${name} is skipped: ${why}`);
      else describe(name, () => suite({ test: it, plugin: new URL(`${name}/plugin.json`, folder).href }));
    }
  });
}
