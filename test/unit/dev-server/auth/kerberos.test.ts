// The login is really verified: tokens are made here by hand, with the KDC double's writer, so that each rule can be broken alone.
import { expect } from 'chai';
import type { KerberosKey } from '../../../../core/dev-server/auth/kerberos-crypto.js';
import {
  app,
  at,
  bits,
  encodedKey,
  encrypted,
  int,
  keytabFile,
  oct,
  principal,
  seq,
  str,
  tlv,
  when,
} from '../../../doubles/kdc-encode.js';
import { makeKey, seal } from '../../../doubles/kdc-seal.js';
import { rig, type Answered, type Rig } from './rig.js';

const REALM = 'A.TEST';
const ACCOUNT = 'HTTP/vault.a.test';
const MINUTE = 60_000;
const SPNEGO = tlv(6, Buffer.from('2b0601050502', 'hex'));
const KERBEROS = tlv(6, Buffer.from('2a864886f712010202', 'hex'));
const NTLM = tlv(6, Buffer.from('2b06010401823702020a', 'hex'));

/** What a token says; every default is right. */
interface Says {
  readonly client?: string;
  readonly realm?: string;
  readonly account?: string;
  readonly key?: KerberosKey;
  readonly kvno?: number;
  readonly session?: KerberosKey;
  /** The session key that seals the authenticator. */
  readonly sealing?: KerberosKey;
  readonly author?: string;
  readonly madeAt?: number;
  readonly micros?: number;
  readonly startsAt?: number;
  readonly endsAt?: number;
  readonly mechanisms?: readonly Buffer[];
}

