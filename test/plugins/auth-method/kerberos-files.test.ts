// Keytabs and krb5.conf: what is read, which key is chosen, and what is said about files that are no good.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, describeError } from '../../../core/sdk/index.js';
import { VirtualClock } from '../../../core/sdk/testing/virtual-clock.js';
import { chooseKeys, type Wanted } from '../../../plugins/auth-method/kerberos/choose-keys.js';
import { findKdcs, parseKdc } from '../../../plugins/auth-method/kerberos/kdc-address.js';
import { parseKeytab } from '../../../plugins/auth-method/kerberos/keytab.js';
import { linesOf, parseSections } from '../../../plugins/auth-method/kerberos/krb5-conf.js';
import { readSettings, type Krb5Settings } from '../../../plugins/auth-method/kerberos/krb5-settings.js';
import { parsePrincipal } from '../../../plugins/auth-method/kerberos/principal.js';
import { readKrb5Conf } from '../../../plugins/auth-method/kerberos/read-krb5-conf.js';
import { keytabFile, type KeytabLine } from '../../doubles/kdc-encode.js';
import { makeKey } from '../../doubles/kdc-seal.js';

const LIVE = new AbortController().signal;
const line = (name: string, etype: number, kvno = 1, realm = 'A.TEST'): KeytabLine => ({
  name,
  realm,
  kvno,
  key: makeKey(etype, [17, 18, 19, 20].includes(etype) ? undefined : Buffer.alloc(16, 1)),
});

describe('auth method kerberos: keytab (spec auth-wire 10.3)', () => {
  it('reads components, realm, version and key; holes of removed entries are passed over', () => {
    const lines = [line('app', 18, 3), line('HTTP/host.test', 17, 300)];
    for (const holes of [false, true]) {
      const entries = parseKeytab(keytabFile(lines, { holes }));
      expect(entries).to.deep.equal(
        lines.map(({ name, realm, kvno, key }) => ({ names: name.split('/'), realm, kvno, key })),
      );
    }
  });

  it('a version of 32 bits wins over the one of 8 bits, unless it is zero', () => {
    const file = keytabFile([line('app', 18, 7)]);
    expect(parseKeytab(file)[0]?.kvno).to.equal(7);
    file.writeUInt32BE(0, file.length - 4);
    expect(parseKeytab(file)[0]?.kvno).to.equal(7);
    file.writeUInt32BE(513, file.length - 4);
    expect(parseKeytab(file)[0]?.kvno).to.equal(513);
  });

  const BAD: readonly (readonly [string, Buffer, string])[] = [
    ['text', Buffer.from('[libdefaults]'), 'it is not a keytab'],
    ['one byte', Buffer.from([5]), 'it is not a keytab'],
    ['the old format', Buffer.from([5, 1, 0, 0]), 'it has keytab format 1; write it with a newer ktutil'],
    ['a cut file', keytabFile([line('app', 18)]).subarray(0, -9), 'its last entry is cut off'],
    ['an entry that lies about its size', Buffer.from([5, 2, 0, 0, 0, 2, 0, 1]), 'an entry of it is cut off'],
    ['a part longer than its entry', Buffer.from([5, 2, 0, 0, 0, 5, 0, 1, 255, 255, 1]), 'an entry of it is cut off'],
  ];
  for (const [what, bytes, why] of BAD) {
    it(`says of ${what}: ${why}`, () => expect(() => parseKeytab(bytes)).to.throw(why));
  }

  it('no cut and no changed byte crashes the reader or makes it hang', () => {
    const file = keytabFile([line('app', 18), line('app', 17)], { holes: true });
    for (let at = 0; at < file.length; at++) {
      const changed = Buffer.from(file);
      changed[at]! ^= 0xff;
      for (const bytes of [file.subarray(0, at), changed]) {
        try {
          expect(parseKeytab(bytes)).to.be.an('array');
        } catch (error) {
          expect((error as Error).constructor.name).to.equal('Error');
        }
      }
    }
  });
});

