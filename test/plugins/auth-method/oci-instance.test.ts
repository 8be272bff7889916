// oci as an instance: its certificate for a session token, how long that is used, and what each failure of the two services says.
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { describeError, type AgentError, type AuthMethod } from '../../../core/sdk/index.js';
import { makeFakes, type Fakes } from '../../../core/sdk/testing/index.js';
import { htmlPage, type Trouble } from '../../doubles/azure-http.js';
import { OciIdentity } from '../../doubles/oci-identity.js';
import { OCI_TENANCY, OciMetadata, ociInstance, ociRoot } from '../../doubles/oci-metadata.js';
import { until } from '../../scenario/until.js';
import { LOGIN, failureOf, headersOf, keyIdOf, makeOci } from './oci-rig.js';

describe('auth method oci: instance', function () {
  this.timeout(20_000);
  let fakes: Fakes;
  let identity: OciIdentity;
  let metadata: OciMetadata;
  beforeEach(async () => {
    fakes = makeFakes(Date.UTC(2026, 2, 1));
    identity = new OciIdentity(fakes.clock);
    identity.trust = { root: ociRoot().cert, groups: ['ocid1.dynamicgroup.a'] };
    metadata = new OciMetadata();
    await Promise.all([identity.open(), metadata.open()]);
    fakes.env.set('OCI_METADATA_BASE_URL', metadata.url);
    fakes.env.set('OCI_SDK_AUTH_CLIENT_REGION_URL', identity.url);
  });
  afterEach(() => Promise.all([identity.close(), metadata.close()]));

  const principal = (): Promise<AuthMethod> => makeOci(fakes, { type: 'instance' });
  const refusedBy = (method: AuthMethod): Promise<AgentError> => failureOf(method, fakes, [metadata.instance.key]);
  const turn = (isThere: () => boolean): Promise<unknown> => until(String(isThere), isThere);

  it('exchanges the certificate for a token of its own key, and signs with that key (auth-wire 9.3, 5.5)', async () => {
    const method = await principal();
    const keyId = await keyIdOf(method);
    expect(keyId).to.match(/^ST\$[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(identity.callers.get(keyId)).to.include({ tenancy: OCI_TENANCY, type: 'instance' });
    expect(metadata.asked.map(({ url }) => url.pathname)).to.deep.equal([
      '/opc/v2/instance/region',
      '/opc/v2/identity/cert.pem',
      '/opc/v2/identity/key.pem',
      '/opc/v2/identity/intermediate.pem',
    ]);
    const url = `${identity.url}/v1/authentication/authenticateClient`;
    const requestHeaders = headersOf(await method.prepare(LOGIN));
    expect((await fetch(url, { method: 'POST', body: JSON.stringify({ requestHeaders }) })).status).to.equal(200);
    expect((await method.prepare(LOGIN)).trail).to.deep.equal([
      { source: `instance metadata ${metadata.url}`, outcome: 'session is still good' },
      { source: `auth service ${identity.url}`, outcome: 'session is still good' },
    ]);
  });

  it('sends armourless certificates and a public key, none of its private keys (auth-wire 9.3)', async () => {
    await keyIdOf(await principal());
    const sent = identity.asked[0];
    const body = JSON.parse(sent?.body ?? '{}') as Record<string, string>;
    expect(Object.keys(body)).to.deep.equal([
      'certificate',
      'publicKey',
      'intermediateCertificates',
      'fingerprintAlgorithm',
    ]);
    expect(body['certificate']).to.match(/^[A-Za-z0-9+/]+=*$/);
    expect(body['fingerprintAlgorithm']).to.equal('SHA256');
    expect(sent?.headers['x-content-sha256']).to.equal(
      createHash('sha256')
        .update(sent?.body ?? '')
        .digest('base64'),
    );
  });

  it('asks again five minutes before the end of the token, with the certificate of then (auth-wire 9.3)', async () => {
    const method = await principal();
    const first = await keyIdOf(method);
    await fakes.clock.advance(identity.tokenMs - 301_000);
    expect(await keyIdOf(method)).to.equal(first);
    metadata.instance = ociInstance('instance-1b');
    await fakes.clock.advance(1_000);
    expect(await keyIdOf(method)).to.not.equal(first);
    expect(identity.count('/v1/x509')).to.equal(2);
  });

  it('uses a token that is still good while the services are away, and none that has ended', async () => {
    const method = await principal();
    const first = await keyIdOf(method);
    await fakes.clock.advance(identity.tokenMs - 60_000);
    metadata.trouble({ status: 500, body: 'x' });
    expect(await keyIdOf(method)).to.equal(first);
    expect(fakes.log.lines.map(({ level }) => level)).to.deep.equal(['warn']);
    await fakes.clock.advance(61_000);
    metadata.trouble({ status: 500, body: 'x' });
    expect(await refusedBy(method)).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
  });

  it('refuses an instance that has another tenancy all of a sudden (auth-wire 9.3)', async () => {
    const method = await principal();
    await keyIdOf(method);
    await fakes.clock.advance(identity.tokenMs);
    metadata.instance = ociInstance('instance-1', ['opc-tenant:ocid1.tenancy.oc1..other']);
    expect((await refusedBy(method)).message)
      .to.contain('the tenancy changed')
      .and.contain('ocid1.tenancy.oc1..other');
  });

  it('tells of a new token when it had to ask for one', async () => {
    const method = await principal();
    const first = await keyIdOf(method);
    const stop = new AbortController();
    const changes = method.changes?.(stop.signal)[Symbol.asyncIterator]();
    let yielded = false;
    const next = changes?.next().then(() => (yielded = true));
    for (let minutes = 0; minutes < 14; minutes++) await fakes.clock.advance(60_000);
    expect([yielded, identity.count('/v1/x509')]).to.deep.equal([false, 1]);
    await fakes.clock.advance(60_000);
    await turn(() => yielded);
    await next;
    expect(await keyIdOf(method)).to.not.equal(first);
    stop.abort();
    expect(await changes?.next()).to.include({ done: true });
  });

  it('fails at once where there is no metadata service, and says what that means (5 bad input)', async () => {
    fakes.env.set('OCI_METADATA_BASE_URL', 'http://127.0.0.1:1/opc/v2');
    const error = await refusedBy(await principal());
    expect(error).to.include({ code: 'SERVICE_UNREACHABLE', act: 'wait' });
    expect(describeError(error))
      .to.contain('http://127.0.0.1:1/opc/v2/instance/region')
      .and.contain('is this an instance');
  });

  it('fails within two seconds where the metadata service is silent (5.5)', async () => {
    metadata.trouble('silence');
    const failed = refusedBy(await principal());
    await turn(() => metadata.asked.length === 1);
    await fakes.clock.advance(2000);
    expect((await failed).message).to.contain('did not answer within 2 s');
    expect(fakes.clock.pending).to.equal(0);
  });

  const ok: Trouble = { status: 200, body: 'phx' };
  const services: readonly [title: string, arrange: () => void, says: string][] = [
    ['region is HTML', () => metadata.trouble(htmlPage(200)), 'it is not the name of a region'],
    [
      'region is a 500',
      () => metadata.trouble({ status: 500, body: 'broken' }),
      'region is not usable: it answered 500: broken',
    ],
    ['region is a redirect', () => metadata.trouble({ status: 302, body: '' }), 'it answered 302'],
    ['certificate is HTML', () => metadata.trouble(ok, htmlPage(200)), 'it is not a PEM certificate'],
    [
      'key is of another certificate',
      () => (metadata.key = ociInstance('instance-2').key),
      'belongs to another certificate',
    ],
    ['key is none', () => (metadata.key = 'text'), 'it is not a PEM private key'],
    [
      'certificate names no tenancy',
      () => (metadata.instance = ociInstance('x', ['opc-certtype:instance'])),
      'names no tenancy',
    ],
    [
      'authority is unknown',
      () => (identity.trust = { root: ociRoot('Another').cert, groups: [] }),
      'The certificate is not trusted',
    ],
    ['clock is wrong', () => (identity.skewMs = 301_000), 'clock skew'],
    ['token is HTML', () => identity.trouble(htmlPage(200)), 'it is not JSON'],
    ['token is not there', () => identity.trouble({ status: 200, body: {} }), 'it has no token'],
    ['token is no JWT', () => identity.trouble({ status: 200, body: { token: 'planted-token' } }), 'no JSON web token'],
    ['token has ended', () => (identity.tokenMs = -1000), 'it expired at'],
    ['auth service is down', () => identity.trouble({ status: 503, body: 'later' }), 'it answered 503: later'],
    ['auth service cuts off', () => identity.trouble('reset'), 'cannot be reached'],
  ];
  for (const [title, arrange, says] of services) {
    it(`says it when the ${title} (5 bad input)`, async () => {
      arrange();
      const error = await refusedBy(await principal());
      expect(error.message).to.contain(says);
      expect(error.message).to.not.contain('planted-token');
      if (title.includes('clock')) expect(error.hint).to.contain('clock');
    });
  }
});
