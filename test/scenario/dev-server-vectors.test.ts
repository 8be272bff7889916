// The dev server against recordings of a real server: every recorded scenario is played and compared, status by status, member by member.
// Left out: `transit-pki` (engines that the dev server does not have). In `errors` the texts of `?help=1` are not compared: they are the other project's
// documentation. `aws` was recorded from Vault, because OpenBao has no such method: there `mount_type`, which Vault adds to every envelope, is not compared.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { startDevServer, type StartedDevServer } from '../../core/dev-server/start.js';
import { systemClock } from '../../core/kernel/clock.js';

const vectors = fileURLToPath(new URL('../golden/vectors', import.meta.url));
const left = new Set(['transit-pki']);
const scenarios = readdirSync(`${vectors}/openbao-2.6.2`)
  .map((file) => file.replace(/\.json$/, ''))
  .filter((name) => !left.has(name));
const ofVault = ['aws'];

function replay(url: string, name: string): Promise<string> {
  const server = ofVault.includes(name) ? ['vault-1.21.0-beta1', '--ignore', 'mount_type'] : ['openbao-2.6.2'];
  const args = [`${vectors}/replay.mjs`, 'check', '--addr', url, '--token', 'root', '--server', ...server, name];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: 25_000 }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

describe('scenario: the dev server answers as recorded', function () {
  this.timeout(30_000);
  let started: StartedDevServer;
  let results: ReadonlyMap<string, Promise<string>>;

  before(async () => {
    started = await startDevServer({ rootToken: 'root', listenAddress: '127.0.0.1:0', clock: systemClock() });
    // All at once: some scenarios wait for real lifetimes to end.
    results = new Map([...scenarios, ...ofVault].map((name) => [name, replay(started.url, name)]));
  });

  after(() => started.close());

  it('finds the recordings', () => expect(scenarios).to.have.length.of.at.least(15));

  for (const name of [...scenarios, ...ofVault]) {
    it(name, async () => expect(await results.get(name)).to.match(/^[1-9]\d* passed, 0 failed\n$/));
  }
});
