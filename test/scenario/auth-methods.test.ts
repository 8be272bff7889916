// Every auth method logs in to the dev server, which verifies like a real one, and delivers to a file sink.
import { chmodSync, existsSync } from 'node:fs';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { makeCertificate } from '../../core/sdk/testing/certificates.js';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import { plant } from './collector.js';
import { fileSink, LISTENER, onRig, OPEN_POLICY, type Rig, type RunningAgent } from './rig.js';
import { until } from './until.js';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function jwt(claims: object, key: KeyObject): string {
  const head = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iat: now(), exp: now() + 600, ...claims })}`;
  return plant('a JWT', `${head}.${sign('sha256', Buffer.from(head), key).toString('base64url')}`);
}

const now = (): number => Math.floor(Date.now() / 1000);

const method = (type: string, config: string, more = ''): string =>
  `method "${type}" {\n  min_backoff = "1s"\n  ${more}\n  config = {\n    ${config}\n  }\n}\n`;

const withSink = (rig: Rig, block: string, more = ''): string =>
  `auto_auth {\n${more}\n${block}${fileSink(rig.path('token'))}}\n`;

const enable = async (rig: Rig, type: string): Promise<void> => {
  await rig.admin('POST', `sys/auth/${type}`, { type });
  await rig.admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
};

/** What the server says about the token in the sink. */
async function delivered(
  rig: Rig,
): Promise<{ readonly path: string; readonly policies: string[]; readonly display_name: string }> {
  const token = plant('a delivered token', await rig.file('token'));
  return (await rig.admin('POST', 'auth/token/lookup', { token })).data;
}

const hasLogged = (agent: RunningAgent, pattern: RegExp): Promise<unknown> =>
  until(
    () => `${String(pattern)} in ${agent.lines.join('')}`,
    () => agent.lines.some((line) => pattern.test(line)),
  );

describe('scenario: auth methods', function () {
  this.timeout(20_000);

  it('approle: role id and secret id from files, the secret id file is removed after the login that worked', () =>
    onRig({}, async (rig) => {
      const { roleIdFile, secretIdFile } = await rig.approle('app');
      const agent = await rig.agent(
        withSink(
          rig,
          method('approle', `role_id_file_path = "${roleIdFile}"\n    secret_id_file_path = "${secretIdFile}"`),
        ),
      );
      expect(await delivered(rig)).to.include({ path: 'auth/approle/login', display_name: 'approle' });
      await until('the removal', () => !existsSync(secretIdFile));
      await agent.stop();
    }));

  it('approle: keeps the secret id file while the login fails, and warns about one that others may read', () =>
    onRig({}, async (rig) => {
      const { roleIdFile, secretIdFile } = await rig.approle('app');
      chmodSync(secretIdFile, 0o644);
      rig.server.inject({
        trouble: { kind: 'fail', status: 500, errors: ['internal error'] },
        times: 1,
        when: ({ path }) => path.endsWith('login'),
      });
      const agent = await rig.agent(
        withSink(
          rig,
          method('approle', `role_id_file_path = "${roleIdFile}"\n    secret_id_file_path = "${secretIdFile}"`),
        ),
      );
      await hasLogged(agent, /\[ERROR\].*error authenticating/);
      expect(existsSync(secretIdFile)).to.equal(true);
      expect(await delivered(rig)).to.include({ path: 'auth/approle/login' });
      await hasLogged(agent, /\[WARN\].*secret-id/);
    }));

  it('approle: a wrapped secret id is unwrapped once; another creation path is refused as tampering and not unwrapped', () =>
    onRig({}, async (rig) => {
      const { roleIdFile } = await rig.approle('app');
      const wrapped = async (path: string): Promise<string> => {
        const answer = await rig.server.call('POST', path, { body: {}, headers: { 'X-Vault-Wrap-TTL': '5m' } });
        return plant('a wrapping token', (answer.body as { wrap_info: { token: string } }).wrap_info.token);
      };
      const config = (expected: string): string =>
        withSink(
          rig,
          method(
            'approle',
            `role_id_file_path = "${roleIdFile}"\n    secret_id_file_path = "${rig.path('wrapped')}"\n    secret_id_response_wrapping_path = "${expected}"`,
          ),
        );
      const path = 'auth/approle/role/app/secret-id';
      rig.write('wrapped', await wrapped('sys/wrapping/wrap'));
      const agent = await rig.agent(config(path));
      await hasLogged(agent, /\[ERROR\].*AUTH_WRAPPED_TAMPERED/);
      expect(rig.server.requests.count('PUT', 'sys/wrapping/unwrap')).to.equal(0);
      rig.write('wrapped', await wrapped(path));
      expect(await delivered(rig)).to.include({ path: 'auth/approle/login' });
      expect(rig.server.requests.count('PUT', 'sys/wrapping/unwrap')).to.equal(1);
    }));

  it('userpass: with the password from a file, one line break at its end does not count', () =>
    onRig({}, async (rig) => {
      await enable(rig, 'userpass');
      const password = plant('a password', 'S3cret "pass" wörd/+%');
      await rig.admin('POST', 'auth/userpass/users/anna', { password, token_policies: ['app'] });
      rig.write('password', `${password}\n`);
      await rig.agent(
        withSink(rig, method('userpass', `username = "anna"\n    password_file_path = "${rig.path('password')}"`)),
      );
      expect(await delivered(rig)).to.include({ path: 'auth/userpass/login/anna', display_name: 'userpass-anna' });
    }));

  it('userpass: a wrong password shows what the server said and never the password', () =>
    onRig({}, async (rig) => {
      await enable(rig, 'userpass');
      await rig.admin('POST', 'auth/userpass/users/anna', { password: 'the-right-password', token_policies: ['app'] });
      const wrong = plant('a wrong password', 'the-wrong-password-4711');
      const agent = await rig.agent(withSink(rig, method('userpass', `username = "anna"\n    password = "${wrong}"`)));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_REFUSED.*invalid username or password/);
    }));

  it('jwt: a really signed token; a file with a newer one leads to a login when re-authentication is on', () =>
    onRig({}, async (rig) => {
      await enable(rig, 'jwt');
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      await rig.admin('POST', 'auth/jwt/config', {
        jwt_validation_pubkeys: [publicKey.export({ format: 'pem', type: 'spki' })],
      });
      await rig.admin('POST', 'auth/jwt/role/app', {
        role_type: 'jwt',
        user_claim: 'sub',
        bound_audiences: ['vault'],
        token_policies: ['app'],
      });
      rig.write('jwt', `${jwt({ aud: 'vault', sub: 'one' }, privateKey)}\n`);
      const block = method(
        'jwt',
        `role = "app"\n    path = "${rig.path('jwt')}"\n    remove_jwt_after_reading = false\n    jwt_read_period = "100ms"`,
      );
      const agent = await rig.agent(withSink(rig, block, 'enable_reauth_on_new_credentials = true'));
      expect(await delivered(rig)).to.include({ path: 'auth/jwt/login', display_name: 'jwt-one' });
      rig.write('jwt', jwt({ aud: 'vault', sub: 'two' }, privateKey));
      await hasLogged(agent, /auth method found new credentials, re-authenticating/);
      await until('the second token', async () => (await delivered(rig)).display_name === 'jwt-two');
    }));

  it('jwt: a token that somebody else signed is refused', () =>
    onRig({}, async (rig) => {
      await enable(rig, 'jwt');
      const [known, other] = [1, 2].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }));
      await rig.admin('POST', 'auth/jwt/config', {
        jwt_validation_pubkeys: [known!.publicKey.export({ format: 'pem', type: 'spki' })],
      });
      await rig.admin('POST', 'auth/jwt/role/app', {
        role_type: 'jwt',
        user_claim: 'sub',
        bound_audiences: ['vault'],
        token_policies: ['app'],
      });
      rig.write('jwt', jwt({ aud: 'vault', sub: 'one' }, other!.privateKey));
      const agent = await rig.agent(withSink(rig, method('jwt', `role = "app"\n    path = "${rig.path('jwt')}"`)));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_REFUSED/);
      expect([existsSync(rig.path('jwt')), existsSync(rig.path('token'))]).to.deep.equal([true, false]);
    }));

  it('jwt: shows which role the server does not know', () =>
    onRig({}, async (rig) => {
      await enable(rig, 'jwt');
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      await rig.admin('POST', 'auth/jwt/config', {
        jwt_validation_pubkeys: [publicKey.export({ format: 'pem', type: 'spki' })],
      });
      rig.write('jwt', jwt({ aud: 'vault', sub: 'one' }, privateKey));
      const agent = await rig.agent(
        withSink(rig, method('jwt', `role = "reporting"\n    path = "${rig.path('jwt')}"`)),
      );
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_REFUSED.*role .?"reporting/);
    }));

  it('kubernetes: the service account token of the pod, which the API server vouches for by TokenReview', () =>
    onRig({}, async (rig) => {
      await enable(rig, 'kubernetes');
      const api = await tokenReview();
      const host = `http://127.0.0.1:${String((api.address() as AddressInfo).port)}`;
      try {
        await rig.admin('POST', 'auth/kubernetes/config', {
          kubernetes_host: host,
          token_reviewer_jwt: plant('the reviewer token', 'reviewer-token-1'),
        });
        const bound = { bound_service_account_names: ['web'], bound_service_account_namespaces: ['shop'] };
        await rig.admin('POST', 'auth/kubernetes/role/app', { ...bound, token_policies: ['app'] });
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        const account = { namespace: 'shop', serviceaccount: { name: 'web', uid: 'u-1' } };
        rig.write(
          'sa-token',
          jwt(
            { aud: ['https://kubernetes'], sub: 'system:serviceaccount:shop:web', 'kubernetes.io': account },
            privateKey,
          ),
        );
        await rig.agent(
          withSink(rig, method('kubernetes', `role = "app"\n    token_path = "${rig.path('sa-token')}"`)),
        );
        expect(await delivered(rig)).to.include({ path: 'auth/kubernetes/login', display_name: 'kubernetes-shop-web' });
      } finally {
        api.closeAllConnections();
        api.close();
      }
    }));

  it('cert: a client certificate over TLS; the token is renewed with it too', async () => {
    const ca = makeCertificate({ name: 'Scenario CA', authority: true });
    const server = makeCertificate({ name: 'localhost', issuer: ca });
    const client = makeCertificate({ name: 'web', issuer: ca });
    plant('a private key', client.key.split('\n')[1]!);
    const clock = new VirtualClock();
    await onRig(
      { clock, tls: { cert: server.cert, key: server.key, requestCert: true, rejectUnauthorized: false } },
      async (rig) => {
        await enable(rig, 'cert');
        await rig.admin('POST', 'auth/cert/certs/web', {
          certificate: ca.cert,
          token_policies: ['app'],
          token_ttl: '60s',
          token_max_ttl: '1h',
        });
        const [caFile, cert, key] = [
          rig.write('ca.pem', ca.cert),
          rig.write('web.pem', client.cert),
          rig.write('web.key', client.key),
        ];
        const vault = `vault {\n  address = "${rig.url}"\n  ca_cert = "${caFile}"\n}\n`;
        const block = method(
          'cert',
          `name = "web"\n    ca_cert = "${caFile}"\n    client_cert = "${cert}"\n    client_key = "${key}"`,
        );
        const agent = await rig.agent(`${vault}${withSink(rig, block)}`);
        expect(await delivered(rig)).to.include({ path: 'auth/cert/login', display_name: 'cert-web' });
        await rig.pass(50_000);
        const renewals = rig.server.requests.all.filter(({ path }) => path === 'auth/token/renew-self');
        expect(
          renewals.map(({ status }) => status),
          agent.lines.join(''),
        ).to.deep.equal([200]);
      },
    );
  });

  it('token_file: a token that something else provides is checked, delivered and renewed; the file stays', () =>
    onRig({}, async (rig) => {
      await rig.admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
      const made = await rig.admin('POST', 'auth/token/create', { policies: ['app'], ttl: '10m' });
      const given = plant('a given token', made.auth.client_token as string);
      rig.write('given', `${given}\n`);
      await rig.agent(withSink(rig, method('token_file', `token_file_path = "${rig.path('given')}"`)));
      expect(await rig.file('token')).to.equal(given);
      expect(rig.read('given')).to.equal(`${given}\n`);
      expect(rig.server.requests.count('GET', 'auth/token/lookup-self')).to.equal(1);
    }));

  it('token_file: a dead token is refused and a new one in the file is taken', () =>
    onRig({}, async (rig) => {
      await rig.admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
      rig.write('given', plant('a dead token', 's.deadtokendeadtokendeadtoken'));
      const agent = await rig.agent(withSink(rig, method('token_file', `token_file_path = "${rig.path('given')}"`)));
      await hasLogged(agent, /\[ERROR\].*error authenticating/);
      const made = await rig.admin('POST', 'auth/token/create', { policies: ['app'], ttl: '10m' });
      rig.write('given', plant('a given token', made.auth.client_token as string));
      expect(await rig.file('token')).to.equal(rig.read('given'));
    }));

  it('goes on at once when credentials that were missing at the start appear', () =>
    onRig({}, async (rig) => {
      const { roleIdFile, secretIdFile } = await rig.approle('app');
      const late = method(
        'approle',
        `role_id_file_path = "${roleIdFile}"\n    secret_id_file_path = "${rig.path('late')}"`,
      );
      const agent = await rig.agent(`${withSink(rig, late)}${LISTENER}`);
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_CREDENTIAL_MISSING.*late/);
      rig.write('late', rig.read(secretIdFile.split('/').pop()!));
      expect(await delivered(rig)).to.include({ path: 'auth/approle/login' });
    }));
});

// An API server that knows one account and repeats the audiences it was asked for.
async function tokenReview(): Promise<Server> {
  const api = createServer((request, response) => {
    let text = '';
    request.on('data', (bytes: Buffer) => (text += bytes.toString()));
    request.on('end', () => {
      const { spec } = JSON.parse(text) as { spec: { audiences?: string[] } };
      const user = { username: 'system:serviceaccount:shop:web', uid: 'u-1' };
      const status = { authenticated: true, audiences: spec.audiences, user };
      response.writeHead(201).end(JSON.stringify({ kind: 'TokenReview', status }));
    });
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  return api;
}
