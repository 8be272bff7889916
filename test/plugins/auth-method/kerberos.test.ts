// kerberos beyond the conformance suite: the whole exchange with a KDC that verifies, accepted by the dev server's acceptor; everything that can go wrong.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { VirtualClock } from '../../../core/sdk/testing/virtual-clock.js';
import { show } from '../../../core/sdk/testing/log-spy.js';
import { describeError } from '../../../core/sdk/index.js';
import { askForTgt } from '../../../plugins/auth-method/kerberos/as-exchange.js';
import { exchangeOf } from '../../../plugins/auth-method/kerberos/exchange-of.js';
import { parseKeytab } from '../../../plugins/auth-method/kerberos/keytab.js';
import { readKrb5Conf } from '../../../plugins/auth-method/kerberos/read-krb5-conf.js';
import { ENCTYPES, enctypeName } from '../../../plugins/auth-method/kerberos/enctypes.js';
import { makeKey } from '../../doubles/kdc-seal.js';
import { keytabFile } from '../../doubles/kdc-encode.js';
import type { KdcTrouble } from '../../doubles/kdc.js';
import { spellingsOf } from '../../scenario/collector.js';
import { until } from '../../scenario/until.js';
import { attempt, failed, KerberosRig, prepared, REALM, SERVICE, tokenOf } from './kerberos-rig.js';

const flipped = (bytes: Buffer, at: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed[at]! ^= 0x41;
  return changed;
};

