// `claviger auth`: what it refuses before anything is read or sent.
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { headText, sourcesText, tokenText } from '../../../core/cli/trial-text.js';
import { Call } from '../../scenario/terminal.js';

const method = (label: string): string => `auto_auth ${label} {
  method "approle" { config = { role_id_file_path = "/nowhere/role-id" } }
  sink "file" { config = { path = "/nowhere/${label.replaceAll('"', '')}-token" } }
}
`;
const SERVING = 'listener "tcp" { address = "127.0.0.1:0" tls_disable = true }';

describe('claviger auth', () => {
  let folder = '';
  before(() => (folder = mkdtempSync(join(tmpdir(), 'claviger-auth-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...args: string[]) => new Call(['auth', ...args]).ended;
  const config = (text: string): string => {
    const path = join(folder, 'agent.hcl');
    writeFileSync(path, `vault { address = "http://127.0.0.1:1" }\n${text}`);
    return `-config=${path}`;
  };

  it('-help tells the options and is no mistake; no action is one', async () => {
    const help = await run('-help');
    expect([help.code, help.err]).to.deep.equal([0, '']);
    expect(help.out).to.contain('claviger auth test -config=<path>').and.contain('-dry-run').and.contain('-spend');
    expect((await run()).code).to.equal(1);
  });

  const wrong: readonly [string, () => string[], RegExp][] = [
    ['another action', () => ['login'], /unknown action "auth login"/],
    ['no configuration', () => ['test'], /needs -config/],
    ['an unknown option', () => ['test', '-dryrun'], /did you mean -dry-run/],
    ['a format that is none', () => ['test', '-format=xml', config(method(''))], /-format is text or json/],
    ['-spend with -dry-run', () => ['test', '-spend', '-dry-run', config(method(''))], /nothing to spend/],
    ['two identities and none named', () => ['test', config(method('"a"') + method('"b"'))], /There are a, b/],
    ['an identity that is not there', () => ['test', config(method('"a"') + method('"b"')), 'c'], /no auto_auth block named "c"; there are a, b/],
    ['a configuration without logins', () => ['test', config(SERVING)], /no auto_auth block/],
    ['two identities at once', () => ['test', config(method('"a"')), 'a', 'b'], /unexpected argument "b"/],
    ['a broken configuration', () => ['test', config('auto_auth { method "approle" {} }')], /CONFIG_/],
    ['a credential that is missing', () => ['test', config(method(''))], /AUTH_CREDENTIAL_MISSING.*\/nowhere\/role-id/],
  ]; // prettier-ignore
  for (const [what, args, message] of wrong)
    it(`${what}: exit code 1 and one line that says so`, async () => {
      const { code, err } = await run(...args());
      expect(code).to.equal(1);
      expect(err).to.match(message);
      expect(err).to.not.match(/\n\s+at /);
    });

  it('a server that cannot be reached is named', async () => {
    writeFileSync(join(folder, 'id'), 'role');
    const text = method('').replace('/nowhere/role-id', join(folder, 'id'));
    const { code, out, err } = await run('test', config(text));
    expect(code).to.equal(1);
    expect(err).to.match(/^UPSTREAM_UNREACHABLE.*127\.0\.0\.1:1/m);
    expect(out).to.contain(join(folder, 'id'));
  });

  it('what a server or a plugin says cannot move the cursor of a terminal', () => {
    const odd = 'a\u001b[31m\r\nb';
    const token = { policies: [odd], ttl_seconds: 0, accessor: odd, renewable: false, type: 'unknown', entity_id: odd, num_uses: 0 } as const;
    const head = headText({ identity: odd, method: odd, mount: odd, namespace: odd, server: odd });
    const texts = [head, sourcesText([{ source: odd, outcome: odd }]), tokenText(token, true)];
    for (const text of texts) expect(text.includes("\u001b") || text.includes("\r")).to.equal(false);
  }); // prettier-ignore
});
