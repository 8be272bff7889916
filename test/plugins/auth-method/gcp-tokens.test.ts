// gcp's access tokens by each kind of credential, federation and impersonation, and what the doubles refuse.
import { rm } from 'node:fs/promises';
import { expect } from 'chai';
import { Secret } from '../../../core/sdk/index.js';
import { parseCredential } from '../../../plugins/auth-method/gcp/parse-credential.js';
import { SCOPE } from '../../../plugins/auth-method/gcp/token-endpoint.js';
import { htmlPage } from '../../doubles/azure-http.js';
import { issuerKeys, rs256 } from '../../doubles/entra-tokens.js';
import { GoogleDouble } from '../../doubles/gcp.js';
import { APP, OTHER, MACHINE, LOGIN, gcpStage } from './gcp-stage.js';

describe('auth method gcp: access tokens', () => {
  const stage = gcpStage();
  const { make, prepare, claimsOf, thrown, failure, plant, key, write, nowS } = stage;

  describe('type iam: access tokens (auth-wire 6.3, step 2)', () => {
    it('metadata: the account of the machine signs for itself; default asks for its name', async () => {
      const plan = await prepare();
      expect(claimsOf(plan)).to.include({ sub: MACHINE });
      expect(stage.metadata.http.asked.map(({ url }) => url.pathname.split('/').pop())).to.deep.equal([
        'email',
        'token',
      ]);
      expect(plan.trail?.at(-1)).to.deep.equal({
        source: 'metadata server',
        outcome: `metadata; signed by Google as ${MACHINE}`,
      });
    });

    it('metadata: what is no e-mail address is not taken', async () => {
      stage.metadata.http.trouble({ status: 200, body: 'nobody', headers: { 'Metadata-Flavor': 'Google' } });
      expect(await failure()).to.include({ code: 'SERVICE_BAD_ANSWER' });
    });

    it('service_account: an unknown key and a clock that differs are told with what Google said', async () => {
      const settings = { credentials: key(), local_signing: 'never' };
      stage.google.accounts.get(APP)?.certificates.clear();
      const error = await failure(settings);
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(error.message)
        .to.contain('credentials: ')
        .and.contain(`the key of ${APP}`)
        .and.contain('Invalid JWT Signature');
      const skewed = { credentials: key(), local_signing: 'never' };
      stage.fakes.clock.jump(7_200_000);
      const early = new GoogleDouble(() => stage.fakes.clock.now() - 7_200_000);
      const text = JSON.parse(skewed.credentials) as Record<string, string>;
      await early.http.open();
      early.account(APP).certificates.set(text['private_key_id'] ?? '', stage.pair.cert);
      const moved = JSON.stringify({ ...text, token_uri: `${early.http.url}/token` });
      expect((await failure({ credentials: moved, local_signing: 'never' })).hint).to.contain('clock');
      await early.http.close();
    });

    const user = (more: object = {}): string =>
      JSON.stringify({
        type: 'authorized_user',
        client_id: 'gcloud',
        client_secret: plant('planted-client-secret'),
        refresh_token: plant('planted-refresh-token'),
        token_uri: `${stage.google.http.url}/token`,
        ...more,
      });

    it('authorized_user: signs for the account of the settings, and needs one', async () => {
      stage.google.users.set('planted-refresh-token', {
        clientId: 'gcloud',
        clientSecret: 'planted-client-secret',
        email: 'anna',
      });
      stage.google.accounts.get(APP)?.trusted.add('anna');
      expect(claimsOf(await prepare({ credentials: user(), service_account: APP }))).to.include({ sub: APP });
      const error = await failure({ credentials: user() });
      expect(error.message).to.contain('authorized_user does not name a service account');
      expect(error.hint).to.contain('set service_account');
    });

    it('authorized_user: a login that has expired, and another client', async () => {
      const error = await failure({ credentials: user(), service_account: APP });
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(error.message).to.contain('expired or revoked');
      expect(error.hint).to.contain('gcloud auth application-default login');
      stage.google.users.set('planted-refresh-token', { clientId: 'gcloud', clientSecret: 'another', email: 'anna' });
      expect((await failure({ credentials: user(), service_account: APP })).message)
        .to.contain('401')
        .and.contain('invalid_client');
    });

    const echoes = [
      'planted-refresh-token',
      'planted-client-secret',
      encodeURIComponent('planted-client-secret'),
      Buffer.from('planted-refresh-token').toString('base64'),
      Buffer.from('planted-refresh-token').toString('hex'),
    ];
    for (const echo of echoes) {
      it(`does not show a secret when a refusal repeats it as ${echo} (5.4)`, async () => {
        stage.google.http.trouble({ status: 400, body: `you sent ${echo}` });
        expect((await failure({ credentials: user(), service_account: APP })).message).to.contain('you sent [secret]');
      });
    }

    const troubles: readonly [string, Parameters<GoogleDouble['http']['trouble']>[0]][] = [
      ['503', htmlPage(503)],
      ['429', { status: 429, body: '' }],
      ['HTML', htmlPage(200)],
      ['no token', { status: 200, body: { expires_in: 1 } }],
      ['a token with a line break', { status: 200, body: { access_token: 'a\r\nX: y' } }],
    ];
    for (const [title, trouble] of troubles) {
      it(`a token endpoint that answers ${title} is no fault of the credential`, async () => {
        stage.google.http.trouble(trouble);
        expect(await failure({ credentials: key(), local_signing: 'never' })).to.include({
          code: 'SERVICE_BAD_ANSWER',
          act: 'wait',
        });
      });
    }

    it('a token endpoint that does not answer is given ten seconds', async () => {
      stage.google.http.trouble('silence');
      const work = failure({ credentials: key(), local_signing: 'never' });
      while (stage.google.http.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
      await stage.fakes.clock.advance(10_000);
      expect(await work).to.include({ code: 'SERVICE_TIMEOUT', act: 'wait' });
    });
  });

  describe('type iam: federation and impersonation (auth-wire 6.3, step 2)', () => {
    const AUDIENCE = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q';
    const issuer = issuerKeys();
    const subject = (exp = nowS() + 600): string => plant(rs256({ sub: 'web', exp }, issuer.privateKey));
    const impersonate = (email: string): string =>
      `${stage.google.http.url}/v1/projects/-/serviceAccounts/${email}:generateAccessToken`;
    const external = (source: object, more: object = {}): string =>
      JSON.stringify({
        type: 'external_account',
        audience: AUDIENCE,
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${stage.google.http.url}/v1/token`,
        credential_source: source,
        service_account_impersonation_url: impersonate(APP),
        ...more,
      });
    beforeEach(() => {
      stage.google.providers.set(AUDIENCE, issuer.publicKey);
      stage.google.accounts.get(APP)?.trusted.add('principal://web');
    });

    it('external_account: a token from a file, exchanged, then used in the name of the account', async () => {
      const file = await write('token', `${subject()}\n`);
      const plan = await prepare({ credentials: external({ file }) });
      expect(claimsOf(plan)).to.include({ sub: APP });
      expect(stage.google.http.asked.map(({ url }) => url.pathname.split(/[/:]/).pop())).to.deep.equal([
        'token',
        'generateAccessToken',
        'signJwt',
      ]);
    });

    it('external_account: without impersonation it signs for the account of the settings', async () => {
      const file = await write('token', subject());
      const text = external({ file }, { service_account_impersonation_url: undefined });
      expect(claimsOf(await prepare({ credentials: text, service_account: APP }))).to.include({ sub: APP });
      expect((await failure({ credentials: text })).hint).to.contain('set service_account');
    });

    it('external_account: a member of a JSON file, read again for each login', async () => {
      const format = { type: 'json', subject_token_field_name: 'id_token' };
      const file = await write('token', JSON.stringify({ id_token: subject(nowS() - 1) }));
      const method = await make({ credentials: external({ file, format }) });
      const error = await thrown(method.prepare(LOGIN));
      expect(error.message).to.contain('the token of the credential_source').and.contain('stale');
      expect(error.hint).to.contain('expired');
      await write('token', JSON.stringify({ id_token: subject() }));
      expect(claimsOf(await method.prepare(LOGIN))).to.include({ sub: APP });
      await write('token', '{"other":1}');
      expect(await thrown(method.prepare(LOGIN))).to.include({ code: 'AUTH_CREDENTIAL_INVALID', at: file });
      await rm(file);
      expect(await thrown(method.prepare(LOGIN))).to.include({ code: 'AUTH_CREDENTIAL_MISSING', at: file });
    });

    it('external_account: a token from an address, as text or a member, with its headers', async () => {
      const url = `${stage.metadata.http.url}/subject`;
      const headers = { 'Metadata-Flavor': 'Google', Authorization: plant('planted-bearer-of-the-source') };
      stage.metadata.http.trouble({ status: 200, body: `${subject()}\n` });
      expect(claimsOf(await prepare({ credentials: external({ url, headers }) }))).to.include({ sub: APP });
      expect(stage.metadata.http.asked[0]?.headers).to.include({ authorization: 'planted-bearer-of-the-source' });
      const format = { type: 'json', subject_token_field_name: 'value' };
      stage.metadata.http.trouble({ status: 200, body: { value: subject() } });
      expect(claimsOf(await prepare({ credentials: external({ url, format }) }))).to.include({ sub: APP });
      for (const body of ['', '<html> </html>', { other: 'planted-other-member' }]) {
        stage.metadata.http.trouble({ status: 200, body });
        const field = typeof body === 'string' ? {} : { format };
        expect(await failure({ credentials: external({ url, ...field }) })).to.include({
          code: 'SERVICE_BAD_ANSWER',
          act: 'wait',
        });
      }
      stage.metadata.http.trouble({ status: 401, body: 'planted-bearer-of-the-source is wrong' });
      expect((await failure({ credentials: external({ url, headers }) })).message)
        .to.contain('credential_source')
        .and.contain('[secret] is wrong');
    });

    const unsupported = [
      { environment_id: 'aws1' },
      { executable: { command: 'x' } },
      { certificate: {} },
      {},
      { url: 'file:///etc/passwd' },
      { url: 'http://x', headers: { 'a b': 'c' } },
    ];
    for (const source of unsupported) {
      it(`external_account: refuses the credential_source ${JSON.stringify(source)}`, async () => {
        expect((await failure({ credentials: external(source) })).message).to.contain('credential_source');
      });
    }

    it('impersonation that is not allowed is told with the role it needs', async () => {
      const file = await write('token', subject());
      const text = external({ file }, { service_account_impersonation_url: impersonate(OTHER) });
      const error = await failure({ credentials: text });
      expect(error.message).to.contain(`impersonation of ${OTHER}`).and.contain('403');
      expect(error.hint).to.contain('Token Creator');
    });

    it('impersonated_service_account: acts for the account of its address', async () => {
      stage.google.accounts.get(OTHER)?.trusted.add(APP);
      const source_credentials = JSON.parse(key()) as object;
      const text = {
        type: 'impersonated_service_account',
        service_account_impersonation_url: impersonate(OTHER),
        source_credentials,
      };
      expect(claimsOf(await prepare({ credentials: JSON.stringify({ ...text, delegates: ['x'] }) }))).to.include({
        sub: OTHER,
      });
      const [, asked] = stage.google.http.asked;
      expect(JSON.parse(asked?.body ?? '{}')).to.deep.equal({
        delegates: ['x'],
        scope: ['https://www.googleapis.com/auth/cloud-platform'],
        lifetime: '3600s',
      });
    });
  });

  it('asks the real services where the credential names no others', () => {
    const user = { type: 'authorized_user', client_id: 'x', client_secret: 'y', refresh_token: 'z' };
    const credential = parseCredential(new Secret(JSON.stringify(user)), 'it');
    expect(credential).to.include({ tokenUri: 'https://oauth2.googleapis.com/token' });
    expect(SCOPE).to.equal('https://www.googleapis.com/auth/cloud-platform');
  });

  it('the doubles refuse what the real services refuse', async () => {
    const statuses: number[] = [];
    const ask = async (url: string, init: RequestInit = {}): Promise<void> =>
      void statuses.push((await fetch(url, init)).status);
    const base = `${stage.metadata.http.url}/computeMetadata/v1/instance/service-accounts/default`;
    await ask(`${base}/email`);
    await ask(`${base}/email`, { headers: { 'Metadata-Flavor': 'Google', 'X-Forwarded-For': '10.0.0.1' } });
    await ask(`${base}/identity`, { headers: { 'Metadata-Flavor': 'Google' } });
    await ask(`${stage.google.http.url}/v1/projects/-/serviceAccounts/${APP}`);
    await ask(`${stage.google.http.url}/v1/projects/-/serviceAccounts/${APP}:signJwt`, { method: 'POST', body: '{}' });
    const late = { payload: JSON.stringify({ exp: nowS() + 13 * 3600 }) };
    const headers = { Authorization: `Bearer ${stage.google.issue(APP)}` };
    await ask(`${stage.google.http.url}/v1/projects/-/serviceAccounts/${APP}:signJwt`, {
      method: 'POST',
      body: JSON.stringify(late),
      headers,
    });
    stage.fakes.clock.jump(3_700_000);
    await ask(`${stage.google.http.url}/v1/projects/-/serviceAccounts/${APP}:signJwt`, {
      method: 'POST',
      body: JSON.stringify(late),
      headers,
    });
    expect(statuses).to.deep.equal([403, 403, 400, 401, 401, 400, 401]);
  });
});
