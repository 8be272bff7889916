// cert end to end: a client certificate over TLS, renewals with the same one, rotation, refusals.
import { expect } from 'chai';
import { makeCertificate, type TestCertificate } from '../../../core/sdk/testing/certificates.js';
import { VirtualClock } from '../../../core/sdk/testing/virtual-clock.js';
import type { Clock } from '../../../core/sdk/index.js';
import { plant } from '../collector.js';
import { onRig, type Rig } from '../rig.js';
import { anotherToken, delivered, enable, hasLogged, method, REAUTH, withSink } from './stage.js';

const ca = makeCertificate({ name: 'Scenario CA', authority: true });
const server = makeCertificate({ name: 'localhost', issuer: ca });

function client(name: string, issuer: TestCertificate | undefined = ca): TestCertificate {
  const made = makeCertificate({ name, ...(issuer && { issuer }) });
  plant('a private key', made.key.split('\n')[1]!);
  return made;
}

const tls = { cert: server.cert, key: server.key, requestCert: true, rejectUnauthorized: false };

async function onStage(clock: Clock | undefined, scenario: (rig: Rig) => Promise<void>): Promise<void> {
  await onRig({ tls, ...(clock && { clock }) }, async (rig) => {
    await enable(rig, 'cert');
    const terms = { token_policies: ['app'], token_ttl: '60s', token_max_ttl: '1h' };
    await rig.admin('POST', 'auth/cert/certs/web', { certificate: ca.cert, ...terms });
    rig.write('ca.pem', ca.cert);
    await scenario(rig);
  });
}

const place = (rig: Rig, { cert, key }: TestCertificate): void => {
  rig.write('web.pem', cert);
  rig.write('web.key', key);
};

const stanza = (rig: Rig, more = '', reauth = ''): string => {
  const vault = `vault {\n  address = "${rig.url}"\n  ca_cert = "${rig.path('ca.pem')}"\n}\n`;
  const files = `ca_cert = "${rig.path('ca.pem')}"\n    client_cert = "${rig.path('web.pem')}"\n    client_key = "${rig.path('web.key')}"`;
  return `${vault}${withSink(rig, method('cert', `name = "web"\n    ${files}\n    ${more}`), reauth)}`;
};

describe('scenario: auth method cert', function () {
  this.timeout(20_000);

  it('a client certificate over TLS; the token is renewed with it too', () =>
    onStage(new VirtualClock(), async (rig) => {
      place(rig, client('web'));
      const agent = await rig.agent(stanza(rig));
      expect(await delivered(rig)).to.include({ path: 'auth/cert/login', display_name: 'cert-web' });
      await rig.pass(50_000);
      const renewals = rig.server.requests.all.filter(({ path }) => path === 'auth/token/renew-self');
      expect(
        renewals.map(({ status }) => status),
        agent.lines.join(''),
      ).to.deep.equal([200]);
    }));

  it('the token of a certificate whose files have changed is renewed with that certificate (auth-wire 3.10)', () =>
    onStage(new VirtualClock(), async (rig) => {
      place(rig, client('web'));
      const agent = await rig.agent(stanza(rig, 'reload = true\n    reload_period = "5s"'));
      await delivered(rig);
      place(rig, client('web-two'));
      await rig.pass(50_000);
      const renewals = rig.server.requests.all.filter(({ path }) => path === 'auth/token/renew-self');
      expect(
        renewals.map(({ status }) => status),
        agent.lines.join(''),
      ).to.deep.equal([200]);
      expect(rig.server.requests.count('PUT', 'auth/cert/login')).to.equal(1);
    }));

  it('reload: a new certificate leads to a new login with re-authentication', () =>
    onStage(undefined, async (rig) => {
      place(rig, client('web'));
      const agent = await rig.agent(stanza(rig, 'reload = true\n    reload_period = "100ms"', REAUTH));
      expect(await delivered(rig)).to.include({ display_name: 'cert-web' });
      const next = await anotherToken(rig, () => place(rig, client('web-two')));
      expect(next).to.include({ path: 'auth/cert/login' });
      await hasLogged(agent, /auth method found new credentials, re-authenticating/);
    }));

  it('a certificate of another authority is refused; the right one in its place is taken, without an agent restart', () =>
    onStage(undefined, async (rig) => {
      place(rig, client('stranger', makeCertificate({ name: 'Another CA', authority: true })));
      const agent = await rig.agent(stanza(rig));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_REFUSED/);
      place(rig, client('web'));
      expect(await delivered(rig)).to.include({ path: 'auth/cert/login', display_name: 'cert-web' });
    }));
});
