// The published vectors of Kerberos cryptography, against the plugin, and against the dev server's code that shares nothing with it.
import { expect } from 'chai';
import { foldBits, keyedChecksum, openSealed } from '../../../core/dev-server/auth/kerberos-crypto.js';
import { ctsDecrypt, ctsEncrypt } from '../../../plugins/auth-method/kerberos/aes-cts.js';
import { deriveKey } from '../../../plugins/auth-method/kerberos/enctype-sha1.js';
import { deriveKeySha2, encryptSha2 } from '../../../plugins/auth-method/kerberos/enctype-sha2.js';
import {
  checksum,
  decrypt,
  encrypt,
  ENCTYPES,
  enctypeName,
  enctypesNamed,
  isUsable,
} from '../../../plugins/auth-method/kerberos/enctypes.js';
import { nFold } from '../../../plugins/auth-method/kerberos/n-fold.js';
import { makeKey, seal } from '../../doubles/kdc-seal.js';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');

// RFC 3961, A.1
const FOLDS: readonly (readonly [bits: number, input: string, output: string])[] = [
  [64, '012345', 'be072631276b1955'],
  [56, 'password', '78a07b6caf85fa'],
  [64, 'Rough Consensus, and Running Code', 'bb6ed30870b7f0e0'],
  [168, 'password', '59e4a8ca7c0385c3c37b3f6d2000247cb6e6bd5b3e'],
  [192, 'MASSACHVSETTS INSTITVTE OF TECHNOLOGY', 'db3b0d8f0b061e603282b308a50841229ad798fab9540c1b'],
  [168, 'Q', '518a54a215a8452a518a54a215a8452a518a54a215'],
  [168, 'ba', 'fb25d531ae8974499f52fd92ea9857c4ba24cf297e'],
  [64, 'kerberos', '6b65726265726f73'],
  [128, 'kerberos', '6b65726265726f737b9b5b2b93132b93'],
  [168, 'kerberos', '8372c236344e5f1550cd0747e15d62ca7a5a3bcea4'],
  [256, 'kerberos', '6b65726265726f737b9b5b2b93132b935c9bdcdad95c9899c4cae4dee6d6cae4'],
];

// RFC 3962, B, with the key "chicken teriyaki"
const STOLEN: readonly (readonly [length: number, output: string])[] = [
  [17, 'c6353568f2bf8cb4d8a580362da7ff7f97'],
  [31, 'fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5'],
  [32, '39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584'],
  [47, '97687268d6ecccc0c07b25e25ecfe584b3fffd940c16a18c1b5549d2f838029e39312523a78662d5be7fcbcc98ebf5'],
  [48, '97687268d6ecccc0c07b25e25ecfe5849dad8bbb96c4cdc03bc103e1a194bbd839312523a78662d5be7fcbcc98ebf5a8'],
  [
    64,
    '97687268d6ecccc0c07b25e25ecfe58439312523a78662d5be7fcbcc98ebf5a84807efe836ee89a526730dbc2f7bc8409dad8bbb96c4cdc03bc103e1a194bbd8',
  ],
];
const MENU = "I would like the General Gau's Chicken, please, and wonton soup.";

const KEY_128 = hex('3705D96080C17728A0E800EAB6E0D23C');
const KEY_256 = hex('6D404D37FAF79F9DF0D33568D320669800EB4836472EA8A026D16B7182460C52');
const COUNTED = hex('000102030405060708090A0B0C0D0E0F1011121314');

