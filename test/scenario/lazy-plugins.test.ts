// An agent loads the plugins that its configuration names, and no others (issue 5, done when 4).
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { BUNDLED } from './cli.js';
import { fileSink, onRig } from './rig.js';

interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

/** Plugins whose modules a process has loaded, as `kind/name`, by what the engine says it ran. */
function loaded(folder: string): string[] {
  const urls = readdirSync(folder).flatMap((file) =>
    (JSON.parse(readFileSync(join(folder, file), 'utf8')) as Coverage).result.map(({ url }) => url),
  );
  const names = urls.flatMap((url) => /\/plugins\/([^/]+\/[^/]+)\/index\.js$/.exec(url)?.[1] ?? []);
  return [...new Set(names)].sort();
}

describe('scenario: lazy plugins', function () {
  this.timeout(40_000);

  for (const [what, main] of [
    ['compiled file by file', undefined],
    ['as shipped', BUNDLED],
  ] as const)
    it(`an agent with approle and a file sink loads no other method and no other sink (${what})`, () =>
      onRig({}, async (rig) => {
        const { method } = await rig.approle('app');
        const folder = rig.path('coverage');
        mkdirSync(folder);
        const config = rig.config(`exit_after_auth = true\nauto_auth {\n${method}${fileSink(rig.path('token'))}}\n`);
        const options = { env: { NODE_V8_COVERAGE: folder }, ...(main !== undefined && { main }) };
        expect(await rig.command(['agent', `-config=${config}`], options).code()).to.equal(0);
        expect(loaded(folder)).to.deep.equal(['auth-method/approle', 'sink/file']);
      }));
});