describe('auth method kerberos', () => {
  let rig: KerberosRig;
  beforeEach(async () => {
    rig = await new KerberosRig().open();
  });
  afterEach(() => rig.close());
  const freePort = async (): Promise<number> => {
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  };
  const realmsOf = (...kdcs: readonly string[]): string =>
    `[libdefaults]\ndns_lookup_kdc = false\n[realms]\n${REALM} = {\n${kdcs.map((kdc) => `kdc = ${kdc}\n`).join('')}}\n`;

  describe('the login (spec auth-wire 10.2, 10.3)', () => {
    it('an empty body and one Authorization header, whose token proves the user', async () => {
      const plan = await rig.plan();
      expect(plan).to.include({ login: 'auth/kerberos/login' });
      expect(plan.body).to.deep.equal({});
      expect(plan.headers?.[0]).to.equal('Authorization');
      expect(plan.headers?.[1]).to.match(/^Negotiate [A-Za-z0-9+/]+=*$/);
      expect(plan.headers).to.have.length(2);
      expect(rig.accept(plan)).to.deep.equal({ client: 'app', realm: REALM });
    });

    it('a ticket, a proof and a token serve one attempt (5.6)', async () => {
      const method = await rig.method();
      const [one, two] = [await prepared(method), await prepared(method)];
      expect(tokenOf(one).equals(tokenOf(two))).to.equal(false);
      expect(rig.kdc.seen.map(({ type }) => type)).to.deep.equal(['as', 'tgs', 'as', 'tgs']);
      rig.accept(one);
      expect(() => rig.accept(one)).to.throw('KRB_AP_ERR_REPEAT');
      rig.accept(two);
    });

    for (const etype of ENCTYPES) {
      it(`works with keys of type ${enctypeName(etype)} for user, service and session`, async () => {
        rig.kdc.add('app', makeKey(etype));
        rig.kdc.add(SERVICE, makeKey(etype));
        rig.kdc.add(`krbtgt/${REALM}`, makeKey(etype));
        rig.kdc.etypes = [etype];
        rig.write('app.keytab', rig.kdc.keytab('app'));
        const plan = await rig.plan();
        expect(rig.accept(plan)).to.include({ client: 'app' });
        expect(plan.trail?.at(-1)?.outcome).to.contain(enctypeName(etype));
      });
    }

    it('tells in the trail what was read, which key it was and which KDC answered, and nothing of the key', async () => {
      const plan = await rig.plan();
      const from = `KDC tcp://127.0.0.1:${String(rig.kdc.port)}`;
      expect(plan.trail).to.deep.equal([
        { source: rig.path('krb5.conf'), outcome: 'read' },
        { source: rig.path('app.keytab'), outcome: 'read, app@A.TEST, aes256-cts-hmac-sha1-96, kvno 1' },
        { source: from, outcome: 'ticket for app@A.TEST' },
        { source: from, outcome: 'ticket for HTTP/vault.a.test@A.TEST, aes256-cts-hmac-sha1-96' },
      ]);
    });

    it('principals with an instance, a realm in the name, a port in the service', async () => {
      rig.kdc.add('app/host.a.test', makeKey(17));
      rig.kdc.add(`${SERVICE}:8200`, makeKey(17));
      rig.write('app.keytab', rig.kdc.keytab('app/host.a.test'));
      const plan = await rig.plan({ username: 'app/host.a.test@A.TEST', service: `${SERVICE}:8200` });
      const keytab = rig.kdc.keytab(`${SERVICE}:8200`);
      expect(rig.accept(plan, keytab, `${SERVICE}:8200`)).to.deep.equal({ client: 'app/host.a.test', realm: REALM });
    });

    it('the file is read for each login: a rotated keytab is used at once', async () => {
      const method = await rig.method();
      const before = await prepared(method);
      rig.kdc.add('app', makeKey(18));
      rig.write('app.keytab', rig.kdc.keytab('app'));
      const after = await prepared(method);
      expect(after.trail?.[1]?.outcome).to.contain('kvno 2');
      expect(rig.accept(after)).to.include({ client: 'app' });
      expect(before.credential?.equals(after.credential), 'the lock-out counts by the key').to.equal(false);
      expect((await prepared(method)).credential?.equals(after.credential)).to.equal(true);
    });

    it('asks for a confirmation of its request (FAST negotiation) unless told not to, and checks it', async () => {
      await rig.plan();
      await rig.plan({ disable_fast_negotiation: true });
      expect(rig.kdc.seen.filter(({ type }) => type === 'as').map(({ padata }) => padata)).to.deep.equal([
        [2, 149],
        [2],
      ]);
      rig.kdc.trouble = { kind: 'unconfirmed' };
      expect((await rig.failure()).text).to.contain('somebody has changed our request on its way');
      await rig.plan({ disable_fast_negotiation: true });
    });

    it('where the KDC has a key of another type only, it is asked once more with that one', async () => {
      const [long, short] = [makeKey(18), makeKey(17)];
      rig.kdc.add('app', short);
      rig.write('app.keytab', keytabFile([long, short].map((key) => ({ name: 'app', realm: REALM, kvno: 1, key }))));
      const plan = await rig.plan();
      expect(rig.kdc.seen.filter(({ type }) => type === 'as')).to.have.length(2);
      expect(plan.trail?.[1]?.outcome).to.contain('aes128-cts-hmac-sha1-96');
    });

    it('remove_instance_name finds the user under app/host (x-since 0.2.0)', async () => {
      const key = makeKey(18);
      rig.kdc.add('app', key);
      rig.write('app.keytab', keytabFile([{ name: 'app/host.a.test', realm: REALM, kvno: 1, key }]));
      expect((await rig.failure()).error.code).to.equal('AUTH_CREDENTIAL_INVALID');
      expect(rig.accept(await rig.plan({ remove_instance_name: true }))).to.include({ client: 'app' });
    });
  });

  describe('other realms', () => {
    const twoRealms = async (more = '') => {
      const other = await rig.realm('B.TEST');
      const shared = makeKey(18);
      rig.kdc.add('krbtgt/B.TEST', shared);
      other.add(`krbtgt/B.TEST@${REALM}`, shared);
      other.add('HTTP/vault.b.test', makeKey(18));
      const conf = rig.kdc.conf();
      rig.write('krb5.conf', `${conf}  B.TEST = {\n    kdc = 127.0.0.1:${String(other.port)}\n  }\n${more}`);
      return other;
    };

    it('a referral of the KDC is followed', async () => {
      const other = await twoRealms();
      rig.kdc.referrals.set('HTTP/vault.b.test', 'B.TEST');
      const plan = await rig.plan({ service: 'HTTP/vault.b.test' });
      expect(rig.accept(plan, other.keytab('HTTP/vault.b.test'), 'HTTP/vault.b.test')).to.deep.equal({
        client: 'app',
        realm: REALM,
      });
      expect(plan.trail?.at(-2)?.outcome).to.equal('referral to the realm B.TEST');
    });

    it('[domain_realm] leads to the realm of the service without asking for it at home', async () => {
      const other = await twoRealms('[domain_realm]\n  .b.test = B.TEST\n');
      const plan = await rig.plan({ service: 'HTTP/vault.b.test' });
      rig.accept(plan, other.keytab('HTTP/vault.b.test'), 'HTTP/vault.b.test');
      expect(rig.kdc.seen.map(({ service }) => service)).to.deep.equal([`krbtgt/${REALM}`, 'krbtgt/B.TEST']);
      expect(other.seen.map(({ service }) => service)).to.deep.equal(['HTTP/vault.b.test']);
    });

    it('referrals that lead nowhere end after five', async () => {
      const other = await twoRealms();
      const back = makeKey(18);
      other.add(`krbtgt/${REALM}`, back);
      rig.kdc.add(`krbtgt/${REALM}@B.TEST`, back);
      rig.kdc.referrals.set('HTTP/x.test', 'B.TEST');
      other.referrals.set('HTTP/x.test', REALM);
      const { error, text } = await rig.failure({ service: 'HTTP/x.test' });
      expect(error.code).to.equal('SERVICE_BAD_ANSWER');
      expect(text).to.contain('more than 5 referrals between realms for HTTP/x.test');
      expect(rig.kdc.seen.length + other.seen.length).to.be.at.most(7);
    });
  });

  describe('ways to the KDC', () => {
    it('KDCs are tried in order until one answers', async () => {
      const dead = await freePort();
      rig.write('krb5.conf', realmsOf(`127.0.0.1:${String(dead)}`, `127.0.0.1:${String(rig.kdc.port)}`));
      const { trail = [] } = await rig.plan();
      const [, , tcp, udp, ...granted] = trail;
      expect(tcp).to.deep.equal({
        source: `KDC tcp://127.0.0.1:${String(dead)}`,
        outcome: 'nobody listens there (ECONNREFUSED)',
      });
      expect(udp?.source).to.equal(`KDC udp://127.0.0.1:${String(dead)}`);
      const good = `KDC tcp://127.0.0.1:${String(rig.kdc.port)}`;
      // The second exchange asks the one that has answered before first.
      expect(granted.map(({ source }) => source)).to.deep.equal([good, good]);
    });

    it('UDP is used where TCP does not work, unless udp_preference_limit forbids it', async () => {
      await rig.close();
      rig = await new KerberosRig().open({ tcp: false, udp: true });
      const plan = await rig.plan();
      expect(rig.kdc.seen.map(({ over }) => over)).to.deep.equal(['udp', 'udp']);
      rig.accept(plan);
      rig.write('krb5.conf', rig.kdc.conf('udp_preference_limit = 1'));
      expect((await rig.failure()).text).to.match(/tcp:\/\/127.0.0.1:\d+: nobody listens there \(ECONNREFUSED\)/);
      rig.write('krb5.conf', rig.kdc.conf());
      rig.kdc.udpTooBig = true;
      expect((await rig.failure()).text).to.match(/udp:.*its answer does not fit into UDP \(error 52\)/);
    });

    it('a datagram that got lost is sent again each second', async () => {
      await rig.close();
      rig = await new KerberosRig().open({ tcp: false, udp: true });
      rig.kdc.trouble = { kind: 'silent' };
      const plan = rig.plan();
      await until('the question to be out', () => rig.fakes.clock.pending >= 2);
      await new Promise((resolve) => setImmediate(resolve));
      rig.kdc.trouble = undefined;
      await rig.fakes.clock.advance(1_000);
      rig.accept(await plan);
    });

    it('no KDC at all: each one that was tried is named with what came of it (bad input: absent)', async () => {
      const [one, two] = [await freePort(), await freePort()];
      rig.write('krb5.conf', realmsOf(`127.0.0.1:${String(one)}`, `tcp/127.0.0.1:${String(two)}`));
      const { error, text } = await rig.failure();
      expect([error.code, error.act]).to.deep.equal(['SERVICE_UNREACHABLE', 'wait']);
      expect(text).to.contain('the KDC of A.TEST cannot be reached');
      for (const from of [
        `tcp://127.0.0.1:${String(one)}`,
        `udp://127.0.0.1:${String(one)}`,
        `tcp://127.0.0.1:${String(two)}`,
      ])
        expect(text).to.contain(`${from}: nobody listens there`);
    });

    it('a name with several addresses is told with a reason too', async () => {
      rig.write('krb5.conf', realmsOf(`tcp/localhost:${String(await freePort())}`));
      expect((await rig.failure()).text).to.match(/tcp:\/\/localhost:\d+: nobody listens there \(ECONNREFUSED\)/);
    });

    it('no cut and no changed byte of an answer does harm: it is refused in words, or makes no difference', async () => {
      const keys = parseKeytab(rig.kdc.keytab('app'));
      const { clock } = rig.fakes;
      const { signal } = new AbortController();
      const path = rig.path('krb5.conf');
      const settings = await readKrb5Conf(path, signal);
      const whole = exchangeOf({ settings, path, clock, signal });
      const order = { user: { names: ['app'], realm: REALM }, keys, keytabPath: 'app.keytab', mayNegotiate: true };
      let size = 0;
      const measure = async (realm: string, message: Buffer) => {
        const answer = await whole.ask(realm, message);
        size = answer.bytes.length;
        return answer;
      };
      await askForTgt({ ...whole, ask: measure }, order);
      for (let index = 0; index < size; index += 11) {
        for (const spoil of [(bytes: Buffer) => bytes.subarray(0, index), (bytes: Buffer) => flipped(bytes, index)]) {
          const ask = async (realm: string, message: Buffer) => {
            const answer = await whole.ask(realm, message);
            return { ...answer, bytes: spoil(answer.bytes) };
          };
          const outcome = await askForTgt({ ...whole, ask }, order).then(() => 'granted', describeError);
          expect(outcome).to.match(/^(granted|SERVICE_BAD_ANSWER: |AUTH_CREDENTIAL_INVALID: )/);
        }
      }
    });

    it('a KDC that never answers costs three seconds over TCP and two over UDP (bad input: slow)', async () => {
      rig.write('krb5.conf', rig.kdc.conf('udp_preference_limit = 1'));
      rig.kdc.trouble = { kind: 'silent' };
      const failure = rig.failure();
      await until('the bound', () => rig.fakes.clock.nextInMs === 3_000);
      await rig.fakes.clock.advance(3_000);
      expect((await failure).text).to.contain('no answer within 3 s');
    });

    it('an abort ends it at once, with the reason', async () => {
      rig.kdc.trouble = { kind: 'silent' };
      const over = new AbortController();
      const method = await rig.method();
      const plan = method.prepare(attempt(over.signal)).catch((error: unknown) => error);
      await until('the bound', () => rig.fakes.clock.pending > 0);
      const reason = new Error('enough');
      over.abort(reason);
      expect(await plan).to.equal(reason);
      expect(rig.fakes.clock.pending).to.equal(0);
      expect(await method.prepare(attempt(over.signal)).catch((error: unknown) => error)).to.equal(reason);
    });

    const TROUBLES: readonly (readonly [KdcTrouble['kind'], RegExp])[] = [
      ['html', /what listens there does not speak Kerberos/],
      ['close', /closed the connection before its answer was whole/],
      ['cut', /closed the connection before its answer was whole/],
      ['garbage', /the answer of the KDC tcp:\/\/127\.0\.0\.1:\d+ is not usable: /],
      ['wrong-nonce', /it belongs to another request \(nonce\)/],
    ];
    for (const [kind, wanted] of TROUBLES) {
      it(`an answer that is ${kind} is told as such (bad input)`, async () => {
        rig.write('krb5.conf', rig.kdc.conf('udp_preference_limit = 1'));
        rig.kdc.trouble = { kind } as KdcTrouble;
        const { error, text } = await rig.failure();
        expect(error.act).to.equal('wait');
        expect(text).to.match(wanted);
      });
    }

    it('an answer that somebody changed on the way is not believed', async () => {
      rig.kdc.trouble = { kind: 'tampered' };
      expect((await rig.failure()).text).to.contain('cannot be opened with its key');
    });
  });

  describe('what the KDC refuses', () => {
    const ERRORS: readonly (readonly [number, string, RegExp])[] = [
      [
        6,
        'fix-credential',
        /the realm A\.TEST does not know app@A\.TEST \(Kerberos error 6\); check username and realm/,
      ],
      [7, 'wait', /does not know the service .* \(Kerberos error 7\); check service/],
      [12, 'wait', /its policy does not let app@A\.TEST do this/],
      [14, 'wait', /none of our encryption types.*permitted_enctypes/],
      [18, 'fix-credential', /app@A\.TEST is locked or disabled/],
      [23, 'fix-credential', /the password of app@A\.TEST has expired/],
      [24, 'fix-credential', /the key in the keytab is not the key of app@A\.TEST.*write a new keytab/],
      [25, 'wait', /it wants another proof than a key/],
      [31, 'fix-credential', /the keys do not fit each other/],
      [68, 'wait', /it does not serve the realm A\.TEST/],
      [60, 'wait', /it refuses with Kerberos error 60/],
    ];
    for (const [code, act, wanted] of ERRORS) {
      it(`error ${String(code)} is told in words, with what to do`, async () => {
        rig.kdc.trouble = { kind: 'error', code };
        const { error, text } = await rig.failure();
        expect([error.act, text]).to.satisfy(([got, said]: [string, string]) => got === act && wanted.test(said), text);
        expect(text).to.contain(`tcp://127.0.0.1:${String(rig.kdc.port)}`);
      });
    }

    it('a KDC that cannot serve now (29) is passed over for the next', async () => {
      const second = await rig.realm(REALM);
      rig.kdc.trouble = { kind: 'error', code: 29 };
      second.trouble = { kind: 'error', code: 6 };
      const addresses = [rig.kdc, second].map(({ port }) => `tcp/127.0.0.1:${String(port)}`);
      rig.write('krb5.conf', realmsOf(...addresses));
      expect((await rig.failure()).text).to.contain(
        `127.0.0.1:${String(second.port)} says: the realm A.TEST does not know`,
      );
      rig.write('krb5.conf', realmsOf(...addresses.slice(0, 1)));
      expect((await rig.failure()).text).to.contain('it says that it cannot serve now (error 29)');
    });

    it('what the KDC says itself is shown, printable and short', async () => {
      rig.kdc.trouble = { kind: 'error', code: 99, text: `odd\u0007 ${'x'.repeat(500)}` };
      const { text } = await rig.failure();
      expect(text).to.match(/Kerberos error 99: odd +x{190,196}\)?$/);
    });

    it('a service that nobody knows (wrong role)', async () => {
      const { error, text } = await rig.failure({ service: 'HTTP/other.a.test' });
      expect(error.code).to.equal('SERVICE_BAD_ANSWER');
      expect(text).to.contain('the realm A.TEST does not know the service HTTP/other.a.test@A.TEST (Kerberos error 7)');
    });

    it('clock skew: says how far the clocks are apart, and which one is ahead', async () => {
      const late = new VirtualClock(rig.fakes.clock.now() - 400_000);
      const skewed = await rig.realm(REALM, late);
      skewed.add('app', makeKey(18));
      rig.write('app.keytab', skewed.keytab('app'));
      rig.write('krb5.conf', skewed.conf());
      expect((await rig.failure()).text).to.match(
        /its clock is 400 s behind ours \(Kerberos error 37\); synchronise the clocks/,
      );
      late.jump(800_000);
      expect((await rig.failure()).text).to.contain('its clock is 400 s ahead of ours');
    });

    it('a wrong key is tried three times, then rests for 15 minutes or until the keytab changes (5.1)', async () => {
      const method = await rig.method();
      rig.kdc.add('app', makeKey(18));
      const old = keytabFile([{ name: 'app', realm: REALM, kvno: 1, key: makeKey(18) }]);
      rig.write('app.keytab', old);
      for (let time = 0; time < 3; time++) expect((await failed(method)).text).to.contain('Kerberos error 24');
      expect((await failed(method)).text).to.contain('refused its key 3 times; it is not tried again for 15 min');
      expect(rig.kdc.seen).to.have.length(3);
      rig.write('app.keytab', rig.kdc.keytab('app'));
      await prepared(method);
      rig.write('app.keytab', old);
      for (let time = 0; time < 4; time++) await failed(method);
      expect(rig.kdc.seen).to.have.length(3 + 2 + 3);
      await rig.fakes.clock.advance(15 * 60_000);
      expect((await failed(method)).text).to.contain('Kerberos error 24');
    });

    it('an outage is no refusal: it never makes the key rest', async () => {
      const method = await rig.method();
      rig.kdc.trouble = { kind: 'html' };
      for (let time = 0; time < 5; time++) expect((await failed(method)).error.act).to.equal('wait');
      rig.kdc.trouble = undefined;
      await prepared(method);
    });
  });

  describe('the keytab (bad input)', () => {
    const CASES: readonly (readonly [string, Buffer | string, RegExp])[] = [
      ['malformed', 'this is no keytab', /app\.keytab is not usable: it is not a keytab; write a keytab with AES keys/],
      ['empty', '', /^AUTH_CREDENTIAL_EMPTY: keytab_path: .*app\.keytab is empty/],
      [
        'of somebody else',
        keytabFile([{ name: 'bob', realm: REALM, kvno: 1, key: makeKey(18) }]),
        /it has keys of bob@A\.TEST/,
      ],
      [
        'of another realm',
        keytabFile([{ name: 'app', realm: 'X.TEST', kvno: 1, key: makeKey(18) }]),
        /it has no key of app@A\.TEST; it has keys of app@X\.TEST/,
      ],
      [
        'of RC4 keys',
        keytabFile([{ name: 'app', realm: REALM, kvno: 1, key: makeKey(23, Buffer.alloc(16, 7)) }]),
        /arcfour-hmac \(RC4\) only/,
      ],
    ];
    for (const [what, content, wanted] of CASES) {
      it(`${what}: the message says so, and no KDC is asked`, async () => {
        rig.write('app.keytab', content);
        const { error, text } = await rig.failure();
        expect([error.act, text]).to.satisfy(
          ([act, said]: [string, string]) => act === 'fix-credential' && wanted.test(said),
          text,
        );
        expect(rig.kdc.seen).to.deep.equal([]);
      });
    }

    it('no key, ticket or token shows in a message, a trail or the log (5.4)', async () => {
      const key = makeKey(18, Buffer.from('planted-kerberos-key-0123456789!'));
      rig.kdc.add('app', key);
      rig.write('app.keytab', rig.kdc.keytab('app'));
      const plan = await rig.plan();
      const said = [show(plan.trail), show(plan.credential), rig.fakes.log.text()];
      for (const kind of ['garbage', 'wrong-nonce', 'tampered', 'unconfirmed', 'html'] as const) {
        rig.kdc.trouble = { kind };
        const { error, text } = await rig.failure();
        said.push(text, show(error));
      }
      rig.kdc.trouble = undefined;
      rig.kdc.add('app', makeKey(18));
      said.push(show((await rig.failure()).error), rig.fakes.log.text());
      const planted = [...spellingsOf(key.bytes.toString()), tokenOf(plan).toString('base64').slice(40, 200)];
      for (const text of said) for (const spelling of planted) expect(text).to.not.contain(spelling);
    });
  });

  describe('hints for what the server refuses', () => {
    const HINTS: readonly (readonly [number, string[], RegExp])[] = [
      [401, ['authentication required'], /^tune auth\/kerberos with passthrough_request_headers=Authorization/],
      [401, ['KRB_AP_ERR_SKEW: clock skew with client too large'], /^synchronise the clocks/],
      [401, ['KRB_AP_ERR_REPEAT: replay detected'], /^the server has seen this ticket before/],
      [
        401,
        ['KRB_AP_ERR_NOKEY: no key in the keytab'],
        /^give auth\/kerberos a keytab with the present key \(kvno\) of HTTP/,
      ],
      [400, ['identity domain'], /upndomain of auth\/kerberos\/config\/ldap: it must be A\.TEST/],
      [403, [], /^check that auth\/kerberos is enabled/],
    ];
    for (const [status, errors, wanted] of HINTS) {
      it(`${String(status)} ${errors.join()}`, async () =>
        expect((await rig.method()).hint?.(status, errors)).to.match(wanted));
    }

    it('has nothing to say about other answers', async () =>
      expect((await rig.method()).hint?.(500, [])).to.equal(undefined));
  });
});
