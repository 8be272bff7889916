import { expect } from 'chai';
import { keyPair, openEnvelope, publicKeyOf, sealEnvelope, sharedKey } from '../../../core/auto-auth/dh.js';

const AGENT = Buffer.alloc(32, 0x11);
const CLIENT = Buffer.alloc(32, 0x22);
const NONCE = Buffer.from('000102030405060708090a0b', 'hex');
const agent = keyPair(AGENT);
const client = keyPair(CLIENT);

describe('auto-auth/dh', () => {
  it('computes the public keys, the shared secret and the derived key of the vector (R14)', () => {
    expect(agent.publicKey.toString('base64')).to.equal('e06Qm75//kTEZaIgA31gjuNYl9Me+XLwf3SJLLD3PxM=');
    expect(client.publicKey.toString('base64')).to.equal('D6poTtKIZ7l/Smot7l34zpdOdrcBjj8iocTPJnhXDyA=');
    expect(sharedKey(agent, client.publicKey, false).toString('hex')).to.equal(
      '9e004098efc091d4ec2663b4e9f5cfd4d7064571690b4bea97ab146ab9f35056',
    );
    expect(sharedKey(agent, client.publicKey, true).toString('hex')).to.equal(
      '803431d59e4b0602b56d6230f8e55206c3f8e66fd63a40c0c4436e96900b156d',
    );
  });

  const vectors = [
    { deriveKey: false, aad: '', payload: 'WMqO+ZLMiJsji0i/Zv9cWckt5nW8DRwOC/LQiIs=' },
    { deriveKey: false, aad: 'foobar', payload: 'WMqO+ZLMiJsji0i/ZmyDeYTCs6Jv7V/Sw2pHGcE=' },
    { deriveKey: true, aad: '', payload: 'ffH4Bph6y5RJCRxOoPSePAFmllq0Vm6NsIJB0kU=' },
    { deriveKey: true, aad: 'foobar', payload: 'ffH4Bph6y5RJCRxOoKeZaGpX9xb23/jmbnNuxck=' },
  ];
  for (const { deriveKey, aad, payload } of vectors) {
    it(`seals the vector with derive_key ${deriveKey} and aad "${aad}": keys in order, newline at the end (R14)`, () => {
      const options = { deriveKey, aad };
      const text = sealEnvelope('hvs.TESTTOKEN', { mine: agent, peer: client.publicKey }, options, NONCE);
      expect(text).to.equal(
        `{"curve25519_public_key":"e06Qm75//kTEZaIgA31gjuNYl9Me+XLwf3SJLLD3PxM=","nonce":"AAECAwQFBgcICQoL","encrypted_payload":"${payload}"}\n`,
      );
      expect(openEnvelope(text, CLIENT, options)).to.equal('hvs.TESTTOKEN');
    });
  }

  it('uses another nonce each time', () => {
    const seal = (): string =>
      sealEnvelope('x', { mine: agent, peer: client.publicKey }, { deriveKey: false, aad: '' });
    expect(seal()).not.to.equal(seal());
  });

  const good = sealEnvelope('x', { mine: agent, peer: client.publicKey }, { deriveKey: false, aad: '' });
  const refused: [string, () => unknown, RegExp][] = [
    ['another aad', () => openEnvelope(good, CLIENT, { deriveKey: false, aad: 'no' }), /cannot be opened/],
    ['another derive_key', () => openEnvelope(good, CLIENT, { deriveKey: true, aad: '' }), /cannot be opened/],
    [
      'another private key',
      () => openEnvelope(good, Buffer.alloc(32, 3), { deriveKey: false, aad: '' }),
      /cannot be opened/,
    ],
    [
      'a short private key',
      () => openEnvelope(good, Buffer.alloc(3), { deriveKey: false, aad: '' }),
      /32 bytes, not 3/,
    ],
    ['a text that is not JSON', () => openEnvelope('hvs.x', CLIENT, { deriveKey: false, aad: '' }), /not JSON/],
    [
      'JSON without the parts',
      () => openEnvelope('{}', CLIENT, { deriveKey: false, aad: '' }),
      /curve25519_public_key is missing/,
    ],
    ['null', () => openEnvelope('null', CLIENT, { deriveKey: false, aad: '' }), /is missing/],
    ['a public key of another length', () => publicKeyOf('AAAA'), /base64 of 32 bytes/],
    ['equal public keys', () => sharedKey(agent, agent.publicKey, true), /both public keys are the same/],
    ['an all-zero public key', () => sharedKey(agent, Buffer.alloc(32), false), /not usable/],
  ];
  for (const [what, act, message] of refused) {
    it(`refuses ${what} with a reason`, () =>
      expect(act).to.throw(message).with.property('code', 'SINK_ENCRYPT_FAILED'));
  }
});
