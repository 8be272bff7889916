import https from 'node:https';
import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { createCert } from '../../../../core/dev-server/auth/cert.js';
import { pemCertificates, readCertificate } from '../../../../core/dev-server/auth/client-certificate.js';
import { elementsOf, extensionsOf, oidText } from '../../../../core/dev-server/auth/der.js';
import { isFault } from '../../../../core/dev-server/backend.js';
import type { AuthOrder, Backend, BackendRequest, Fields, Mount } from '../../../../core/dev-server/backend.js';
import { createDevServer } from '../../../../core/dev-server/server.js';
import { makeCertificate } from '../../../../core/sdk/testing/certificates.js';
import { VirtualClock } from '../../../../core/sdk/testing/virtual-clock.js';
import { BELOW, CA, CLIENT, INTER, SERVER } from './certificates.js';

const ders = (...pems: string[]): Uint8Array[] => pems.flatMap(pemCertificates);

describe('dev-server/auth/cert', () => {
  let clock: VirtualClock;
  let backend: Backend;

  const request = (path: string, body: Fields, certificates: readonly Uint8Array[]): BackendRequest => ({
    operation: 'write',
    method: 'POST',
    path,
    body,
    query: new URLSearchParams(),
    header: () => undefined,
    rawHeaders: [],
    token: undefined,
    certificates,
    remoteAddress: '127.0.0.1',
    namespace: '',
  });
  const set = (name: string, body: Fields) => backend.handle(request(`certs/${name}`, body, []));
  const login = async (certificates: readonly Uint8Array[], body: Fields = {}): Promise<AuthOrder> => {
    const reply = await backend.handle(request('login', body, certificates));
    if (reply?.auth === undefined) throw new Error('no token');
    return reply.auth;
  };
  const refusal = async (work: () => unknown): Promise<{ status: number; errors: readonly string[] }> => {
    try {
      await work();
    } catch (error) {
      if (isFault(error)) return error.fault;
      throw error;
    }
    return expect.fail('was accepted');
  };

  beforeEach(() => {
    clock = new VirtualClock(Date.UTC(2030, 0, 1));
    backend = createCert({ clock } as unknown as Mount);
  });

  it('logs a client of a trusted authority in, with the names of its certificate', async () => {
    await set('App', { certificate: CA, token_policies: 'web', display_name: 'shop' });
    const order = await login(ders(CLIENT));
    const x509 = new X509Certificate(CLIENT);
    expect(order).include({ displayName: 'shop', alias: 'app.example' });
    expect(order.policies).deep.equal(['web']);
    expect(order.metadata).deep.equal({
      authority_key_id: readCertificate(ders(CLIENT)[0] as Uint8Array).authorityKeyId,
      cert_name: 'app',
      common_name: 'app.example',
      serial_number: BigInt(`0x${x509.serialNumber}`).toString(),
      subject_key_id: readCertificate(ders(CLIENT)[0] as Uint8Array).subjectKeyId,
    });
  });

  it('refuses no certificate, a stranger, a server certificate and an expired one', async () => {
    await set('app', { certificate: CA });
    expect(await refusal(() => login([]))).deep.equal({ status: 400, errors: ['client certificate must be supplied'] });
    const invalid = { status: 400, errors: ['invalid certificate or no client certificate supplied'] };
    const stranger = makeCertificate({ name: 'app.example' }).cert;
    expect(await refusal(() => login(ders(stranger)))).deep.equal(invalid);
    expect(await refusal(() => login(ders(SERVER)))).deep.equal(invalid);
    expect(await refusal(() => login([Buffer.from('no certificate')]))).deep.equal(invalid);
    await clock.advance(17 * 366 * 86_400_000);
    expect(await refusal(() => login(ders(CLIENT)))).deep.equal(invalid);
  });

  it('refuses a certificate that names the authority but was not signed by it', async () => {
    const authority = makeCertificate({ name: 'same name', authority: true });
    const forger = makeCertificate({ name: 'same name', authority: true });
    await set('app', { certificate: authority.cert });
    const good = makeCertificate({ name: 'app', issuer: authority });
    const forged = makeCertificate({ name: 'app', issuer: forger });
    expect((await login(ders(good.cert))).alias).equal('app');
    expect((await refusal(() => login(ders(forged.cert)))).status).equal(400);
    expect((await refusal(() => login(ders(forged.cert, forger.cert)))).status).equal(400);
  });

  it('does not let a client certificate sign others', async () => {
    const authority = makeCertificate({ name: 'ca', authority: true });
    const client = makeCertificate({ name: 'client', issuer: authority });
    const child = makeCertificate({ name: 'child', issuer: client });
    await set('app', { certificate: authority.cert });
    expect((await refusal(() => login(ders(child.cert, client.cert)))).status).equal(400);
  });

  it('climbs over presented intermediates', async () => {
    await set('app', { certificate: CA });
    expect((await refusal(() => login(ders(BELOW)))).status).equal(400);
    expect((await login(ders(BELOW, INTER))).alias).equal('below.example');
  });

  it('trusts a leaf itself, and nothing beside it', async () => {
    await set('app', { certificate: CLIENT });
    expect((await login(ders(CLIENT))).alias).equal('app.example');
    expect((await refusal(() => login(ders(BELOW, INTER)))).status).equal(400);
  });

  const bounds: readonly (readonly [Fields, boolean])[] = [
    [{ allowed_names: '*.example' }, true],
    [{ allowed_names: 'a@b.example' }, true],
    [{ allowed_names: 'example' }, false],
    [{ allowed_common_names: 'app.example' }, true],
    [{ allowed_common_names: 'b.example' }, false],
    [{ allowed_dns_sans: 'b.*' }, true],
    [{ allowed_dns_sans: 'c.*' }, false],
    [{ allowed_email_sans: '*@b.example' }, true],
    [{ allowed_email_sans: '*@c.example' }, false],
    [{ allowed_uri_sans: 'spiffe://x/*' }, true],
    [{ allowed_uri_sans: 'spiffe://y/*' }, false],
    [{ allowed_organizational_units: 'web' }, true],
    [{ allowed_organizational_units: 'bank' }, false],
    [{ required_extensions: '1.2.3.4.5:bl*' }, true],
    [{ required_extensions: '1.2.3.4.5:red' }, false],
    [{ required_extensions: 'hex:1.2.3.4.5:0c04*' }, true],
    [{ required_extensions: '9.9.9:*' }, false],
    [{ allowed_names: '*', allowed_dns_sans: 'c.*' }, false],
  ];
  for (const [body, fits] of bounds) {
    it(`${fits ? 'lets in' : 'refuses'} the client under ${JSON.stringify(body)}`, async () => {
      await set('app', { certificate: CA, ...body });
      if (fits) return void expect((await login(ders(CLIENT))).alias).equal('app.example');
      const text = 'no chain matching all constraints could be found for this login certificate';
      expect(await refusal(() => login(ders(CLIENT)))).deep.equal({ status: 400, errors: [text] });
    });
  }

  it('tries only the named entry, and the first that fits otherwise', async () => {
    await set('one', { certificate: CA, allowed_names: 'other', token_policies: 'one' });
    await set('two', { certificate: CA, allowed_metadata_extensions: '1.2.3.4.5', token_policies: 'two' });
    expect((await login(ders(CLIENT))).policies).deep.equal(['two']);
    expect((await login(ders(CLIENT))).metadata).include({ '1-2-3-4-5': 'blue' });
    expect((await refusal(() => login(ders(CLIENT), { name: 'one' }))).status).equal(400);
    expect((await refusal(() => login(ders(CLIENT), { name: 'three' }))).status).equal(400);
  });

  it('refuses entries without a usable certificate', async () => {
    expect((await refusal(() => set('x', { certificate: 'hello' }))).errors[0]).equal('failed to parse certificate');
    expect((await refusal(() => set('x', { certificate: SERVER }))).errors[0]).contain('extended key usage');
  });

  it('binds renewals to the certificate of the login: another is a 500, none a 400, unless binding is off', async () => {
    const authority = makeCertificate({ name: 'ca', authority: true });
    const first = makeCertificate({ name: 'app', issuer: authority });
    const second = makeCertificate({ name: 'app', issuer: authority });
    await set('app', { certificate: authority.cert, token_ttl: '5m' });
    const { internal = {} } = await login(ders(first.cert));
    const renew = (...pems: string[]) =>
      backend.renewAuth?.({
        internal,
        metadata: undefined,
        policies: ['default'],
        request: request('', {}, ders(...pems)),
      });
    expect(await renew(first.cert)).include({ ttlMs: 300_000 });
    const other = await refusal(() => renew(second.cert));
    expect(other.status).equal(500);
    expect(other.errors.join())
      .not.contain('BEGIN')
      .and.not.match(/[0-9a-f]{32}/);
    expect(await refusal(() => renew())).deep.equal({ status: 400, errors: ['no client certificate found'] });
    await backend.handle(request('config', { disable_binding: true }, []));
    expect(await renew()).include({ ttlMs: 300_000 });
  });

  it('sees the certificate of a real TLS connection', async () => {
    const authority = makeCertificate({ name: 'ca', authority: true });
    const own = makeCertificate({ name: 'server', issuer: authority });
    const client = makeCertificate({ name: 'app', issuer: authority });
    const tls = { cert: own.cert, key: own.key, requestCert: true, rejectUnauthorized: false };
    const server = createDevServer({ rootToken: 'root', clock, tls });
    const { url } = await server.listen('127.0.0.1', 0);
    try {
      await server.call('POST', 'sys/auth/cert', { body: { type: 'cert' } });
      await server.call('POST', 'auth/cert/certs/app', { body: { certificate: authority.cert } });
      const post = (more: object) =>
        new Promise<number>((resolve, reject) => {
          const options = { method: 'POST', ca: authority.cert, agent: false, ...more };
          const call = https.request(`${url}/v1/auth/cert/login`, options, (answer) => {
            answer.resume();
            resolve(answer.statusCode ?? 0);
          });
          call.on('error', reject).end('{}');
        });
      expect(await post({ cert: client.cert, key: client.key })).equal(200);
      expect(await post({})).equal(400);
    } finally {
      await server.close();
    }
  });
});

describe('dev-server/auth/der', () => {
  it('reads names and identifiers of a certificate', () => {
    const [client] = ders(CLIENT).map(readCertificate);
    expect(client).deep.include({
      commonName: 'app.example',
      units: ['shop', 'web'],
      dnsNames: ['app.example', 'b.example'],
      emails: ['a@b.example'],
      uris: ['spiffe://x/app'],
      forClients: true,
    });
    expect(client?.subjectKeyId).match(/^30:f6:7b:(..:){16}9b$/);
    expect(client?.authorityKeyId).match(/^24:7e:ff:(..:){16}b4$/);
  });

  it('gives nothing for broken bytes and never fails', () => {
    const [whole] = ders(CLIENT);
    for (let length = 0; length < (whole?.length ?? 0); length += 7) {
      expect(() => extensionsOf((whole as Uint8Array).subarray(0, length))).not.throw();
    }
    expect(elementsOf(Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 1]))).deep.equal([]);
    expect(oidText(Buffer.from([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]))).equal('1.2.840.113549');
    expect(oidText(Buffer.from([0x88, 0x37]))).equal('2.999');
  });
});
