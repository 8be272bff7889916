// The transit engine of the dev server: what an agent needs of it, with the recorded texts (vectors, scenario transit-pki).
import { expect } from 'chai';
import { createDevServer, type DevServer } from '../../../../core/dev-server/server.js';
import { VirtualClock } from '../../../../core/sdk/testing/virtual-clock.js';

const PLAIN = Buffer.from('hello').toString('base64');

describe('dev server: transit', () => {
  let server: DevServer;
  const call = async (
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: ReturnType<typeof JSON.parse> }> =>
    server.call(method, `transit/${path}`, { body });

  beforeEach(async () => {
    server = createDevServer({ rootToken: 'root', clock: new VirtualClock() });
    await server.call('POST', 'sys/mounts/transit', { body: { type: 'transit' } });
    await call('POST', 'keys/k', {});
  });
  afterEach(() => server.close());

  it('encrypts to a versioned text that only it can read, and decrypts it', async () => {
    const sealed = await call('POST', 'encrypt/k', { plaintext: PLAIN });
    expect(sealed.body.data.ciphertext).to.match(/^vault:v1:/);
    const again = await call('POST', 'encrypt/k', { plaintext: PLAIN });
    expect(again.body.data.ciphertext).not.to.equal(sealed.body.data.ciphertext);
    const opened = await call('PUT', 'decrypt/k', { ciphertext: sealed.body.data.ciphertext });
    expect(opened.body.data).to.deep.equal({ plaintext: PLAIN });
  });

  it('refuses what was tampered with, and what is no ciphertext', async () => {
    const { ciphertext } = (await call('POST', 'encrypt/k', { plaintext: PLAIN })).body.data as { ciphertext: string };
    const bytes = Buffer.from(ciphertext.slice(9), 'base64');
    bytes[20]! ^= 1;
    const bent = await call('POST', 'decrypt/k', { ciphertext: `vault:v1:${bytes.toString('base64')}` });
    expect(bent.status).to.equal(400);
    const garbage = await call('POST', 'decrypt/k', { ciphertext: 'x' });
    expect([garbage.status, garbage.body]).to.deep.equal([400, { errors: ['invalid ciphertext: no prefix'] }]);
  });

  it('still reads old versions after a rotation, and rewraps them to the new one', async () => {
    const { ciphertext } = (await call('POST', 'encrypt/k', { plaintext: PLAIN })).body.data as { ciphertext: string };
    await call('POST', 'keys/k/rotate');
    const rewrapped = (await call('POST', 'rewrap/k', { ciphertext })).body.data as { ciphertext: string };
    expect(rewrapped.ciphertext).to.match(/^vault:v2:/);
    for (const text of [ciphertext, rewrapped.ciphertext])
      expect((await call('POST', 'decrypt/k', { ciphertext: text })).body.data.plaintext).to.equal(PLAIN);
  });
});
