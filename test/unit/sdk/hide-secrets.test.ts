import { expect } from 'chai';
import { Secret } from '../../../core/sdk/index.js';
import { hideSecrets } from '../../../core/sdk/hide-secrets.js';

const SECRET = 'pl"nted/s&cr<t>+~*ü';
const bytes = Buffer.from(SECRET);

describe('hideSecrets (5.4)', () => {
  const spellings: readonly [what: string, spelling: string][] = [
    ['raw', SECRET],
    ['in JSON', JSON.stringify(SECRET).slice(1, -1)],
    ['in JSON as Go writes it', 'pl\\"nted/s\\u0026cr\\u003ct\\u003e+~*ü'],
    ['in a URL', encodeURIComponent(SECRET)],
    ['in a URL with small digits', encodeURIComponent(SECRET).toLowerCase()],
    ['in a form', new URLSearchParams({ a: SECRET }).toString().slice(2)],
    ['base64', bytes.toString('base64')],
    ['base64url', bytes.toString('base64url')],
    ['hex', bytes.toString('hex')],
    ['hex with large digits', bytes.toString('hex').toUpperCase()],
  ];
  for (const [what, spelling] of spellings)
    it(`masks a secret ${what}`, () => {
      expect(hideSecrets(`a ${spelling} b`, [new Secret(SECRET)])).to.match(/^a \[secret\]=* b$/);
    });

  it('masks the longest first, and leaves what is too short to be one', () => {
    const secrets = ['planted', 'planted-long', 'abc'].map((text) => new Secret(text));
    expect(hideSecrets('planted-long planted abc', secrets)).to.equal('[secret] [secret] abc');
  });
});
