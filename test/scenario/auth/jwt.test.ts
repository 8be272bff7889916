// jwt end to end: tokens of a file, of the environment and of a CI system, which the dev server verifies.
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { CiTokens } from '../../doubles/ci-tokens.js';
import { Issuer } from '../../doubles/issuer.js';
import { plant } from '../collector.js';
import { onRig, type Rig } from '../rig.js';
import { until } from '../until.js';
import { delivered, enable, hasLogged, method, REAUTH, withDouble, withSink } from './stage.js';

const jwt = (issuer: Issuer, sub: string): string => {
  const now = Math.floor(Date.now() / 1000);
  return plant('a JWT', issuer.sign({ sub, aud: 'vault', iat: now, exp: now + 600 }));
};

const ROLE = { role_type: 'jwt', user_claim: 'sub', bound_audiences: ['vault'], token_policies: ['app'] };

async function trust(rig: Rig, issuer: Issuer): Promise<void> {
  await enable(rig, 'jwt');
  await rig.admin('POST', 'auth/jwt/config', { jwt_validation_pubkeys: [issuer.pem] });
  await rig.admin('POST', 'auth/jwt/role/app', ROLE);
}

const stanza = (rig: Rig, config: string, more = ''): string =>
  withSink(rig, method('jwt', `role = "app"\n    ${config}`), more);

describe('scenario: auth method jwt', function () {
  this.timeout(20_000);

  it('a really signed token; a file with a newer one leads to a login when re-authentication is on', () =>
    onRig({}, async (rig) => {
      const issuer = new Issuer();
      await trust(rig, issuer);
      rig.write('jwt', `${jwt(issuer, 'one')}\n`);
      const config = `path = "${rig.path('jwt')}"\n    remove_jwt_after_reading = false\n    jwt_read_period = "100ms"`;
      const agent = await rig.agent(stanza(rig, config, REAUTH));
      expect(await delivered(rig)).to.include({ path: 'auth/jwt/login', display_name: 'jwt-one' });
      rig.write('jwt', jwt(issuer, 'two'));
      await hasLogged(agent, /auth method found new credentials, re-authenticating/);
      await until('the second token', async () => (await delivered(rig)).display_name === 'jwt-two');
    }));

  it('the file is removed after a login that worked, and a new one that is put there is taken', () =>
    onRig({}, async (rig) => {
      const issuer = new Issuer();
      await trust(rig, issuer);
      rig.write('jwt', jwt(issuer, 'one'));
      await rig.agent(stanza(rig, `path = "${rig.path('jwt')}"`, REAUTH));
      expect(await delivered(rig)).to.include({ display_name: 'jwt-one' });
      await until('the removal', () => !existsSync(rig.path('jwt')));
      rig.write('jwt', jwt(issuer, 'two'));
      await until('the second token', async () => (await delivered(rig)).display_name === 'jwt-two');
      await until('the second removal', () => !existsSync(rig.path('jwt')));
    }));

  it('a token that somebody else signed is refused and its file stays', () =>
    onRig({}, async (rig) => {
      const stranger = new Issuer();
      stranger.rotate();
      await trust(rig, new Issuer());
      rig.write('jwt', jwt(stranger, 'one'));
      const agent = await rig.agent(stanza(rig, `path = "${rig.path('jwt')}"`));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_REFUSED/);
      expect([existsSync(rig.path('jwt')), existsSync(rig.path('token'))]).to.deep.equal([true, false]);
    }));

  it('shows which role the server does not know', () =>
    onRig({}, async (rig) => {
      const issuer = new Issuer();
      await trust(rig, issuer);
      rig.write('jwt', jwt(issuer, 'one'));
      const block = method('jwt', `role = "reporting"\n    path = "${rig.path('jwt')}"`);
      const agent = await rig.agent(withSink(rig, block));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_REFUSED.*role .?"reporting/);
    }));

  it('env: a variable whose name is in the settings, as a job of GitLab has', () =>
    onRig({}, async (rig) => {
      const issuer = new Issuer();
      await trust(rig, issuer);
      await rig.agent(stanza(rig, 'env = "MY_ID_TOKEN"'), { env: { MY_ID_TOKEN: jwt(issuer, 'gitlab') } });
      expect(await delivered(rig)).to.include({ display_name: 'jwt-gitlab' });
    }));

  const onGithub = (
    scenario: (rig: Rig, ci: CiTokens, env: Readonly<Record<string, string>>) => Promise<void>,
  ): Promise<void> =>
    onRig({}, (rig) =>
      withDouble(new CiTokens(() => rig.clock.now()), async (ci) => {
        await enable(rig, 'jwt');
        await rig.admin('POST', 'auth/jwt/config', { jwks_url: ci.jwksUrl, bound_issuer: ci.http.url });
        const bound = { bound_claims: { repository: 'acme/shop', ref: 'refs/heads/main' } };
        await rig.admin('POST', 'auth/jwt/role/app', { ...ROLE, ...bound, bound_audiences: ['https://vault'] });
        plant('the bearer of the job', ci.bearer);
        await scenario(rig, ci, {
          ACTIONS_ID_TOKEN_REQUEST_URL: ci.requestUrl,
          ACTIONS_ID_TOKEN_REQUEST_TOKEN: ci.bearer,
        });
        ci.given.forEach((token) => plant('a token of the job', token));
      }),
    );

  it('github_actions: refused without the permission, which the service repeats; then a token for the audience', () =>
    onGithub(async (rig, ci, env) => {
      [ci.echoes, ci.mayAsk] = [true, false];
      const agent = await rig.agent(stanza(rig, 'github_actions = true\n    audience = "https://vault"'), { env });
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_CREDENTIAL_INVALID.*403/);
      ci.mayAsk = true;
      expect(await delivered(rig)).to.include({ path: 'auth/jwt/login', display_name: `jwt-${ci.subject}` });
    }));

  it('github_actions: a job of another branch is refused by the server; rotated keys of the issuer are fetched', () =>
    onGithub(async (rig, ci, env) => {
      ci.claims = { repository: 'acme/shop', ref: 'refs/heads/other' };
      const agent = await rig.agent(stanza(rig, 'github_actions = true\n    audience = "https://vault"'), { env });
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_REFUSED.*claim/);
      ci.issuer.rotate();
      ci.claims = { repository: 'acme/shop', ref: 'refs/heads/main' };
      expect(await delivered(rig)).to.include({ display_name: `jwt-${ci.subject}` });
    }));

  it('url: any service with a bearer in a file', () =>
    onGithub(async (rig, ci) => {
      ci.shape = 'text';
      const file = rig.write('bearer', `${ci.bearer}\n`);
      const config = `url = "${ci.requestUrl}"\n    url_bearer_file = "${file}"\n    audience = "https://vault"`;
      await rig.agent(stanza(rig, config));
      expect(await delivered(rig)).to.include({ display_name: `jwt-${ci.subject}` });
    }));
});
