import { expect } from 'chai';
import { rig, type Ask, type Rig } from './rig.js';

describe('dev-server/auth/userpass', () => {
  let world: Rig;
  let ask: Ask;

  beforeEach(async () => {
    world = rig();
    ask = world.ask;
    await ask('POST', 'sys/auth/userpass', { type: 'userpass' });
    await ask('POST', 'auth/userpass/users/Ann', { password: 'right', token_policies: 'app', token_ttl: '10m' });
  });

  const login = (password: string, name = 'ann') =>
    ask('POST', `auth/userpass/login/${name}`, { password }, { token: '' });

  it('knows a user by any case and gives it the token of its settings', async () => {
    const answer = await login('right', 'ANN');
    expect(answer.auth.policies).deep.equal(['app', 'default']);
    expect(answer.auth.metadata).deep.equal({ username: 'ann' });
    expect(answer.auth.lease_duration).equal(600);
  });

  it('locks a user for fifteen minutes after five wrong passwords', async () => {
    for (let i = 0; i < 5; i += 1) expect((await login('wrong')).errors).deep.equal(['invalid username or password']);
    expect(await login('right')).deep.include({ status: 403, errors: ['permission denied'] });
    await world.clock.advance(15 * 60_000 - 1);
    expect((await login('right')).status).equal(403);
    await world.clock.advance(1);
    expect((await login('right')).status).equal(200);
  });

  it('forgets wrong passwords after a good login, and locks nobody who does not exist', async () => {
    for (let i = 0; i < 4; i += 1) await login('wrong');
    expect((await login('right')).status).equal(200);
    for (let i = 0; i < 4; i += 1) await login('wrong');
    expect((await login('right')).status).equal(200);
    for (let i = 0; i < 6; i += 1) expect((await login('x', 'bob')).status).equal(400);
  });

  it('changes password and policies, and refuses to renew a token whose user has other policies now', async () => {
    const { auth } = await login('right');
    const renew = () => ask('POST', 'auth/token/renew-self', {}, { token: auth.client_token });
    expect((await renew()).status).equal(200);
    await ask('POST', 'auth/userpass/users/ann/policies', { token_policies: ['other'] });
    expect(await renew()).deep.include({ status: 500, errors: ['policies have changed, not renewing'] });
    await ask('POST', 'auth/userpass/users/ann/password', { password: 'new' });
    expect((await login('right')).status).equal(400);
    expect((await login('new')).status).equal(200);
  });

  it('refuses a login from outside token_bound_cidrs', async () => {
    await ask('POST', 'auth/userpass/users/ann', { token_bound_cidrs: '10.0.0.0/8' });
    expect(await login('right')).deep.include({ status: 403, errors: ['permission denied'] });
  });

  it('answers 404 to odd user names and refuses users without a password', async () => {
    expect((await login('x', 'a@b')).status).equal(404);
    expect((await ask('POST', 'auth/userpass/users/new', {})).errors).deep.equal(['missing password']);
    expect((await ask('POST', 'auth/userpass/users/none/password', { password: 'x' })).status).equal(400);
  });

  it('lists, reads and deletes users', async () => {
    expect((await ask('LIST', 'auth/userpass/users')).data['keys']).deep.equal(['ann']);
    expect((await ask('GET', 'auth/userpass/users/ann')).data).include({ token_ttl: 600, token_type: 'default' });
    await ask('DELETE', 'auth/userpass/users/ann');
    expect((await login('right')).status).equal(400);
    expect((await ask('LIST', 'auth/userpass/users')).status).equal(404);
  });
});
