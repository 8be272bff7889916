// azure on machines that Azure Arc manages: the challenge, which key files are believed, and what the doubles refuse.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { arcPlace, arcSource, isKeyFile } from '../../../plugins/auth-method/azure/arc.js';
import { APP_SERVICE, ARC, IMDS_TOKEN } from '../../doubles/azure.js';
import { htmlPage } from '../../doubles/azure-http.js';
import { partsOf, rs256, thumbprint } from '../../doubles/entra-tokens.js';
import { RESOURCE, BASE, CLIENT, LOGIN, azureStage } from './azure-stage.js';

describe('auth method azure: Arc and the doubles', () => {
  const stage = azureStage();
  const { thrown, application } = stage;

  describe('Azure Arc (auth-wire 5.3)', () => {
    const scene = (): Parameters<typeof arcSource>[0] => ({
      settings: BASE,
      env: stage.fakes.env,
      clock: stage.fakes.clock,
      log: stage.fakes.log,
    });
    const fetch = (named?: Parameters<typeof arcSource>[2]) => {
      stage.azure.arcFolder = stage.dir;
      return arcSource(
        scene(),
        { endpoint: `${stage.azure.http.url}${ARC}`, folder: stage.dir },
        named,
        RESOURCE,
      ).fetch(LOGIN.signal);
    };

    it('proves itself with the key file that the challenge names, a fresh one for each login (5.6)', async () => {
      expect(partsOf((await fetch()).jwt.reveal())?.claims).to.include({ aud: RESOURCE });
      await fetch();
      expect(stage.azure.http.asked.map(({ headers }) => headers.authorization === undefined)).to.deep.equal([
        true,
        false,
        true,
        false,
      ]);
    });

    for (const path of [
      '/etc/passwd',
      '/var/opt/azcmagent/tokens/../x.key',
      '/var/opt/azcmagent/tokens/a/b.key',
      '/var/opt/azcmagent/tokens/x',
    ]) {
      it(`does not read ${path} though the answer names it`, async () => {
        expect(isKeyFile(path, '/var/opt/azcmagent/tokens')).to.equal(false);
        stage.azure.http.trouble({ status: 401, body: '', headers: { 'WWW-Authenticate': `Basic realm=${path}` } });
        expect(await thrown(fetch())).to.include({ code: 'SERVICE_BAD_ANSWER' });
        expect(stage.azure.http.asked).to.have.length(1);
      });
    }

    it('knows key files of both systems', () => {
      expect(isKeyFile('/var/opt/azcmagent/tokens/x.key', '/var/opt/azcmagent/tokens')).to.equal(true);
      const folder = 'C:\\ProgramData\\AzureConnectedMachineAgent\\Tokens';
      expect(isKeyFile(`${folder}\\x.key`, folder)).to.equal(true);
      expect(isKeyFile(`${folder}\\..\\x.key`, folder)).to.equal(false);
    });

    it('refuses a key file of more than 4096 bytes and one that is missing, and says which group may read it', async () => {
      const challenge = {
        status: 401,
        body: '',
        headers: { 'WWW-Authenticate': `Basic realm=${join(stage.dir, 'big.key')}` },
      };
      stage.azure.http.trouble(challenge);
      expect(await thrown(fetch())).to.include({
        code: 'AUTH_CREDENTIAL_INVALID',
        hint: 'this user must be in the group himds',
      });
      await writeFile(join(stage.dir, 'big.key'), 'x'.repeat(4097));
      stage.azure.http.trouble(challenge);
      expect((await thrown(fetch())).message).to.contain('larger than 4096 bytes');
    });

    it('an answer without a challenge is not trusted', async () => {
      for (const answer of [
        { status: 200, body: { access_token: stage.entra.issue('x', {}) } },
        { status: 401, body: '' },
        htmlPage(500),
      ]) {
        stage.azure.http.trouble(answer);
        expect((await thrown(fetch())).code).to.equal('SERVICE_BAD_ANSWER');
      }
    });

    it('has no user-assigned identities', async () => {
      expect((await thrown(fetch({ by: 'client', id: 'x' }))).message).to.contain(
        'Azure Arc has only the identity of the machine',
      );
    });

    it('is found by two variables, with the folder of the system', () => {
      expect(arcPlace(stage.fakes.env, 'win32')).to.equal(undefined);
      stage.fakes.env.set('IDENTITY_ENDPOINT', 'http://127.0.0.1:40342/x');
      stage.fakes.env.set('IMDS_ENDPOINT', 'http://127.0.0.1:40342');
      expect(arcPlace(stage.fakes.env, 'linux')).to.deep.equal({
        endpoint: 'http://127.0.0.1:40342/x',
        folder: '/var/opt/azcmagent/tokens',
      });
      stage.fakes.env.set('ProgramData', 'C:\\ProgramData');
      expect(arcPlace(stage.fakes.env, 'win32')?.folder).to.equal(
        'C:\\ProgramData\\AzureConnectedMachineAgent\\Tokens',
      );
    });
  });

  it('the doubles refuse what the real services refuse', async () => {
    const statuses: number[] = [];
    const ask = async (url: string, init: RequestInit = {}): Promise<void> =>
      void statuses.push((await fetch(url, init)).status);
    const imds = `${stage.azure.http.url}${IMDS_TOKEN}?api-version=2018-02-01`;
    const headers = { Metadata: 'true' };
    await ask(`${imds}&resource=x`);
    await ask(`${imds}&resource=x`, { headers: { ...headers, 'X-Forwarded-For': '10.0.0.1' } });
    await ask(imds, { headers });
    await ask(`${stage.azure.http.url}${IMDS_TOKEN}?resource=x`, { headers });
    await ask(`${stage.azure.http.url}${APP_SERVICE}?api-version=2019-08-01&resource=x`);
    await ask(`${stage.azure.http.url}/subscriptions/x`, {
      headers: { Authorization: `Bearer ${stage.entra.issue('other', {})}` },
    });
    expect(statuses).to.deep.equal([400, 400, 400, 400, 401, 401]);
    application({ certificate: stage.certificate.cert, secret: 's' });
    const form = { grant_type: 'client_credentials', client_id: CLIENT, scope: 'x/.default' };
    const url = `${stage.entra.http.url}/${stage.entra.tenant}/oauth2/v2.0/token`;
    const now = stage.fakes.clock.now() / 1000;
    const header = { 'x5t#S256': thumbprint(new X509Certificate(stage.certificate.cert)) };
    const claims = { aud: url, iss: CLIENT, sub: CLIENT, jti: 'once', nbf: now, exp: now + 600 };
    const signed = (more: object): Record<string, string> => ({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: rs256({ ...claims, ...more }, createPrivateKey(stage.certificate.key), header),
    });
    const proofs = [
      { client_secret: 's' },
      { client_secret: 't' },
      {},
      signed({}),
      signed({}),
      signed({ jti: '2', aud: 'x' }),
    ];
    proofs.push(signed({ jti: '3', exp: now - 400 }), signed({ jti: '4', iss: 'x' }), {
      ...signed({ jti: '5' }),
      client_assertion_type: 'x',
    });
    statuses.length = 0;
    for (const proof of proofs)
      await ask(url, {
        method: 'POST',
        body: new URLSearchParams({ ...form, ...proof }).toString(),
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      });
    expect(statuses).to.deep.equal([200, 401, 401, 200, 401, 401, 401, 401, 401]);
  });
});