describe('auth method kerberos: which key', () => {
  const wanted = (name: string, more: Partial<Wanted> = {}): Wanted => ({
    user: parsePrincipal(name, 'A.TEST'),
    etypes: [18, 17, 20, 19],
    removeInstanceName: false,
    ...more,
  });
  const chosen = (lines: readonly KeytabLine[], what: Wanted): string[] =>
    chooseKeys(parseKeytab(keytabFile(lines)), what).map(({ key, kvno }) => `${String(key.etype)}/${String(kvno)}`);

  it('the best type first, of each type the highest version, of this user in this realm only', () => {
    const lines = [
      line('app', 17, 4),
      line('app', 18, 2),
      line('app', 18, 3),
      line('app', 18, 9, 'B.TEST'),
      line('x', 18, 9),
    ];
    expect(chosen(lines, wanted('app'))).to.deep.equal(['18/3', '17/4']);
    expect(chosen(lines, wanted('app', { etypes: [17, 18] }))).to.deep.equal(['17/4', '18/3']);
    expect(chosen(lines, wanted('app@B.TEST'))).to.deep.equal(['18/9']);
  });

  it('remove_instance_name compares the first component only', () => {
    const lines = [line('app/host.test', 18, 5)];
    expect(chosen(lines, wanted('app', { removeInstanceName: true }))).to.deep.equal(['18/5']);
    expect(() => chosen(lines, wanted('app'))).to.throw('no key of app@A.TEST; it has keys of app/host.test@A.TEST');
  });

  const REFUSED: readonly (readonly [string, readonly KeytabLine[], Partial<Wanted>, string])[] = [
    ['an empty keytab', [], {}, 'it holds no keys'],
    [
      'RC4 keys',
      [line('app', 23)],
      {},
      'its keys of app@A.TEST are arcfour-hmac (RC4) only, which is not secure enough',
    ],
    [
      'types that are not permitted',
      [line('app', 17)],
      { etypes: [18] },
      'are aes128-cts-hmac-sha1-96, which the Kerberos configuration does not permit',
    ],
    [
      'a key of another length',
      [{ ...line('app', 18), key: { etype: 18, bytes: Buffer.alloc(7) } }],
      {},
      'do not have the length of their type',
    ],
    [
      'many others',
      ['a', 'b', 'c', 'd', 'e'].map((name) => line(name, 18)),
      {},
      'it has keys of a@A.TEST, b@A.TEST, c@A.TEST and 2 more',
    ],
  ];
  for (const [what, lines, more, why] of REFUSED) {
    it(`refuses ${what} and says so`, () => expect(() => chosen(lines, wanted('app', more))).to.throw(why));
  }
});