describe('dev-server/auth/kerberos', () => {
  let world: Rig;
  let serviceKey: KerberosKey;
  let count = 0;
  const ask: Rig['ask'] = (...args) => world.ask(...args);

  const keytab = (name = ACCOUNT, kvno = 3): string =>
    keytabFile([{ name, realm: REALM, key: serviceKey, kvno }]).toString('base64');

  beforeEach(async () => {
    world = rig();
    serviceKey = makeKey(18);
    const config = { passthrough_request_headers: ['Authorization'] };
    await ask('POST', 'sys/auth/kerberos', { type: 'kerberos', config });
    await ask('POST', 'auth/kerberos/config', { keytab: keytab(), service_account: ACCOUNT });
    await ask('POST', 'auth/kerberos/config/ldap', {
      upndomain: REALM,
      static_groups: { app: 'ops, web', bob: '' },
      token_policies: 'base',
      token_ttl: '10m',
    });
    await ask('POST', 'auth/kerberos/groups/ops', { policies: ['deploy', 'read'] });
  });

  const token = (says: Says = {}): Buffer => {
    const now = world.clock.now();
    const session = says.session ?? makeKey(18);
    const client = says.client ?? 'app';
    const part = seq(
      at(0, bits(0)),
      at(1, encodedKey(session)),
      at(2, str(says.realm ?? REALM)),
      at(3, principal(client)),
      at(4, seq(at(0, int(1)), at(1, oct(Buffer.alloc(0))))),
      at(5, when(now)),
      ...(says.startsAt === undefined ? [] : [at(6, when(says.startsAt))]),
      at(7, when(says.endsAt ?? now + 60 * MINUTE)),
    );
    const key = says.key ?? serviceKey;
    const ticketPart = encrypted(key.etype, says.kvno ?? 3, seal(key, 2, app(3, part)));
    const ticket = app(
      1,
      seq(at(0, int(5)), at(1, str(REALM)), at(2, principal(says.account ?? ACCOUNT)), at(3, ticketPart)),
    );
    const proof = seq(
      at(0, int(5)),
      at(1, str(says.realm ?? REALM)),
      at(2, principal(says.author ?? client)),
      at(4, int(says.micros ?? (count += 1))),
      at(5, when(says.madeAt ?? now)),
    );
    const sealing = says.sealing ?? session;
    const sealedProof = encrypted(session.etype, 0, seal(sealing, 11, app(2, proof)));
    const request = app(14, seq(at(0, int(5)), at(1, int(14)), at(2, bits(0)), at(3, ticket), at(4, sealedProof)));
    const inner = tlv(0x60, KERBEROS, Buffer.from([1, 0]), request);
    const mechanisms = says.mechanisms ?? [KERBEROS];
    return tlv(0x60, SPNEGO, at(0, seq(at(0, seq(...mechanisms)), at(2, oct(inner)))));
  };
  const header = (bytes: Buffer): string => `Negotiate ${bytes.toString('base64')}`;
  const send = (authorization: string): Promise<Answered> =>
    ask('PUT', 'auth/kerberos/login', {}, { token: '', headers: { Authorization: authorization } });
  const login = (says: Says = {}): Promise<Answered> => send(header(token(says)));

  it('proves the user, gives the policies of the mount and of the groups, and a token that cannot be renewed (10.2)', async () => {
    const answer = await login();
    expect(answer.status).to.equal(200);
    expect(answer.auth).to.deep.include({
      policies: ['base', 'default', 'deploy', 'read'],
      metadata: { user: 'app', domain: REALM },
      lease_duration: 600,
      renewable: false,
    });
    const renewal = await ask('POST', 'auth/token/renew-self', {}, { token: answer.auth.client_token });
    expect(renewal.status).to.equal(400);
    const looked = await ask('POST', 'auth/token/lookup', { token: answer.auth.client_token });
    expect(looked.data).to.deep.include({ display_name: 'kerberos-app', path: 'auth/kerberos/login' });
    expect((await login({ client: 'bob' })).auth.policies).to.deep.equal(['base', 'default']);
  });

  for (const etype of [17, 18, 19, 20]) {
    it(`takes tickets of encryption type ${String(etype)}`, async () => {
      serviceKey = makeKey(etype);
      await ask('POST', 'auth/kerberos/config', { keytab: keytab(), service_account: ACCOUNT });
      expect((await login({ session: makeKey(etype) })).status).to.equal(200);
    });
  }

  it('sees no header unless the mount is tuned to pass it on, and then says 401 (10.2)', async () => {
    await ask('POST', 'sys/auth/kerberos/tune', { passthrough_request_headers: [] });
    expect(await login()).to.deep.include({ status: 401, errors: ['authentication required'] });
    await ask('POST', 'sys/auth/kerberos/tune', { passthrough_request_headers: 'authorization' });
    expect((await login()).status).to.equal(200);
    const tuning = await ask('GET', 'sys/auth/kerberos/tune');
    expect(tuning.data['passthrough_request_headers']).to.deep.equal(['authorization']);
    const listing = (await ask('GET', 'sys/auth')).data['kerberos/'] as { config: object };
    expect(listing.config).to.deep.include({ passthrough_request_headers: ['authorization'] });
    await ask('POST', 'sys/auth/kerberos/tune', { default_lease_ttl: '1h' });
    expect((await login()).status).to.equal(200);
  });

  it('only a header counts, no field `authorization` of the body, and of two headers the first (corrections)', async () => {
    const [first, second] = [header(token()), header(token())];
    expect((await ask('PUT', 'auth/kerberos/login', { authorization: first }, { token: '' })).status).to.equal(401);
    const both = { Authorization: first, authorization: second };
    const post = () => ask('PUT', 'auth/kerberos/login', {}, { token: '', headers: both });
    expect((await post()).status).to.equal(200);
    expect((await post()).warnings).to.deep.equal(['KRB_AP_ERR_REPEAT: replay detected']);
    for (const other of ['', 'Bearer x', 'Negotiate', 'Negotiate %%%', `Basic ${token().toString('base64')}`])
      expect((await send(other)).status, other).to.equal(401);
    expect((await ask('GET', 'auth/kerberos/login', undefined, { token: '' })).status).to.equal(401);
  });

  it('a token counts once; one that was spent on a 500 is refused afterwards (corrections)', async () => {
    const text = header(token());
    expect((await send(text)).status).to.equal(200);
    expect(await send(text)).to.deep.include({ status: 401, warnings: ['KRB_AP_ERR_REPEAT: replay detected'] });
    await ask('POST', 'sys/auth/bare', {
      type: 'kerberos',
      config: { passthrough_request_headers: ['Authorization'] },
    });
    await ask('POST', 'auth/bare/config', { keytab: keytab(), service_account: ACCOUNT });
    await ask('POST', 'auth/bare/config/ldap', { upndomain: REALM, url: 'ldap://ldap.a.test' });
    const spent = { token: '', headers: { Authorization: header(token()) } };
    expect(await ask('PUT', 'auth/bare/login', {}, spent)).to.deep.include({
      status: 500,
      errors: ['the dev server has no LDAP client: set static_groups in config/ldap'],
    });
    expect((await ask('PUT', 'auth/bare/login', {}, spent)).status).to.equal(401);
  });

  it('the same authenticator in another ticket of the client is a replay too', async () => {
    const session = makeKey(18);
    expect((await login({ session, micros: 77 })).status).to.equal(200);
    expect((await login({ session, micros: 77 })).status).to.equal(401);
    expect((await login({ session, micros: 78 })).status).to.equal(200);
  });

  const now = Date.UTC(2026, 0, 1);
  const REFUSED: readonly (readonly [string, () => Says, RegExp])[] = [
    ['a ticket under another key', () => ({ key: makeKey(18) }), /BAD_INTEGRITY: could not decrypt the ticket/],
    ['a ticket of another key version', () => ({ kvno: 4 }), /NOKEY: no key in the keytab for .*, kvno 4, etype 18/],
    ['a ticket of another type', () => ({ key: makeKey(17) }), /NOKEY: .*etype 17/],
    ['an authenticator under another key', () => ({ sealing: makeKey(18) }), /could not decrypt the authenticator/],
    ['an authenticator by somebody else', () => ({ author: 'eve' }), /BADMATCH/],
    ['a clock that is late', () => ({ madeAt: now - 6 * MINUTE }), /SKEW/],
    ['a clock that is early', () => ({ madeAt: now + 6 * MINUTE }), /SKEW/],
    ['a ticket that has ended', () => ({ endsAt: now - 6 * MINUTE }), /TKT_EXPIRED/],
    ['a ticket that has not begun', () => ({ startsAt: now + 6 * MINUTE }), /TKT_NYV/],
    ['no Kerberos among the mechanisms', () => ({ mechanisms: [NTLM] }), /no supported mechanism/],
  ];
  for (const [what, says, wanted] of REFUSED) {
    it(`refuses ${what}: 401, and the detail is a warning (10.2)`, async () => {
      const answer = await login(says());
      expect(answer.status).to.equal(401);
      expect(answer.warnings?.join()).to.match(wanted);
      expect(answer.errors).to.deep.equal([]);
    });
  }

  it('clocks may differ by five minutes', async () => {
    for (const off of [-5 * MINUTE, 5 * MINUTE]) expect((await login({ madeAt: now + off })).status).to.equal(200);
  });

  it('the key is that of the service account, whatever service the ticket names', async () => {
    await ask('POST', 'auth/kerberos/config', { keytab: keytab('svc_vault'), service_account: 'svc_vault@A.TEST' });
    expect((await login({ account: 'HTTP/other.a.test' })).status).to.equal(200);
    await ask('POST', 'auth/kerberos/config', { keytab: keytab(), service_account: 'svc_vault' });
    expect((await login()).warnings?.join()).to.match(/NOKEY.*svc_vault@A\.TEST/);
  });

  it('no cut token gets in, and no changed byte crashes the server', async () => {
    const whole = token();
    for (let index = 0; index < whole.length; index += 3) {
      const changed = Buffer.from(whole);
      changed[index]! ^= 0x41;
      for (const bytes of [whole.subarray(0, index), changed]) {
        const { status } = await send(header(bytes));
        // Bytes that nothing covers (lengths of ignored flags, the service's name) may change without harm; a replay is refused as well.
        expect([200, 401], `byte ${String(index)}`).to.include(status);
        if (status === 200) expect(bytes.length).to.equal(whole.length);
      }
    }
  });

  it('realm and directory: another realm and an unknown user are a 400', async () => {
    expect(await login({ realm: 'B.TEST' })).to.deep.include({
      status: 400,
      errors: ['identity domain of "B.TEST" doesn\'t match LDAP upndomain of "A.TEST"'],
    });
    expect((await login({ client: 'eve' })).status).to.equal(400);
  });

  it('remove_instance_name looks the user up without its instance', async () => {
    expect((await login({ client: 'app/host' })).status).to.equal(400);
    await ask('POST', 'auth/kerberos/config', {
      keytab: keytab(),
      service_account: ACCOUNT,
      remove_instance_name: true,
    });
    expect((await login({ client: 'app/host' })).auth.metadata).to.deep.equal({ user: 'app', domain: REALM });
  });

  it('configuration: what is missing or no keytab is a 400; the keytab is never shown', async () => {
    const write = async (body: object) => (await ask('POST', 'auth/kerberos/config', body)).errors;
    expect(await write({ keytab: keytab() })).to.deep.equal(['data does not contain service_account']);
    expect(await write({ service_account: 'x' })).to.deep.equal(['data does not contain keytab']);
    expect(await write({ service_account: 'x', keytab: '%%%' })).to.deep.equal(['could not base64 decode keytab']);
    for (const bad of ['eA==', Buffer.from([5, 2, 0, 0, 9, 9]).toString('base64')])
      expect(await write({ service_account: 'x', keytab: bad })).to.deep.equal(['invalid keytab']);
    expect((await ask('GET', 'auth/kerberos/config')).data).to.deep.equal({
      add_group_aliases: false,
      remove_instance_name: false,
      service_account: ACCOUNT,
    });
    expect((await ask('GET', 'auth/kerberos/config/ldap')).data).to.deep.include({ upndomain: REALM, token_ttl: 600 });
  });

  it('says that it is not configured (500)', async () => {
    await ask('POST', 'sys/auth/fresh', { type: 'kerberos' });
    const attempt = () => ask('PUT', 'auth/fresh/login', {}, { token: '' });
    expect(await attempt()).to.deep.include({ status: 500, errors: ['backend kerberos not configured'] });
    await ask('POST', 'auth/fresh/config', { keytab: keytab(), service_account: ACCOUNT });
    expect(await attempt()).to.deep.include({ status: 500, errors: ['ldap backend not configured'] });
    expect((await ask('GET', 'auth/fresh/config/ldap')).status).to.equal(404);
  });

  it('groups can be listed, read and removed; logins from elsewhere are a 403', async () => {
    expect((await ask('LIST', 'auth/kerberos/groups')).data).to.deep.equal({ keys: ['ops'] });
    expect((await ask('GET', 'auth/kerberos/groups/ops')).data).to.deep.equal({ policies: ['deploy', 'read'] });
    await ask('DELETE', 'auth/kerberos/groups/ops');
    expect((await ask('GET', 'auth/kerberos/groups/ops')).status).to.equal(404);
    expect((await login()).auth.policies).to.deep.equal(['base', 'default']);
    await ask('POST', 'auth/kerberos/config/ldap', { token_bound_cidrs: '10.0.0.0/8' });
    expect((await login()).status).to.equal(403);
  });
});