// RFC 8009, A: the sample encryptions with usage 2
const SEALED: readonly (readonly [key: Buffer, length: number, confounder: string, output: string])[] = [
  [KEY_128, 0, '7E5895EAF2672435BAD817F545A37148', 'EF85FB890BB8472F4DAB20394DCA781DAD877EDA39D50C870C0D5A0A8E48C718'],
  [
    KEY_128,
    6,
    '7BCA285E2FD4130FB55B1A5C83BC5B24',
    '84D7F30754ED987BAB0BF3506BEB09CFB55402CEF7E6877CE99E247E52D16ED4421DFDF8976C',
  ],
  [
    KEY_128,
    16,
    '56AB21713FF62C0A1457200F6FA9948F',
    '3517D640F50DDC8AD3628722B3569D2AE07493FA8263254080EA65C1008E8FC295FB4852E7D83E1E7C48C37EEBE6B0D3',
  ],
  [
    KEY_128,
    21,
    'A7A4E29A4728CE10664FB64E49AD3FAC',
    '720F73B18D9859CD6CCB4346115CD336C70F58EDC0C4437C5573544C31C813BCE1E6D072C186B39A413C2F92CA9B8334A287FFCBFC',
  ],
  [
    KEY_256,
    0,
    'F764E9FA15C276478B2C7D0C4E5F58E4',
    '41F53FA5BFE7026D91FAF9BE959195A058707273A96A40F0A01960621AC612748B9BBFBE7EB4CE3C',
  ],
  [
    KEY_256,
    6,
    'B80D3251C1F6471494256FFE712D0B9A',
    '4ED7B37C2BCAC8F74F23C1CF07E62BC7B75FB3F637B9F559C7F664F69EAB7B6092237526EA0D1F61CB20D69D10F2',
  ],
  [
    KEY_256,
    16,
    '53BF8A0D105265D4E276428624CE5E63',
    'BC47FFEC7998EB91E8115CF8D19DAC4BBBE2E163E87DD37F49BECA92027764F68CF51F14D798C2273F35DF574D1F932E40C4FF255B36A266',
  ],
  [
    KEY_256,
    21,
    '763E65367E864F02F55153C7E3B58AF1',
    '40013E2DF58E8751957D2878BCD2D6FE101CCFD556CB1EAE79DB3C3EE86429F2B2A602AC86FEF6ECB647D6295FAE077A1FEB517508D2C16B4192E01F62',
  ],
];

