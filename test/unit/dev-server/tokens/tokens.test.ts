// Tokens over their lives: use, renewal, revocation, families.
import { expect } from 'chai';
import { rig, type Ask } from '../auth/rig.js';

async function token(ask: Ask, body: Record<string, unknown>, by = 'root'): Promise<string> {
  const answer = await ask('POST', 'auth/token/create', { policies: ['default'], ttl: '10m', ...body }, { token: by });
  expect(answer.errors).to.deep.equal([]);
  return answer.auth.client_token;
}

const alive = async (ask: Ask, id: string): Promise<boolean> =>
  (await ask('GET', 'sys/internal/ui/mounts', undefined, { token: id })).status === 200;

describe('dev server: tokens', () => {
  it('die when their time is over, not before', async () => {
    const { ask, clock } = rig();
    const id = await token(ask, { ttl: '10s' });
    await clock.advance(9_999);
    expect(await alive(ask, id)).to.equal(true);
    await clock.advance(1);
    expect(await alive(ask, id)).to.equal(false);
    expect((await ask('GET', 'auth/token/lookup-self', undefined, { token: id })).errors).to.deep.equal([
      'permission denied',
    ]);
  });

  it('a child that reports 600 s dies with its 4 s parent; an orphan lives', async () => {
    const { ask, clock } = rig();
    const parent = await token(ask, { policies: ['root'], ttl: '4s' });
    const child = await token(ask, {}, parent);
    const orphan = await token(ask, { no_parent: true }, parent);
    const shown = await ask('GET', 'auth/token/lookup-self', undefined, { token: child });
    expect(shown.data['ttl']).to.equal(600);
    await clock.advance(4_000);
    expect([await alive(ask, child), await alive(ask, orphan)]).to.deep.equal([false, true]);
  });

  it('revoke-orphan spares the children, revoke takes them', async () => {
    const { ask } = rig();
    const first = await token(ask, { policies: ['root'] });
    const spared = await token(ask, {}, first);
    await ask('POST', 'auth/token/revoke-orphan', { token: first });
    expect([await alive(ask, first), await alive(ask, spared)]).to.deep.equal([false, true]);
    const second = await token(ask, { policies: ['root'] });
    const taken = await token(ask, {}, second);
    await ask('POST', 'auth/token/revoke', { token: second });
    expect(await alive(ask, taken)).to.equal(false);
  });

  it('renew-self near the maximum gives what is left: 6, 3, 1 s, each 200 and renewable', async () => {
    const { ask, clock } = rig();
    const id = await token(ask, { ttl: '6s', explicit_max_ttl: '10s' });
    const left: number[] = [];
    for (const step of [4_000, 3_000, 2_000]) {
      await clock.advance(step);
      const answer = await ask('POST', 'auth/token/renew-self', { increment: '6s' }, { token: id });
      expect(answer.status).to.equal(200);
      left.push(answer.auth.lease_duration);
    }
    expect(left).to.deep.equal([6, 3, 1]);
    await clock.advance(1_000);
    expect(await alive(ask, id)).to.equal(false);
  });

  it('a periodic token renews for ever, and shows its period', async () => {
    const { ask, clock } = rig();
    const id = await token(ask, { period: '1h', ttl: '' });
    for (let hour = 0; hour < 2_000; hour += 400) {
      await clock.advance(3_500_000);
      const answer = await ask('POST', 'auth/token/renew-self', {}, { token: id });
      expect(answer.auth.lease_duration).to.equal(3600);
    }
    expect((await ask('GET', 'auth/token/lookup-self', undefined, { token: id })).data['period']).to.equal(3600);
  });

  it('renew-self spends a use; the last use may still finish', async () => {
    const { ask } = rig();
    const id = await token(ask, { num_uses: 2 });
    expect((await ask('POST', 'auth/token/renew-self', {}, { token: id })).status).to.equal(200);
    expect((await ask('GET', 'auth/token/lookup-self', undefined, { token: id })).data['num_uses']).to.equal(-1);
    expect(await alive(ask, id)).to.equal(false);
  });

  it('asking sys/internal/ui/mounts spends no use', async () => {
    const { ask } = rig();
    const id = await token(ask, { num_uses: 1 });
    expect([await alive(ask, id), await alive(ask, id), await alive(ask, id)]).to.deep.equal([true, true, true]);
  });

  it('batch tokens cannot be renewed, revoked, or mint children', async () => {
    const { ask } = rig();
    const id = await token(ask, { type: 'batch', policies: ['root'] });
    const errors = [
      (await ask('POST', 'auth/token/renew-self', {}, { token: id })).errors[0],
      (await ask('POST', 'auth/token/revoke', { token: id })).errors[0],
      (await ask('POST', 'auth/token/create', {}, { token: id })).errors[0],
    ];
    expect(errors).to.deep.equal([
      'batch tokens cannot be renewed',
      'batch tokens cannot be revoked',
      'batch tokens cannot create more tokens',
    ]);
  });

  it('a token under `default` may not revoke others, nor renew by accessor', async () => {
    const { ask } = rig();
    const id = await token(ask, {});
    for (const path of ['auth/token/revoke', 'auth/token/renew-accessor', 'auth/token/revoke-orphan']) {
      expect((await ask('POST', path, { token: id, accessor: 'x' }, { token: id })).status, path).to.equal(403);
    }
  });

  it('is refused from an address outside its bound blocks', async () => {
    const { ask } = rig();
    await ask('POST', 'auth/token/roles/far', { token_bound_cidrs: ['10.0.0.0/8'], allowed_policies: ['default'] });
    const made = await ask('POST', 'auth/token/create/far', {});
    expect(await alive(ask, made.auth.client_token)).to.equal(false);
  });

  it('roles give their policies and refuse others', async () => {
    const { ask } = rig();
    await ask('POST', 'sys/policies/acl/app', { policy: 'path "a" { capabilities = ["read"] }' });
    await ask('POST', 'auth/token/roles/r', {
      allowed_policies: 'app',
      orphan: true,
      token_explicit_max_ttl: '5m',
      path_suffix: 'v1',
    });
    const made = await ask('POST', 'auth/token/create/r', { ttl: '1h' });
    expect(made.auth.policies).to.deep.equal(['app', 'default']);
    expect(made.auth.lease_duration).to.equal(300);
    const shown = await ask('GET', 'auth/token/lookup-self', undefined, { token: made.auth.client_token });
    expect(shown.data).to.include({ role: 'r', orphan: true, path: 'auth/token/create/r/v1' });
    expect((await ask('POST', 'auth/token/create/r', { policies: ['other'] })).status).to.equal(400);
    expect((await ask('LIST', 'auth/token/roles')).data['keys']).to.deep.equal(['r']);
    expect((await ask('GET', 'auth/token/roles/r')).data).to.include({ orphan: true, explicit_max_ttl: 300 });
    await ask('DELETE', 'auth/token/roles/r');
    expect((await ask('GET', 'auth/token/roles/r')).status).to.equal(404);
  });

  it('a cubbyhole belongs to one token and goes with it', async () => {
    const { ask } = rig();
    const one = await token(ask, {});
    const two = await token(ask, {});
    await ask('POST', 'cubbyhole/dir/x', { a: 'b' }, { token: one });
    expect((await ask('GET', 'cubbyhole/dir/x', undefined, { token: one })).data).to.deep.equal({ a: 'b' });
    expect((await ask('LIST', 'cubbyhole/', undefined, { token: one })).data['keys']).to.deep.equal(['dir/']);
    expect((await ask('GET', 'cubbyhole/dir/x', undefined, { token: two })).status).to.equal(404);
  });

  it('a policy that does not exist is a warning', async () => {
    const { ask } = rig();
    const made = await ask('POST', 'auth/token/create', { policies: ['nowhere'] });
    expect(made.warnings).to.deep.equal(['Policy "nowhere" does not exist']);
  });
});
