// azure with an application: client secret, client certificate and federated token, from the environment and from files.
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { identity } from '../../doubles/azure.js';
import { htmlPage } from '../../doubles/azure-http.js';
import { rsaCertificate, type RsaCertificate } from '../../doubles/entra-certificate.js';
import { issuerKeys, partsOf, rs256 } from '../../doubles/entra-tokens.js';
import { EntraDouble } from '../../doubles/entra.js';
import { NAMED, RESOURCE, CLIENT, LOGIN, azureStage } from './azure-stage.js';

describe('auth method azure: applications', () => {
  const stage = azureStage();
  const { make, prepare, bodyOf, claimsOf, thrown, failure, fromEnvironment, application, plant } = stage;

  describe('client secret (auth-wire 5.3)', () => {
    const SECRET = 'planted-s3cret/+"%~';
    beforeEach(() => plant(SECRET));

    it('of the environment goes first, and the login does without names where no metadata service is', async () => {
      stage.fakes.env.set('AZURE_POD_IDENTITY_AUTHORITY_HOST', 'http://127.0.0.1:1');
      const plan = await prepare(fromEnvironment({ ...application({ secret: SECRET }), AZURE_CLIENT_SECRET: SECRET }));
      expect(claimsOf(plan)).to.include({ aud: RESOURCE, oid: identity('9').objectId });
      expect(Object.keys(bodyOf(plan))).to.deep.equal(['role', 'jwt']);
      expect(plan.trail?.map(({ source }) => source)).to.deep.equal([
        'client secret (AZURE_CLIENT_SECRET)',
        'names of the machine (instance metadata)',
      ]);
      expect(plan.trail?.[1]?.outcome).to.match(/^left out: .*cannot be reached/);
    });

    it('asks for the scope of the settings', async () => {
      const settings = fromEnvironment({ ...application({ secret: SECRET }), AZURE_CLIENT_SECRET: SECRET });
      expect(claimsOf(await prepare({ ...settings, ...NAMED, scope: 'api://other/.default' }))).to.include({
        aud: 'api://other',
      });
    });

    it('that is wrong is named with what Entra said; the chain ends there', async () => {
      const settings = fromEnvironment({ ...application({ secret: 'right' }), AZURE_CLIENT_SECRET: SECRET });
      const error = await failure(settings);
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(error.message).to.contain('AZURE_CLIENT_SECRET').and.contain('AADSTS7000215').and.contain('401');
      expect(stage.azure.http.asked).to.deep.equal([]);
    });

    const echoes: readonly [string, string][] = [
      ['raw', SECRET],
      ['JSON-escaped', JSON.stringify(SECRET).slice(1, -1)],
      ['URL-escaped', encodeURIComponent(SECRET)],
      ['form-encoded', new URLSearchParams({ x: SECRET }).toString().slice(2)],
      ['base64', Buffer.from(SECRET).toString('base64')],
      ['hex', Buffer.from(SECRET).toString('hex')],
    ];
    for (const [title, echo] of echoes) {
      it(`does not show when a refusal repeats it ${title} (5.4)`, async () => {
        const settings = fromEnvironment({ ...application(), AZURE_CLIENT_SECRET: SECRET });
        stage.entra.http.trouble({ status: 400, body: `you sent ${echo}` });
        expect((await failure(settings)).message).to.contain('you sent [secret]');
      });
    }

    it('comes from a file, read for each login; another one is another credential (5.1)', async () => {
      const file = join(stage.dir, 'secret');
      await writeFile(file, `${SECRET}\n`);
      application({ secret: SECRET });
      const method = await make({
        ...NAMED,
        tenant_id: stage.entra.tenant,
        client_id: CLIENT,
        client_secret_file: file,
      });
      const [one, again] = [await method.prepare(LOGIN), await method.prepare(LOGIN)];
      expect(one.credential?.equals(again.credential)).to.equal(true);
      expect(one.trail?.[0]).to.deep.equal({ source: `client secret (${file})`, outcome: 'gave a token' });
      application({ secret: plant('planted-second-secret') });
      expect((await thrown(method.prepare(LOGIN))).message).to.contain('client_secret_file');
      await writeFile(file, 'planted-second-secret');
      expect((await method.prepare(LOGIN)).credential?.equals(one.credential)).to.equal(false);
    });

    it('yields a change when its file holds another one, also when that happened before anybody listened', async () => {
      const file = join(stage.dir, 'secret');
      await writeFile(file, SECRET);
      application({ secret: SECRET });
      const method = await make({
        ...NAMED,
        tenant_id: stage.entra.tenant,
        client_id: CLIENT,
        client_secret_file: file,
      });
      await method.prepare(LOGIN);
      await writeFile(file, plant('planted-second-secret'));
      const stop = new AbortController();
      const changes = method.changes?.(stop.signal)[Symbol.asyncIterator]();
      expect(await changes?.next()).to.include({ done: false });
      let yielded = false;
      const next = changes?.next().then(() => (yielded = true));
      while (stage.fakes.clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
      for (let turn = 0; !yielded; turn++) {
        await appendFile(file, `-${String(turn)}`);
        await stage.fakes.clock.advance(60_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await next;
      stop.abort();
      expect(await changes?.next()).to.include({ done: true });
    });

    it('of the environment yields no changes', async () => {
      const settings = fromEnvironment({ ...application({ secret: SECRET }), AZURE_CLIENT_SECRET: SECRET });
      const method = await make({ ...settings, ...NAMED });
      await method.prepare(LOGIN);
      expect(await method.changes?.(LOGIN.signal)[Symbol.asyncIterator]().next()).to.include({ done: true });
    });

    for (const missing of ['tenant_id', 'client_id']) {
      it(`in a file needs ${missing}`, async () => {
        const ids = { tenant_id: 't', client_id: 'c', [missing]: undefined };
        expect((await failure({ ...ids, client_secret_file: join(stage.dir, 'x') })).message).to.contain(missing);
      });
    }

    for (const host of ['http://login.example.com', 'ftp://127.0.0.1', 'nonsense']) {
      it(`is not sent to ${host}`, async () => {
        stage.fakes.env.set('AZURE_AUTHORITY_HOST', host);
        const error = await failure(
          fromEnvironment({ ...application({ secret: SECRET }), AZURE_CLIENT_SECRET: SECRET }),
        );
        expect(error.message).to.contain('AZURE_AUTHORITY_HOST').and.contain('https');
      });
    }

    it('is not sent for a tenant that would change the address', async () => {
      const values = { ...application({ secret: SECRET }), AZURE_CLIENT_SECRET: SECRET, AZURE_TENANT_ID: '../x?y' };
      expect((await failure(fromEnvironment(values))).message).to.contain('tenant id');
    });

    it('Entra being down is no fault of the secret', async () => {
      stage.entra.http.trouble(htmlPage(503));
      const error = await failure(fromEnvironment({ ...application({ secret: SECRET }), AZURE_CLIENT_SECRET: SECRET }));
      expect(error).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
    });
  });

  describe('client certificate (auth-wire 5.3)', () => {
    const withFile = async (text: string, more: Record<string, string> = {}): Promise<object> => {
      const path = join(stage.dir, 'app.pem');
      await writeFile(path, text, { mode: 0o600 });
      const values = { ...application({ certificate: stage.certificate.cert }), AZURE_CLIENT_CERTIFICATE_PATH: path };
      return { ...NAMED, ...fromEnvironment({ ...values, ...more }) };
    };
    beforeEach(() => plant(stage.certificate.key.split('\n')[3] ?? ''));

    it('signs an assertion that Entra accepts, a new one for each attempt (5.6)', async () => {
      const method = await make(await withFile(stage.certificate.key + stage.certificate.cert));
      const [one, two] = [await method.prepare(LOGIN), await method.prepare(LOGIN)];
      expect(claimsOf(one)).to.include({ appid: CLIENT });
      expect(one.credential?.equals(two.credential)).to.equal(true);
      const [first, second] = stage.entra.http.asked
        .filter(({ method: verb }) => verb === 'POST')
        .map(({ body }) => partsOf(new URLSearchParams(body).get('client_assertion') ?? ''));
      const now = stage.fakes.clock.now() / 1000;
      expect(first?.header).to.include({ alg: 'PS256', typ: 'JWT' }).and.have.property('x5t#S256').of.length(43);
      expect(first?.claims).to.include({ iss: CLIENT, sub: CLIENT, nbf: now, exp: now + 600 });
      expect(first?.claims['jti']).to.not.equal(second?.claims['jti']);
    });

    it('opens an encrypted key with the password of the environment', async () => {
      const password = plant('planted-passphrase');
      const text = stage.certificate.cert + stage.certificate.sealedKey(password);
      expect(claimsOf(await prepare(await withFile(text, { AZURE_CLIENT_CERTIFICATE_PASSWORD: password })))).to.include(
        { appid: CLIENT },
      );
    });

    it('comes from a file of the settings', async () => {
      await withFile(stage.certificate.cert + stage.certificate.key);
      const plan = await prepare({
        ...NAMED,
        tenant_id: stage.entra.tenant,
        client_id: CLIENT,
        client_certificate_file: join(stage.dir, 'app.pem'),
      });
      expect(claimsOf(plan)).to.include({ appid: CLIENT });
    });

    const other = (): RsaCertificate => rsaCertificate('other');
    const broken: readonly [string, () => string, why: string][] = [
      ['no certificate', () => stage.certificate.key, 'no PEM certificate'],
      ['no key', () => stage.certificate.cert, 'no PEM private key'],
      [
        'a damaged certificate',
        () => stage.certificate.key + stage.certificate.cert.replace(/\n[^-]/, '\n!'),
        'certificate is damaged',
      ],
      [
        'a damaged key',
        () => stage.certificate.cert + stage.certificate.key.replace(/MII/, 'XXX'),
        'private key is damaged',
      ],
      [
        'an encrypted key without a password',
        () => stage.certificate.cert + stage.certificate.sealedKey('x'),
        'AZURE_CLIENT_CERTIFICATE_PASSWORD',
      ],
      ['the key of another certificate', () => stage.certificate.cert + other().key, 'belongs to another certificate'],
      ['binary PKCS#12 in text', () => 'MIIKfAIBAzCC', 'must be converted to PEM'],
    ];
    for (const [title, text, why] of broken) {
      it(`refuses ${title}`, async () => {
        const error = await failure(await withFile(text()));
        expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
        expect(error.message).to.contain('AZURE_CLIENT_CERTIFICATE_PATH').and.contain(why);
      });
    }

    it('says how to convert a PKCS#12 file', async () => {
      const settings = await withFile('');
      await writeFile(join(stage.dir, 'app.pem'), Buffer.from([0x30, 0x82, 0x0a, 0x7c, 0xff, 0xfe]));
      const error = await failure(settings);
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(error.hint).to.contain('openssl pkcs12');
    });

    it('refuses a wrong password without showing it', async () => {
      const text = stage.certificate.cert + stage.certificate.sealedKey('right');
      const settings = await withFile(text, { AZURE_CLIENT_CERTIFICATE_PASSWORD: plant('planted-wrong-password') });
      expect((await failure(settings)).message).to.contain('does not open');
    });

    it('refuses an expired certificate before it is sent', async () => {
      const old = rsaCertificate('old', Date.UTC(2021, 0, 1));
      expect((await failure(await withFile(old.cert + old.key))).message).to.contain('expired on');
      expect(stage.entra.http.asked).to.deep.equal([]);
    });

    it('says what Entra said of a certificate that is not registered, and of clocks that differ', async () => {
      const unknown = other();
      expect((await failure(await withFile(unknown.cert + unknown.key))).message).to.contain('AADSTS700027');
      const settings = await withFile(stage.certificate.cert + stage.certificate.key);
      const method = await make(settings);
      const behind = new EntraDouble(() => stage.fakes.clock.now() + 3_600_000);
      await behind.http.open();
      behind.applications.set(CLIENT, { objectId: 'o', certificate: stage.certificate.cert });
      stage.fakes.env.set('AZURE_AUTHORITY_HOST', behind.http.url);
      expect((await thrown(method.prepare(LOGIN))).message).to.contain('AADSTS700024');
      await behind.http.close();
    });
  });

  describe('federated token (auth-wire 5.3)', () => {
    const issuer = issuerKeys();
    const trust = { key: issuer.publicKey, subject: 'system:serviceaccount:shop:web' };
    const token = (more: object = {}): string => {
      const now = stage.fakes.clock.now() / 1000;
      const claims = { aud: ['api://AzureADTokenExchange'], sub: trust.subject, iat: now, exp: now + 3600, ...more };
      return plant(rs256(claims, issuer.privateKey));
    };
    const withFile = async (text: string): Promise<object> => {
      await writeFile(join(stage.dir, 'token'), text);
      const values = { ...application({ trusted: trust }), AZURE_FEDERATED_TOKEN_FILE: join(stage.dir, 'token') };
      return { ...NAMED, ...fromEnvironment(values) };
    };

    it('follows the environment, and says why that was passed over', async () => {
      const plan = await prepare(await withFile(token()));
      expect(claimsOf(plan)).to.include({ appid: CLIENT });
      expect(plan.trail?.[0]).to.deep.equal({
        source: 'client secret or certificate of the environment',
        outcome: 'AZURE_CLIENT_SECRET and AZURE_CLIENT_CERTIFICATE_PATH are not set',
      });
      expect(plan.trail?.[1]?.source).to.equal(`federated token (${join(stage.dir, 'token')})`);
    });

    it('is read again for each login', async () => {
      const method = await make(await withFile(token({ aud: 'wrong' })));
      expect((await thrown(method.prepare(LOGIN))).message)
        .to.contain('AADSTS700212')
        .and.contain('AZURE_FEDERATED_TOKEN_FILE');
      await writeFile(join(stage.dir, 'token'), token());
      expect(claimsOf(await method.prepare(LOGIN))).to.include({ appid: CLIENT });
    });

    it('that has expired is refused with what Entra said', async () => {
      const settings = await withFile(token({ exp: stage.fakes.clock.now() / 1000 - 1000 }));
      expect((await failure(settings)).message).to.contain('AADSTS700024');
    });

    it('that is missing or empty is named', async () => {
      const settings = await withFile('');
      expect(await failure(settings)).to.include({ code: 'AUTH_CREDENTIAL_EMPTY', at: join(stage.dir, 'token') });
      await rm(join(stage.dir, 'token'));
      const error = await failure(settings);
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_MISSING', act: 'fix-credential' });
      expect(error.hint).to.contain('passed over: client secret or certificate');
    });

    it('comes from a file of the settings and yields no changes, because it is replaced every hour', async () => {
      await withFile(token());
      const method = await make({
        ...NAMED,
        tenant_id: stage.entra.tenant,
        client_id: CLIENT,
        federated_token_file: join(stage.dir, 'token'),
      });
      expect(claimsOf(await method.prepare(LOGIN))).to.include({ appid: CLIENT });
      expect(await method.changes?.(LOGIN.signal)[Symbol.asyncIterator]().next()).to.include({ done: true });
    });
  });
});