describe('auth method kerberos: cryptography (spec auth-wire 10.3)', () => {
  for (const [bits, input, output] of FOLDS) {
    it(`n-fold("${input}", ${String(bits)}) is the vector of RFC 3961`, () => {
      expect(nFold(Buffer.from(input), bits / 8).toString('hex')).to.equal(output);
      expect(foldBits(Buffer.from(input), bits).toString('hex')).to.equal(output);
    });
  }

  for (const [length, output] of STOLEN) {
    it(`AES-CTS of ${String(length)} bytes under "chicken teriyaki" is the vector of RFC 3962, and opens again`, () => {
      const [key, plain] = [Buffer.from('chicken teriyaki'), Buffer.from(MENU.slice(0, length))];
      expect(ctsEncrypt(key, plain).toString('hex')).to.equal(output);
      expect(ctsDecrypt(key, hex(output))).to.deep.equal(plain);
    });
  }

  it('AES-CTS of one block is the block, of less nothing', () => {
    const key = Buffer.from('chicken teriyaki');
    const block = Buffer.alloc(16, 'x');
    expect(ctsDecrypt(key, ctsEncrypt(key, block))).to.deep.equal(block);
    expect(() => ctsEncrypt(key, Buffer.alloc(15))).to.throw('too short');
    expect(() => ctsDecrypt(key, Buffer.alloc(15))).to.throw('too short');
  });

  it('DK makes the keys of RFC 3962 (string to key, 1 iteration) out of what PBKDF2 gives', () => {
    const long = hex('cdedb5281bb2f801565a1122b25635150ad1f7a04bb9f3a333ecc0e2e1f70837');
    const constant = Buffer.from('kerberos');
    expect(deriveKey(long.subarray(0, 16), constant).toString('hex')).to.equal('42263c6e89f4fc28b8df68ee09799f15');
    expect(deriveKey(long, constant).toString('hex')).to.equal(
      'fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161',
    );
  });

  const PURPOSES: readonly (readonly [string, Buffer, number, number, string])[] = [
    ['Kc of 128 bits', KEY_128, 0x99, 16, 'B31A018A48F54776F403E9A396325DC3'],
    ['Ke of 128 bits', KEY_128, 0xaa, 16, '9B197DD1E8C5609D6E67C3E37C62C72E'],
    ['Ki of 128 bits', KEY_128, 0x55, 16, '9FDA0E56AB2D85E1569A688696C26A6C'],
    ['Kc of 256 bits', KEY_256, 0x99, 24, 'EF5718BE86CC84963D8BBB5031E9F5C4BA41F28FAF69E73D'],
    ['Ke of 256 bits', KEY_256, 0xaa, 32, '56AB22BEE63D82D7BC5227F6773F8EA7A5EB1C825160C38312980C442E5C7E49'],
    ['Ki of 256 bits', KEY_256, 0x55, 24, '69B16514E3CD8E56B82010D5C73012B622C4D00FFC23ED1F'],
  ];
  for (const [name, base, purpose, size, output] of PURPOSES) {
    it(`${name} is the vector of RFC 8009`, () => {
      const label = Buffer.from([0, 0, 0, 2, purpose]);
      expect(deriveKeySha2(base, label, size)).to.deep.equal(hex(output));
    });
  }

  for (const [key, length, confounder, output] of SEALED) {
    const etype = key === KEY_128 ? 19 : 20;
    it(`${enctypeName(etype)} of ${String(length)} bytes is the vector of RFC 8009, and opens again`, () => {
      const plain = COUNTED.subarray(0, length);
      expect(encryptSha2(key, 2, plain, hex(confounder)).toString('hex')).to.equal(output.toLowerCase());
      expect(decrypt({ etype, bytes: key }, 2, hex(output))).to.deep.equal(plain);
      expect(openSealed({ etype, bytes: key }, 2, hex(output))).to.deep.equal(plain);
    });
  }

  it('checksums are the vectors of RFC 8009', () => {
    const rows = [
      [19, KEY_128, 'D78367186643D67B411CBA9139FC1DEE'],
      [20, KEY_256, '45EE791567EEFCA37F4AC1E0222DE80D43C3BFA06699672A'],
    ] as const;
    for (const [etype, bytes, output] of rows) {
      expect(checksum({ etype, bytes }, 2, COUNTED)).to.deep.equal({ type: etype, bytes: hex(output) });
      expect(keyedChecksum({ etype, bytes }, 2, COUNTED)).to.deep.equal(hex(output));
    }
  });

  for (const etype of ENCTYPES) {
    it(`${enctypeName(etype)}: plugin and dev server open what the other side has sealed, and nothing that was changed`, () => {
      const key = makeKey(etype);
      for (const length of [1, 15, 16, 17, 32, 100, 1000]) {
        const plain = Buffer.alloc(length, 'kerberos');
        const ours = encrypt(key, 7, plain);
        expect(openSealed(key, 7, ours)).to.deep.equal(plain);
        expect(decrypt(key, 7, seal(key, 7, plain))).to.deep.equal(plain);
        expect(encrypt(key, 7, plain).equals(ours), 'the confounder is fresh').to.equal(false);
        for (const at of [0, ours.length - 1]) {
          const changed = Buffer.from(ours);
          changed[at]! ^= 1;
          expect(decrypt(key, 7, changed)).to.equal(undefined);
        }
        expect(decrypt(key, 8, ours)).to.equal(undefined);
        expect(decrypt(makeKey(etype), 7, ours)).to.equal(undefined);
      }
      expect(decrypt(key, 7, Buffer.alloc(10))).to.equal(undefined);
      expect(checksum(key, 6, Buffer.from('x')).bytes).to.deep.equal(keyedChecksum(key, 6, Buffer.from('x')));
    });
  }

  it('knows names, aliases and families of krb5.conf, and refuses RC4 and keys of another length', () => {
    expect(enctypesNamed('AES256-CTS-HMAC-SHA1-96')).to.deep.equal([18]);
    expect([enctypesNamed('aes128-cts'), enctypesNamed('aes256-sha2')]).to.deep.equal([[17], [20]]);
    expect(enctypesNamed('aes')).to.deep.equal([...ENCTYPES]);
    expect(enctypesNamed('rc4')).to.deep.equal([]);
    expect(enctypeName(23)).to.equal('arcfour-hmac (RC4)');
    expect(enctypeName(99)).to.equal('encryption type 99');
    expect(isUsable({ etype: 18, bytes: Buffer.alloc(16) })).to.equal(false);
    expect(() => encrypt({ etype: 23, bytes: Buffer.alloc(16) }, 1, Buffer.alloc(1))).to.throw('RC4');
  });
});