describe('auth method kerberos: krb5.conf', () => {
  const settings = (text: string): Krb5Settings => readSettings(parseSections(linesOf(text, 'krb5.conf')));

  it('reads sections, nested braces, comments, quotes and final markers', () => {
    const text = [
      '# a comment',
      '[libdefaults]*',
      '  default_realm = A.TEST',
      '  ; another',
      '  ticket_lifetime = "2h"',
      '  forwardable = yes',
      '[realms]',
      '  A.TEST = {',
      '    kdc = one.test:88',
      '    auth_to_local_names = {',
      '      kdc = not.this.one',
      '    }',
      '    kdc* = two.test',
      '  }',
      '  B.TEST = { }',
      '[domain_realm]',
      '  .dev.test = B.TEST',
      '[libdefaults]',
      '  udp_preference_limit = 1',
    ].join('\r\n');
    const read = settings(text);
    expect(read).to.include({ lifetimeMs: 7_200_000, isForwardable: true, mayUseUdp: false, lookupKdc: true });
    expect([read.kdcsOf('A.TEST'), read.kdcsOf('B.TEST'), read.kdcsOf('C.TEST')]).to.deep.equal([
      ['one.test:88', 'two.test'],
      [],
      [],
    ]);
  });

  const LIFETIMES: readonly (readonly [string, number])[] = [
    ['36000', 36_000],
    ['24h', 86_400],
    ['1d 2h 3m 4s', 93_784],
    ['10:30', 37_800],
    ['0:0:5', 5],
  ];
  for (const [text, seconds] of LIFETIMES) {
    it(`ticket_lifetime ${text} is ${String(seconds)} s`, () =>
      expect(settings(`[libdefaults]\nticket_lifetime = ${text}`).lifetimeMs).to.equal(seconds * 1000));
  }

  it('encryption types: permitted ones bound the others; lists may take away', () => {
    const read = settings(
      '[libdefaults]\npermitted_enctypes = aes\ndefault_tkt_enctypes = aes128-cts rc4\ndefault_tgs_enctypes = DEFAULT -aes256-cts',
    );
    expect([read.etypes, read.tgsEtypes]).to.deep.equal([[17], [17, 20, 19]]);
    expect(settings('').etypes).to.deep.equal([18, 17, 20, 19]);
    expect(settings('[libdefaults]\npermitted_enctypes = aes256-sha2').etypes).to.deep.equal([20]);
  });

  it('finds the realm of a host by itself, then by its domains', () => {
    const read = settings('[domain_realm]\nvault.a.test = HOST\n.a.test = DOTTED\nb.test = PLAIN\nA.C.TEST = CASE');
    expect(
      ['vault.a.test', 'VAULT.A.TEST', 'x.a.test', 'x.y.b.test', 'a.c.test', 'none.test'].map((host) =>
        read.realmOf(host),
      ),
    ).to.deep.equal(['HOST', 'HOST', 'DOTTED', 'PLAIN', 'CASE', undefined]);
  });

  const BAD: readonly (readonly [string, string])[] = [
    ['default_realm = X', 'krb5.conf:1: there is no [section] yet'],
    ['[realms]\nA = {\n kdc = x', 'krb5.conf:3: a brace is not closed'],
    ['[realms]\nA = {\n[libdefaults]', 'krb5.conf:3: a brace is not closed before [libdefaults]'],
    ['[realms]\n}', 'krb5.conf:2: there is no brace to close'],
    ['[realms]\nA = { kdc = x }', 'krb5.conf:2: after a brace a new line must begin'],
    ['[realms]\nnonsense', 'krb5.conf:2: this line is neither a section nor "key = value"'],
    ['[libdefaults]\nticket_lifetime = soon', 'ticket_lifetime is not a duration'],
    ['[libdefaults]\nticket_lifetime = 0', 'ticket_lifetime must be longer than nothing'],
    [
      '[libdefaults]\npermitted_enctypes = rc4-hmac',
      'permitted_enctypes names no encryption type that is supported (AES only)',
    ],
  ];
  for (const [text, why] of BAD) it(`says: ${why}`, () => expect(() => settings(text)).to.throw(why));

  describe('from disk', () => {
    let dir = '';
    beforeEach(async () => {
      dir = await mkdtemp(join(tmpdir(), 'claviger-krb5-'));
    });
    afterEach(() => rm(dir, { recursive: true, force: true }));
    const path = (name: string): string => join(dir, name);
    const failure = async (name: string): Promise<string> => {
      const error: unknown = await readKrb5Conf(path(name), LIVE).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(AgentError);
      expect((error as AgentError).act).to.equal('fix-credential');
      return describeError(error);
    };

    it('include and includedir are read in their place; other files of the folder are not', async () => {
      await mkdir(path('d'));
      await writeFile(path('d/10-one'), '[realms]\nA.TEST = {\n kdc = one\n}\n');
      await writeFile(path('d/20.conf'), '[realms]\nA.TEST = {\n kdc = two\n}\n');
      await writeFile(path('d/old.bak'), 'nonsense');
      await writeFile(path('d/.hidden.conf'), 'nonsense');
      await writeFile(path('lib'), '[libdefaults]\nforwardable = true\n');
      await writeFile(
        path('krb5.conf'),
        `includedir ${path('d')}\ninclude ${path('lib')}\nincludedir ${path('absent')}\n`,
      );
      const read = await readKrb5Conf(path('krb5.conf'), LIVE);
      expect([read.kdcsOf('A.TEST'), read.isForwardable]).to.deep.equal([['one', 'two'], true]);
    });

    it('says what is wrong with a file that is missing, empty, a folder, wrong in a line, or includes itself (bad input)', async () => {
      expect(await failure('none')).to.match(/^AUTH_CREDENTIAL_MISSING: krb5conf_path: .*none does not exist/);
      await writeFile(path('empty'), '# nothing\n');
      expect(await failure('empty')).to.match(/^AUTH_CREDENTIAL_EMPTY: krb5conf_path: .*empty is empty/);
      await mkdir(path('folder'));
      expect(await failure('folder')).to.contain('it is a directory');
      await writeFile(path('wrong'), '[realms]\noops\n');
      expect(await failure('wrong')).to.match(/AUTH_CREDENTIAL_INVALID: .*wrong:2: this line is neither/);
      await writeFile(path('loop'), `include ${path('loop')}\n`);
      expect(await failure('loop')).to.contain('include each other too deeply');
      await writeFile(path('relative'), 'include other\n');
      expect(await failure('relative')).to.match(/relative:1 is not usable: what is included must be an absolute path/);
      await writeFile(path('dangling'), `include ${path('gone')}\n`);
      expect(await failure('dangling')).to.match(/AUTH_CREDENTIAL_MISSING.*gone/);
      await writeFile(path('large'), Buffer.alloc(2 * 1024 * 1024, 'x'));
      expect(await failure('large')).to.contain('larger than');
    });
  });
});

