// Secret settings become `Secret` after validation, and nothing else does.
import { expect } from 'chai';
import { sealSecrets } from '../../../core/config/seal-secrets.js';
import type { Schema } from '../../../core/config/schema.js';
import { Secret } from '../../../core/sdk/index.js';
import { check } from './checking.js';

const SCHEMA: Schema = {
  properties: {
    user: { type: 'string' },
    secret_id: { type: 'string', 'x-secret': true },
    pins: { type: 'array', items: { type: 'string', 'x-secret': true } },
    nested: { type: 'object', properties: { key: { $ref: '#/$defs/secret' } } },
    headers: { type: 'object', 'x-secret': true },
    token_path: { type: 'string' },
    count: { type: 'integer', 'x-secret': true },
  },
  $defs: { secret: { type: 'string', 'x-secret': true } },
};

const shown = (settings: object): unknown => JSON.parse(JSON.stringify(sealSecrets(settings, SCHEMA)));

describe('sealing secret settings', () => {
  it('wraps marked texts to any depth, behind references, in lists and in marked maps', () => {
    const settings = {
      user: 'bob',
      secret_id: 'a',
      pins: ['1', '2'],
      nested: { key: 'b' },
      headers: { any: { deep: 'c' } },
      count: 3,
    };
    expect(shown(settings)).to.deep.equal({
      user: 'bob',
      secret_id: '[secret]',
      pins: ['[secret]', '[secret]'],
      nested: { key: '[secret]' },
      headers: { any: { deep: '[secret]' } },
      count: 3,
    });
  });

  it('keeps the text for those who need it, and leaves empty texts and absent settings as they are', () => {
    const settings: Record<string, unknown> = { secret_id: 'a' };
    const sealed = sealSecrets(settings, SCHEMA);
    expect(sealed.secret_id).to.be.instanceOf(Secret);
    expect((sealed.secret_id as Secret).reveal()).to.equal('a');
    expect(shown({ secret_id: '', pins: [] })).to.deep.equal({ secret_id: '', pins: [] });
    expect(shown({ secret_id: undefined })).to.deep.equal({});
  });

  it('wraps unknown keys that sound secret or are near a secret one, not those that name a place', () => {
    const unknown = { secret_idd: 'a', scret_id: 'b', password: 'c', password_file: '/p', colour: 'red' };
    expect(shown(unknown)).to.deep.equal({
      secret_idd: '[secret]',
      scret_id: '[secret]',
      password: '[secret]',
      password_file: '/p',
      colour: 'red',
    });
  });

  it('__proto__ is a key as any other', () => {
    const settings = JSON.parse('{"__proto__": {"secret_id": "a"}}') as object;
    expect(JSON.stringify(sealSecrets(settings, SCHEMA))).to.equal('{"__proto__":{"secret_id":"[secret]"}}');
  });

  it('holds for what reaches the plugin: inline values of approle are Secrets in a frozen configuration', async () => {
    const { config } = await check(
      'auto_auth { method "approle" { config = { role_id = "r" secret_id = "s" } } sink "file" { config = { path = "/t" } } }',
    );
    const settings = config?.identities[0]?.method.settings;
    expect(settings?.secret_id).to.be.instanceOf(Secret);
    expect(settings?.role_id).to.be.instanceOf(Secret);
    expect(Object.isFrozen(settings)).to.equal(true);
  });
});
