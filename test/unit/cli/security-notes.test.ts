import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openWarning } from '../../../core/cli/commands/dev.js';
import { unwrapToken } from '../../../core/cli/unwrap-token.js';
import { createAgent } from '../../../core/index.js';
import { LogSpy } from '../../../core/sdk/testing/index.js';

describe('what a person is told about risks', () => {
  const addresses: [string, boolean][] = [
    ['http://127.0.0.1:8200', false],
    ['http://localhost:8200', false],
    ['http://[::1]:8200', false],
    ['http://0.0.0.0:8200', true],
    ['http://[::]:8200', true],
    ['http://10.0.0.1:8200', true],
    ['http://127.example:8200', true],
  ];
  for (const [url, want] of addresses) {
    it(`a dev server at ${url}: ${want ? 'a warning' : 'nothing'}`, () => {
      expect(openWarning(url).includes('not a loopback address')).to.equal(want);
    });
  }

  for (const [setting, want] of [
    ['true', 1],
    ['false', 0],
  ] as const) {
    it(`an agent with tls_skip_verify = ${setting}: ${want} warning`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'claviger-skip-'));
      const file = join(folder, 'agent.hcl');
      const listener = 'listener "tcp" {\n  address = "127.0.0.1:0"\n  tls_disable = true\n}\n';
      const vault = `vault {\n  address = "https://127.0.0.1:1"\n  tls_skip_verify = ${setting}\n}\n`;
      writeFileSync(file, `${vault}${listener}api_proxy {}\n`);
      const log = new LogSpy();
      const agent = await createAgent({ config: [file], log: { named: () => log } });
      await agent.start();
      await agent.stop();
      rmSync(folder, { recursive: true });
      expect(log.lines.filter(({ message }) => message.startsWith('tls_skip_verify'))).to.have.lengthOf(want);
    });
  }

  it('a sink file that is cut off is refused without showing a piece of it', async () => {
    const vault = {
      address: 'http://127.0.0.1:1',
      namespace: '',
      caCert: '',
      caPath: '',
      caBytes: '',
      clientCert: '',
      clientKey: '',
      tlsSkipVerify: false,
      tlsServerName: '',
      retries: 0,
      timeoutMs: 1000,
      httpProxy: '',
    };
    const error = await unwrapToken('{"token":"hvs.x" "ttl":1', vault).catch((caught: unknown) => caught);
    expect(String(error)).to.include('it holds no wrapping token').and.not.include('hvs.');
  });
});
