// kerberos end to end: a stanza with the reference's keys, a KDC that verifies, the dev server as acceptor, a token in a file sink.
import { existsSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { Kdc } from '../../doubles/kdc.js';
import { makeKey } from '../../doubles/kdc-seal.js';
import { MitKdc, mitKdcMissing } from '../../doubles/mit-kdc.js';
import { plant } from '../collector.js';
import { fileSink, onRig, OPEN_POLICY, type Rig, type RunningAgent } from '../rig.js';
import { until } from '../until.js';

const REALM = 'A.TEST';
const SERVICE = 'HTTP/vault.a.test';

const hasLogged = (agent: RunningAgent, pattern: RegExp): Promise<unknown> =>
  until(
    () => `${String(pattern)} in ${agent.lines.join('')}`,
    () => agent.lines.some((line) => pattern.test(line)),
  );

/** A key of printable bytes, so that it can be searched for in all output. */
const plantedKey = (tail: string) =>
  makeKey(18, Buffer.from(plant('a Kerberos key', `kerberos-key-planted-here-${tail}`.padEnd(32, '.').slice(0, 32))));

interface Mounting {
  readonly realm?: string;
  readonly service?: string;
  readonly ttl?: string;
  readonly directory?: object;
}

async function mount(
  rig: Rig,
  keytab: Buffer,
  { realm = REALM, service = SERVICE, ttl = '10m', directory }: Mounting = {},
): Promise<void> {
  await rig.admin('POST', 'sys/auth/kerberos', { type: 'kerberos' });
  await rig.admin('POST', 'sys/auth/kerberos/tune', { passthrough_request_headers: ['Authorization'] });
  await rig.admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
  await rig.admin('POST', 'auth/kerberos/config', { keytab: keytab.toString('base64'), service_account: service });
  const ldap = { upndomain: realm, token_ttl: ttl, ...(directory ?? { static_groups: { app: 'ops' } }) };
  await rig.admin('POST', 'auth/kerberos/config/ldap', ldap);
  await rig.admin('POST', 'auth/kerberos/groups/ops', { policies: ['app'] });
}

const stanza = (rig: Rig, { realm = REALM, service = SERVICE }: Mounting = {}): string =>
  `auto_auth {
  method "kerberos" {
    mount_path  = "auth/kerberos"
    min_backoff = "1s"
    config = {
      username                 = "app"
      service                  = "${service}"
      realm                    = "${realm}"
      keytab_path              = "${rig.path('app.keytab')}"
      krb5conf_path            = "${rig.path('krb5.conf')}"
      disable_fast_negotiation = "false"
    }
  }
${fileSink(rig.path('token'))}}\n`;

const delivered = async (rig: Rig): Promise<{ path: string; display_name: string; policies: string[] }> =>
  (await rig.admin('POST', 'auth/token/lookup', { token: plant('a delivered token', await rig.file('token')) })).data;

const logins = (rig: Rig): number[] =>
  rig.server.requests.all.filter(({ path }) => path === 'auth/kerberos/login').map(({ status }) => status ?? 0);

const writeBytes = (rig: Rig, name: string, bytes: Buffer): void =>
  writeFileSync(rig.path(name), bytes, { mode: 0o600 });

describe('scenario: auth method kerberos', function () {
  this.timeout(20_000);

  const onKdc = (scenario: (rig: Rig, kdc: Kdc) => Promise<void>): Promise<void> =>
    onRig({}, async (rig) => {
      const kdc = new Kdc(REALM, rig.clock);
      try {
        kdc.add('app', plantedKey('one'));
        kdc.add(SERVICE, plantedKey('service'));
        await kdc.listen();
        rig.write('krb5.conf', kdc.conf());
        writeBytes(rig, 'app.keytab', kdc.keytab('app'));
        await scenario(rig, kdc);
      } finally {
        await kdc.close();
      }
    });

  it('logs in with a keytab; the groups of the directory give the policies', () =>
    onKdc(async (rig, kdc) => {
      await mount(rig, kdc.keytab(SERVICE));
      await rig.agent(stanza(rig));
      expect(await delivered(rig)).to.deep.include({
        path: 'auth/kerberos/login',
        display_name: 'kerberos-app',
        policies: ['app', 'default'],
      });
      expect(kdc.seen.map(({ type }) => type)).to.deep.equal(['as', 'tgs']);
    }));

  it('its token cannot be renewed: it logs in again before the end, with the keytab as it is then (rotation)', () =>
    onKdc(async (rig, kdc) => {
      await mount(rig, kdc.keytab(SERVICE), { ttl: '2s' });
      await rig.agent(stanza(rig));
      const first = await rig.file('token');
      kdc.add('app', plantedKey('two'));
      writeBytes(rig, 'app.keytab', kdc.keytab('app'));
      await until('another token', async () => (await rig.file('token')) !== first);
      expect(logins(rig)).to.deep.equal([200, 200]);
      expect(rig.server.requests.count('PUT', 'auth/token/renew-self')).to.equal(0);
      expect(kdc.seen.map(({ type }) => type)).to.deep.equal(['as', 'tgs', 'as', 'tgs']);
    }));

  it('a ticket that was spent on a 500 is not sent again: the next attempt has one of its own, alone in its header (5.6, 5.7)', () =>
    onKdc(async (rig, kdc) => {
      await mount(rig, kdc.keytab(SERVICE), { directory: { url: 'ldap://down.a.test' } });
      const agent = await rig.agent(stanza(rig));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*500.*no LDAP client/);
      await rig.admin('POST', 'auth/kerberos/config/ldap', { static_groups: { app: 'ops' } });
      expect(await delivered(rig)).to.include({ display_name: 'kerberos-app' });
      // Had an old header come along, the server would have looked at that first and refused it as a replay (401).
      expect(logins(rig).filter((status) => status === 401)).to.deep.equal([]);
    }));

  it('survives a refused login: a mount that is not tuned is a 401, and the message says how to tune it', () =>
    onKdc(async (rig, kdc) => {
      await mount(rig, kdc.keytab(SERVICE));
      await rig.admin('POST', 'sys/auth/kerberos/tune', { passthrough_request_headers: [] });
      const agent = await rig.agent(stanza(rig));
      await hasLogged(
        agent,
        /\[ERROR\].*error authenticating.*401.*tune auth\/kerberos with passthrough_request_headers=Authorization/,
      );
      expect(existsSync(rig.path('token'))).to.equal(false);
      await rig.admin('POST', 'sys/auth/kerberos/tune', { passthrough_request_headers: ['Authorization'] });
      expect(await delivered(rig)).to.include({ display_name: 'kerberos-app' });
    }));

  it('an old key in the keytab of the server: the warning of its 401 is shown (10.2)', () =>
    onKdc(async (rig, kdc) => {
      await mount(rig, kdc.keytab(SERVICE));
      kdc.add(SERVICE, plantedKey('service-two'));
      const agent = await rig.agent(stanza(rig));
      await hasLogged(agent, /\[ERROR\].*401: KRB_AP_ERR_NOKEY.*kvno 2.*present key \(kvno\) of HTTP\/vault\.a\.test/);
    }));

  it('an old key in our keytab: the KDC refuses it, and a new keytab is used by the next attempt', () =>
    onKdc(async (rig, kdc) => {
      await mount(rig, kdc.keytab(SERVICE));
      kdc.add('app', plantedKey('two'));
      const agent = await rig.agent(stanza(rig));
      await hasLogged(agent, /\[ERROR\].*AUTH_CREDENTIAL_INVALID.*not the key of app@A\.TEST \(Kerberos error 24\)/);
      expect(logins(rig)).to.deep.equal([]);
      writeBytes(rig, 'app.keytab', kdc.keytab('app'));
      expect(await delivered(rig)).to.include({ display_name: 'kerberos-app' });
    }));

  const missing = mitKdcMissing();
  const withMit = missing === undefined ? it : it.skip;
  withMit(`with a real KDC of MIT${missing === undefined ? '' : ` (skipped: ${missing})`}`, () =>
    onRig({}, async (rig) => {
      const kdc = new MitKdc('MIT.TEST');
      try {
        await kdc.start();
        const place = { realm: kdc.realm, service: 'HTTP/vault.mit.test' };
        await mount(rig, await kdc.add(place.service), place);
        writeBytes(rig, 'app.keytab', await kdc.add('app'));
        rig.write('krb5.conf', kdc.conf());
        await rig.agent(stanza(rig, place));
        expect(await delivered(rig)).to.deep.include({ display_name: 'kerberos-app', policies: ['app', 'default'] });
      } finally {
        await kdc.close();
      }
    }),
  );
});
