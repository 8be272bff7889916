// The kerberos method against a real KDC of MIT: what the double says must be what a real one says. Skipped, by name, where none is installed.
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { askForTgt } from '../../../plugins/auth-method/kerberos/as-exchange.js';
import { callKdcs } from '../../../plugins/auth-method/kerberos/kdc-call.js';
import { parseKeytab } from '../../../plugins/auth-method/kerberos/keytab.js';
import { readKrb5Conf } from '../../../plugins/auth-method/kerberos/read-krb5-conf.js';
import { describeError } from '../../../core/sdk/index.js';
import { VirtualClock } from '../../../core/sdk/testing/virtual-clock.js';
import { keytabFile } from '../../doubles/kdc-encode.js';
import { makeKey } from '../../doubles/kdc-seal.js';
import { MitKdc, mitKdcMissing } from '../../doubles/mit-kdc.js';
import { KerberosRig, prepared, tokenOf } from './kerberos-rig.js';

const ACCOUNT = 'HTTP/vault.mit.test';
const missing = mitKdcMissing();
const suite = missing === undefined ? describe : describe.skip;

suite(`auth method kerberos: with a KDC of MIT${missing === undefined ? '' : ` (skipped: ${missing})`}`, function () {
  this.timeout(20_000);
  let kdc: MitKdc;
  let serviceKeys: Buffer;
  let rig: KerberosRig;

  before(async () => {
    kdc = new MitKdc('MIT.TEST');
    await kdc.start();
    serviceKeys = await kdc.add(ACCOUNT);
  });
  after(() => kdc.close());
  beforeEach(() => {
    rig = new KerberosRig(Date.now());
    rig.write('krb5.conf', kdc.conf());
  });
  afterEach(() => rig.close());
  const settings = (username: string, more: object = {}) => ({ username, service: ACCOUNT, realm: kdc.realm, ...more });

  const TYPES = ['aes256-cts', 'aes128-cts', 'aes256-sha2', 'aes128-sha2'];
  for (const enctype of TYPES) {
    it(`logs in with a key of type ${enctype}, over TCP and over UDP`, async () => {
      const user = `app-${enctype}`;
      rig.write('app.keytab', await kdc.add(user, enctype));
      for (const way of ['tcp/', 'udp/']) {
        rig.write('krb5.conf', kdc.conf('', way));
        const plan = await rig.plan(settings(user));
        expect(rig.accept(plan, serviceKeys, ACCOUNT)).to.deep.equal({ client: user, realm: kdc.realm });
        expect(plan.trail?.[2]?.source).to.equal(`KDC ${way.slice(0, 3)}://127.0.0.1:${String(kdc.port)}`);
      }
    });
  }

  for (const enctype of TYPES) {
    it(`session keys and service keys of type ${enctype}`, async () => {
      const service = `HTTP/${enctype}.mit.test`;
      const keys = await kdc.add(service, enctype);
      rig.write('app.keytab', await kdc.add(`user-of-${enctype}`));
      rig.write('krb5.conf', kdc.conf(`default_tgs_enctypes = ${enctype}`));
      const plan = await rig.plan({ ...settings(`user-of-${enctype}`), service });
      expect(rig.accept(plan, keys, service)).to.include({ client: `user-of-${enctype}` });
    });
  }

  it('each attempt has a ticket of its own (5.6); a new key is used from the next attempt on', async () => {
    rig.write('app.keytab', await kdc.add('rotating'));
    const method = await rig.method(settings('rotating'));
    const [one, two] = [await prepared(method), await prepared(method)];
    expect(tokenOf(one).equals(tokenOf(two))).to.equal(false);
    const next = await kdc.rekey('rotating');
    expect((await rig.failure(settings('rotating'))).text).to.match(
      /not the key of rotating@MIT\.TEST \(Kerberos error 24/,
    );
    rig.write('app.keytab', next);
    for (const plan of [one, two, await prepared(method)]) rig.accept(plan, serviceKeys, ACCOUNT);
  });

  it('instances, ports and a service that has an alias realm', async () => {
    rig.write('app.keytab', await kdc.add('app/host.mit.test'));
    const service = `${ACCOUNT}:8200`;
    const keys = await kdc.add(service);
    const plan = await rig.plan({ ...settings('app/host.mit.test'), service: `${service}@MIT.TEST` });
    expect(rig.accept(plan, keys, service)).to.include({ client: 'app/host.mit.test' });
  });

  it('what it refuses reads as with the double: unknown user 6, unknown service 7, wrong key 24, clock skew 37', async () => {
    const keytab = await kdc.add('refused');
    const nobody = { name: 'nobody', realm: kdc.realm, kvno: 1, key: makeKey(18) };
    rig.write('app.keytab', keytabFile([nobody, { ...nobody, name: 'refused' }]));
    expect((await rig.failure(settings('nobody'))).text).to.contain('does not know nobody@MIT.TEST (Kerberos error 6');
    expect((await rig.failure(settings('refused'))).text).to.contain('(Kerberos error 24');
    rig.write('app.keytab', keytab);
    const unknown = { ...settings('refused'), service: 'HTTP/unknown.test' };
    expect((await rig.failure(unknown)).text).to.contain(
      'does not know the service HTTP/unknown.test@MIT.TEST (Kerberos error 7',
    );
    rig.fakes.clock.jump(600_000);
    expect((await rig.failure(settings('refused'))).text).to.match(
      /its clock is \d{3} s behind ours \(Kerberos error 37/,
    );
  });

  it('a request that was changed on its way is noticed, because the KDC confirms what it has seen', async () => {
    const keytab = rig.write('app.keytab', await kdc.add('confirmed'));
    const clock = new VirtualClock(Date.now());
    const { signal } = new AbortController();
    const conf = await readKrb5Conf(rig.path('krb5.conf'), signal);
    const kdcs = [{ host: '127.0.0.1', port: kdc.port }];
    const changed = (message: Buffer): Buffer => {
      const text = message.toString('latin1');
      const seconds = text.search(/\d{14}Z/) + 13;
      return Buffer.from(
        `${text.slice(0, seconds)}${text[seconds] === '1' ? '2' : '1'}${text.slice(seconds + 1)}`,
        'latin1',
      );
    };
    const askWith = (mangle: (message: Buffer) => Buffer, mayNegotiate: boolean): Promise<string> => {
      const call = { realm: kdc.realm, kdcs, mayUseUdp: false, clock, signal };
      const exchange = {
        settings: conf,
        clock,
        ask: (_realm: string, message: Buffer) => callKdcs(call, mangle(message)),
      };
      const keys = parseKeytab(readFileSync(keytab));
      const order = { user: { names: ['confirmed'], realm: kdc.realm }, keys, keytabPath: keytab, mayNegotiate };
      return askForTgt(exchange, order).then(() => 'granted', describeError);
    };
    expect(await askWith((message) => message, true)).to.equal('granted');
    expect(await askWith(changed, true)).to.contain('somebody has changed our request on its way');
    expect(await askWith(changed, false)).to.equal('granted');
  });
});
