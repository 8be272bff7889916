// kubernetes end to end: the API double gives tokens and reviews them, the dev server asks it, a token in a file sink.
import { expect } from 'chai';
import { KubeApi } from '../../doubles/kube-api.js';
import { plant } from '../collector.js';
import { onRig, type Rig } from '../rig.js';
import { delivered, enable, hasLogged, method, withDouble, withSink } from './stage.js';

async function onStage(
  role: object,
  scenario: (rig: Rig, api: KubeApi, env: Readonly<Record<string, string>>) => Promise<void>,
): Promise<void> {
  await onRig({}, (rig) =>
    withDouble(new KubeApi(() => rig.clock.now()), async (api) => {
      api.account('vault', 'reviewer', 'tokenreviews:create');
      api.account('shop', 'web', 'serviceaccounts/token:create:web');
      await enable(rig, 'kubernetes');
      await rig.admin('POST', 'auth/kubernetes/config', {
        kubernetes_host: api.http.url,
        kubernetes_ca_cert: api.ca,
        token_reviewer_jwt: plant('the reviewer token', api.token('vault', 'reviewer')),
      });
      const bound = { bound_service_account_names: ['web'], bound_service_account_namespaces: ['shop'] };
      await rig.admin('POST', 'auth/kubernetes/role/app', { ...bound, token_policies: ['app'], ...role });
      rig.write('token-of-pod', plant('the token of the pod', api.token('shop', 'web')));
      rig.write('ca.crt', api.ca);
      await scenario(rig, api, { KUBERNETES_SERVICE_HOST: api.host, KUBERNETES_SERVICE_PORT: api.port });
    }),
  );
}

const stanza = (rig: Rig, more = ''): string =>
  withSink(rig, method('kubernetes', `role = "app"\n    token_path = "${rig.path('token-of-pod')}"\n    ${more}`));

describe('scenario: auth method kubernetes', function () {
  this.timeout(20_000);

  it('the service account token of the pod, which the API server vouches for by TokenReview', () =>
    onStage({}, async (rig) => {
      await rig.agent(stanza(rig));
      expect(await delivered(rig)).to.include({ path: 'auth/kubernetes/login', display_name: 'kubernetes-shop-web' });
    }));

  it('a token that the API server does not vouch for is refused; the one that kubelet rotates in is used', () =>
    onStage({}, async (rig, api) => {
      api.revoke('shop', 'web');
      const agent = await rig.agent(stanza(rig));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_REFUSED.*service account, namespace and audience/);
      rig.write('token-of-pod', plant('the next token of the pod', api.token('shop', 'web')));
      expect(await delivered(rig)).to.include({ display_name: 'kubernetes-shop-web' });
    }));

  it('audience: a token for the server only, asked for in the name of the pod', () =>
    onStage({ audience: 'vault' }, async (rig, api, env) => {
      const more = `audience = "vault"\n    api_ca_cert = "${rig.path('ca.crt')}"`;
      await rig.agent(stanza(rig, more), { env });
      expect(await delivered(rig)).to.include({ display_name: 'kubernetes-shop-web' });
      expect(api.tokenRequests).to.deep.equal([{ account: 'shop/web', audiences: ['vault'], seconds: 600 }]);
    }));

  it('audience: without the permission the log says which one; the token of the pod alone would not do', () =>
    onStage({ audience: 'vault' }, async (rig, api, env) => {
      api.account('shop', 'web');
      const more = `audience = ["vault"]\n    api_ca_cert = "${rig.path('ca.crt')}"`;
      const agent = await rig.agent(stanza(rig, more), { env });
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_CREDENTIAL_INVALID.*403.*serviceaccounts\/token/);
      api.account('shop', 'web', 'serviceaccounts/token:create:*');
      expect(await delivered(rig)).to.include({ display_name: 'kubernetes-shop-web' });
    }));
});
