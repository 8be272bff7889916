// Whose a store is.
import { expect } from 'chai';
import { storeOwner } from '../../../core/boot/store-owner.js';
import type { AgentConfig } from '../../../core/contracts/agent-config.js';

type Given = Pick<AgentConfig, 'vault' | 'identities'>;

function config(settings: object, vault: object = {}): Given {
  const method = { type: 'approle', mountPath: 'auth/approle', namespace: '', settings };
  return {
    vault: { address: 'http://a', namespace: '', ...vault },
    identities: [{ name: 'default', method }],
  } as unknown as Given;
}

describe('boot: whose a store is', () => {
  it('R-7 agents that share a store may keep their role ids in different places', () => {
    const [a, b] = ['/etc/a/role-id', '/etc/b/role-id'].map((path) => config({ role_id_file_path: path }));
    expect(storeOwner(a!, true)).to.equal(storeOwner(b!, true));
    expect(storeOwner(a!, false)).to.not.equal(storeOwner(b!, false));
  });

  for (const shared of [true, false]) {
    it(`R-15 another role, address or namespace is another owner (${shared ? 'shared' : 'alone'})`, () => {
      const own = storeOwner(config({ role: 'app' }), shared);
      expect(storeOwner(config({ role: 'app' }), shared)).to.equal(own);
      for (const other of [config({ role: 'web' }), config({ role: 'app' }, { address: 'http://b' })])
        expect(storeOwner(other, shared)).to.not.equal(own);
      expect(storeOwner(config({ role: 'app' }, { namespace: 'team/' }), shared)).to.not.equal(own);
    });
  }

  it('the order of the addresses does not matter', () => {
    const [a, b] = [
      ['http://a', 'http://b'],
      ['http://b', 'http://a'],
    ].map((addresses) => config({}, { addresses }));
    expect(storeOwner(a!, false)).to.equal(storeOwner(b!, false));
  });
});
