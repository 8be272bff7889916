// oidc end to end: a provider that verifies the client, the dev server that trusts the provider by discovery, a token in a file sink.
import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { OidcProvider } from '../../doubles/oidc-provider.js';
import { plant } from '../collector.js';
import { onRig, type Rig } from '../rig.js';
import { anotherToken, delivered, enable, hasLogged, method, REAUTH, withDouble, withSink } from './stage.js';

const SECRETS = ['client-secret-one', 'client-secret-two', 'client-secret-old'].map((text) =>
  plant('a client secret', text),
);
const [ONE = '', TWO = '', OLD = ''] = SECRETS;

async function onStage(scenario: (rig: Rig, provider: OidcProvider) => Promise<void>): Promise<void> {
  await onRig({}, async (rig) => {
    await withDouble(new OidcProvider(() => rig.clock.now()), async (provider) => {
      await enable(rig, 'jwt');
      await rig.admin('POST', 'auth/jwt/config', {
        oidc_discovery_url: provider.http.url,
        bound_issuer: provider.http.url,
      });
      const bound = { role_type: 'jwt', user_claim: 'sub', bound_audiences: ['vault'] };
      await rig.admin('POST', 'auth/jwt/role/app', { ...bound, token_policies: ['app'], token_ttl: '10m' });
      await scenario(rig, provider);
    });
  });
}

const stanza = (rig: Rig, provider: OidcProvider, credential: string, more = ''): string =>
  withSink(
    rig,
    method(
      'oidc',
      `issuer = "${provider.http.url}"\n    client_id = "shop"\n    role = "app"\n    audience = "vault"\n    ${credential}`,
    ),
    more,
  );

describe('scenario: auth method oidc', function () {
  this.timeout(20_000);

  it('client secret: refused by the provider with an old one, logged in with the right one, and again when it is rotated', () =>
    onStage(async (rig, provider) => {
      provider.echoes = true;
      const client = { authentication: 'client_secret_basic', audiences: ['vault', 'other'] } as const;
      provider.clients.set('shop', { ...client, secret: ONE });
      const file = rig.write('secret', OLD);
      const agent = await rig.agent(stanza(rig, provider, `client_secret_file = "${file}"`, REAUTH));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_CREDENTIAL_INVALID.*401.*wrong secret/);
      rig.write('secret', ONE);
      expect(await delivered(rig)).to.include({ path: 'auth/jwt/login', display_name: 'jwt-shop' });
      const next = await anotherToken(rig, () => {
        provider.clients.set('shop', { ...client, secret: TWO });
        rig.write('secret', `${TWO}\n`);
      });
      expect(next).to.include({ display_name: 'jwt-shop' });
    }));

  it('private key: an assertion that is good once', () =>
    onStage(async (rig, provider) => {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      provider.clients.set('shop', { authentication: 'private_key_jwt', publicKey, audiences: ['vault'] });
      const text = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      plant('a private key', text.split('\n')[1]!);
      const file = rig.write('key.pem', text);
      await rig.agent(stanza(rig, provider, `private_key_file = "${file}"`));
      expect(await delivered(rig)).to.include({ path: 'auth/jwt/login', display_name: 'jwt-shop' });
    }));

  it('the server refuses a token for another audience; after the role is mended the agent logs in', () =>
    onStage(async (rig, provider) => {
      provider.clients.set('shop', { authentication: 'client_secret_basic', secret: ONE, audiences: ['vault'] });
      await rig.admin('POST', 'auth/jwt/role/app', { role_type: 'jwt', user_claim: 'sub', bound_audiences: ['else'] });
      const agent = await rig.agent(stanza(rig, provider, `client_secret = "${ONE}"`));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_REFUSED.*audience.*role .?"app/);
      await rig.admin('POST', 'auth/jwt/role/app', { bound_audiences: ['vault'] });
      expect(await delivered(rig)).to.include({ display_name: 'jwt-shop' });
    }));

  it('a provider in trouble is waited for (5.5)', () =>
    onStage(async (rig, provider) => {
      provider.clients.set('shop', { authentication: 'client_secret_basic', secret: ONE, audiences: ['vault'] });
      provider.http.trouble = 'html';
      const agent = await rig.agent(stanza(rig, provider, `client_secret = "${ONE}"`));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*SERVICE_BAD_ANSWER/);
      provider.http.trouble = undefined;
      expect(await delivered(rig)).to.include({ display_name: 'jwt-shop' });
    }));
});
