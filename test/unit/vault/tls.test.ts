import { expect } from 'chai';
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import type { TLSSocket } from 'node:tls';
import { join } from 'node:path';
import type { VaultConfig } from '../../../core/contracts/agent-config.js';
import { Secret, type AgentError } from '../../../core/sdk/index.js';
import { Authority, textsOf, type Issued } from './certificates.js';
import { client, config, json, upstream, type Upstream } from './rig.js';

describe('vault/transport: TLS', () => {
  let ca: Authority;
  let other: Authority;
  let leaf: Issued;
  let server: Upstream;
  const closing: (() => Promise<unknown>)[] = [];

  before(async () => {
    ca = new Authority();
    other = new Authority('other');
    leaf = ca.issue();
    server = await upstream(json(200, { ok: true }), { tls: textsOf(leaf) });
  });
  after(async () => {
    await server.close();
    ca.remove();
    other.remove();
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  const ask = async (over: Partial<VaultConfig>, to = server): Promise<string> => {
    const made = client(config(to.url, over));
    closing.push(() => made.close());
    try {
      return String((await made.vault('auto-auth').request('GET', 'sys/x')).status);
    } catch (error) {
      return `${(error as AgentError).code}: ${(error as AgentError).message.replace(to.url, 'URL')}`;
    }
  };

  it('trusts ca_cert, the bytes of VAULT_CACERT_BYTES, and a folder of certificates', async () => {
    const folder = join(ca.folder, 'folder');
    mkdirSync(folder);
    copyFileSync(ca.cert, join(folder, 'b.pem'));
    copyFileSync(other.cert, join(folder, 'a.pem'));
    expect(await ask({ caCert: ca.cert })).to.equal('200');
    expect(await ask({ caBytes: readFileSync(ca.cert, 'utf8') })).to.equal('200');
    expect(await ask({ caPath: folder })).to.equal('200');
  });
  it('ca_cert wins over ca_path', async () => {
    expect(await ask({ caCert: other.cert, caPath: join(ca.folder, 'folder') })).to.match(/^UPSTREAM_TLS/);
  });
  it('says that the authority is not trusted', async () => {
    expect(await ask({ caCert: other.cert })).to.match(
      /^UPSTREAM_TLS: TLS to URL failed: .*not signed by a trusted authority/,
    );
  });
  it('tls_skip_verify trusts everything', async () => expect(await ask({ tlsSkipVerify: true })).to.equal('200'));

  it('says that the certificate of the server has expired', async () => {
    const expired = await upstream(json(200, {}), { tls: textsOf(ca.issue({ expired: true })) });
    closing.push(() => expired.close());
    expect(await ask({ caCert: ca.cert }, expired)).to.equal(
      'UPSTREAM_TLS: TLS to URL failed: the certificate of the server has expired',
    );
  });
  it('says that the certificate is for another name, and tls_server_name mends it', async () => {
    const named = await upstream(json(200, {}), { tls: textsOf(ca.issue({ names: 'DNS:vault.internal' })) });
    closing.push(() => named.close());
    expect(await ask({ caCert: ca.cert }, named)).to.match(/UPSTREAM_TLS: .*for another name/);
    expect(await ask({ caCert: ca.cert, tlsServerName: 'vault.internal' }, named)).to.equal('200');
  });
  it('says when the port does not speak TLS, and when it does and http:// was asked for', async () => {
    const plain = await upstream(json(200, {}));
    closing.push(() => plain.close());
    expect(await ask({}, { ...plain, url: plain.url.replace('http:', 'https:') })).to.match(
      /UPSTREAM_TLS: .*does not speak TLS/,
    );
  });

  describe('client certificates', () => {
    let strict: Upstream;
    const peers: string[] = [];
    before(async () => {
      const tls = { ...textsOf(leaf), requestCert: true, rejectUnauthorized: true, ca: readFileSync(ca.cert, 'utf8') };
      strict = await upstream((request, response) => {
        peers.push((request.socket as TLSSocket).getPeerCertificate().fingerprint256);
        json(200, {})(request, response);
      }, { tls }); // prettier-ignore
    });
    after(() => strict.close());

    it('client_cert and client_key are shown', async () => {
      const mine = ca.issue();
      expect(await ask({ caCert: ca.cert, clientCert: mine.cert, clientKey: mine.key }, strict)).to.equal('200');
    });
    it('says that the server wants one', async () => {
      expect(await ask({ caCert: ca.cert }, strict)).to.match(/client certificate|closed the connection|reset/);
    });
    it('a call may bring its own, and each has a connection of its own', async () => {
      const [one, two] = [textsOf(ca.issue()), textsOf(ca.issue())];
      const made = client(config(strict.url, { caCert: ca.cert }));
      closing.push(() => made.close());
      const vault = made.vault('auto-auth');
      peers.length = 0;
      for (const pair of [one, two, one]) {
        await vault.request('PUT', 'auth/cert/login', {
          body: {},
          tls: { cert: pair.cert, key: new Secret(pair.key) },
        });
      }
      expect(peers[0]).to.equal(peers[2]);
      expect(peers[0]).not.to.equal(peers[1]);
    });
  });

  it('reload reads the files again; a broken file throws and changes nothing (R16)', async () => {
    const file = join(ca.folder, 'moving.pem');
    copyFileSync(other.cert, file);
    const made = client(config(server.url, { caCert: file }));
    closing.push(() => made.close());
    const vault = made.vault('auto-auth');
    const code = () =>
      vault.request('GET', 'x').then(
        () => 'ok',
        (error: unknown) => (error as AgentError).code,
      );
    expect(await code()).to.equal('UPSTREAM_TLS');
    copyFileSync(ca.cert, file);
    made.reload();
    expect(await code()).to.equal('ok');
    copyFileSync(leaf.key, file);
    expect(() => made.reload()).to.throw('vault.ca_cert: there is no PEM block "CERTIFICATE" in it');
    expect(await code()).to.equal('ok');
  });

  it('files are read once and not for each request, and requests share their connection (D-44)', async () => {
    const file = join(ca.folder, 'once.pem');
    copyFileSync(ca.cert, file);
    const lone = await upstream(json(200, {}), { tls: textsOf(leaf) });
    closing.push(() => lone.close());
    let connections = 0;
    lone.server.on('secureConnection', () => (connections += 1));
    const made = client(config(lone.url, { caCert: file }));
    closing.unshift(() => made.close());
    rmSync(file);
    const vault = made.vault('auto-auth');
    for (let turn = 0; turn < 5; turn++) expect((await vault.request('GET', 'x')).status).to.equal(200);
    expect(connections).to.be.below(5);
    expect(() => made.reload()).to.throw('once.pem');
  });

  it('an address whose certificate is not trusted is passed over: nothing was sent to it', async () => {
    const stranger = await upstream(json(200, {}), { tls: textsOf(other.issue()) });
    closing.push(() => stranger.close());
    const made = client(config(stranger.url, { caCert: ca.cert, addresses: [stranger.url, server.url] }));
    closing.unshift(() => made.close());
    const token = new Secret('t');
    expect((await made.vault('auto-auth').request('POST', 'auth/x/login', { token })).body).to.deep.equal({ ok: true });
    expect(stranger.seen).to.deep.equal([]);
  });

  const broken: [string, Partial<VaultConfig>, string, RegExp][] = [
    ['only client_cert', { clientCert: '/x' }, 'CONFIG_CONFLICT', /both or neither/],
    ['only client_key', { clientKey: '/x' }, 'CONFIG_CONFLICT', /both or neither/],
    ['a ca_cert that is missing', { caCert: '/nowhere/ca.pem' }, 'CONFIG_FILE_MISSING', /vault.ca_cert: \/nowhere/],
    ['a ca_path that is missing', { caPath: '/nowhere' }, 'CONFIG_FILE_MISSING', /vault.ca_path/],
    ['bytes without a certificate', { caBytes: 'x' }, 'CONFIG_VALUE', /VAULT_CACERT_BYTES/],
    ['an address that is no URL', { address: 'vault:8200' }, 'CONFIG_VALUE', /vault.address/],
    ['an address of another kind', { address: 'ftp://x' }, 'CONFIG_VALUE', /http, https or unix/],
  ];
  for (const [what, over, code, message] of broken) {
    it(`refuses ${what}`, () => {
      expect(() => client(config('https://127.0.0.1:1', over)))
        .to.throw(message)
        .with.property('code', code);
    });
  }
});