describe('auth method kerberos: where the KDCs are', () => {
  const clock = new VirtualClock();
  const settings = (text: string): Krb5Settings => readSettings(parseSections(linesOf(text, 'krb5.conf')));

  it('reads host, port, addresses and a fixed way', () => {
    expect(parseKdc('kdc.test', 'p')).to.deep.equal({ host: 'kdc.test', port: 88 });
    expect(parseKdc('kdc.test:750', 'p')).to.deep.equal({ host: 'kdc.test', port: 750 });
    expect(parseKdc('[::1]:750', 'p')).to.deep.equal({ host: '::1', port: 750 });
    expect(parseKdc('tcp/10.0.0.1', 'p')).to.deep.equal({ host: '10.0.0.1', port: 88, only: 'tcp' });
    for (const bad of ['https://proxy.test/KdcProxy', 'a:b', 'a:0', 'a:99999', '::1', ''])
      expect(() => parseKdc(bad, 'p'), bad).to.throw('is not host or host:port');
  });

  it('without kdc entries the SRV record tells, lowest priority first; otherwise DNS is not asked', async () => {
    const asked: string[] = [];
    const lookUp = async (name: string) => {
      asked.push(name);
      return [
        { name: 'b.test', port: 88, priority: 20 },
        { name: 'a.test', port: 750, priority: 10 },
      ];
    };
    const finding = { settings: settings('[libdefaults]\n'), path: 'p', clock, signal: LIVE, lookUp };
    expect(await findKdcs('A.TEST', finding)).to.deep.equal([
      { host: 'a.test', port: 750 },
      { host: 'b.test', port: 88 },
    ]);
    const written = settings('[realms]\nA.TEST = {\n kdc = one\n}\n');
    expect(await findKdcs('A.TEST', { ...finding, settings: written })).to.deep.equal([{ host: 'one', port: 88 }]);
    expect(asked).to.deep.equal(['_kerberos._tcp.A.TEST']);
  });

  it('says that there is no kdc, where DNS has none, is silent or may not be asked', async () => {
    const problem = async (text: string, lookUp: () => Promise<never[]>): Promise<string> => {
      const finding = { settings: settings(text), path: '/etc/krb5.conf', clock, signal: LIVE, lookUp };
      const found = findKdcs('A.TEST', finding).then(() => 'found', describeError);
      await clock.advance(2_000);
      return found;
    };
    expect(await problem('[libdefaults]\ndns_lookup_kdc = false', async () => [])).to.equal(
      'AUTH_CREDENTIAL_INVALID: krb5conf_path /etc/krb5.conf is not usable: it names no kdc for the realm A.TEST and dns_lookup_kdc is off',
    );
    const prefix =
      'SERVICE_UNREACHABLE: the KDC of A.TEST cannot be reached: /etc/krb5.conf names none, and the SRV record _kerberos._tcp.A.TEST was not found';
    expect(await problem('[libdefaults]', async () => [])).to.contain(`${prefix} (it has no records)`);
    expect(await problem('[libdefaults]', () => new Promise(() => undefined))).to.contain(
      `${prefix} (no answer within 2 s)`,
    );
  });
});
