// The dev server's radius method: the vectors of RFC 2865, and logins against a RADIUS server that verifies.
import { expect } from 'chai';
import { answerCode, hiddenPassword, requestPacket } from '../../../../core/dev-server/auth/radius-packet.js';
import { RadiusDouble, attributesOf, revealed } from '../../../doubles/radius.js';
import { rig, type Ask, type Rig } from './rig.js';

const SECRET = 'the shared secret';

describe('dev-server/auth/radius: packets', () => {
  // RFC 2865 section 7.1: user nemo, password arctangent, secret xyzzy5461.
  const secret = 'xyzzy5461';
  const authenticator = Buffer.from('0f403f9473978057bd83d5cb98f4227a', 'hex');
  const accept = '0200002686fe220e7624ba2a1005f6bf9b55e0b20606000000010f06000000000e06c0a80103';

  it('RFC 2865 7.1: the password arctangent is hidden as printed there', () => {
    const hidden = hiddenPassword(Buffer.from('arctangent'), authenticator, secret);
    expect(hidden.toString('hex')).to.equal('0dbe708d93d413ce3196e43f782a0aee');
    expect(revealed(hidden, authenticator, secret)).to.equal('arctangent');
  });

  it('RFC 2865 7.1: the Access-Accept printed there verifies, and no changed one does', () => {
    const bytes = Buffer.from(accept, 'hex');
    const identity = { id: 0, authenticator };
    expect(answerCode(bytes, identity, secret)).to.equal(2);
    expect(answerCode(bytes, identity, 'other')).to.equal(undefined);
    expect(answerCode(bytes, { ...identity, id: 1 }, secret)).to.equal(undefined);
    expect(answerCode(bytes.subarray(0, 30), identity, secret)).to.equal(undefined);
    for (const at of [0, 5, 25]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(answerCode(changed, identity, secret), `byte ${String(at)}`).to.equal(undefined);
    }
  });

  for (const length of [0, 1, 15, 16, 17, 32, 127, 128]) {
    it(`a password of ${String(length)} bytes comes out as it went in`, () => {
      const password = 'x'.repeat(length);
      const request = { username: 'ann', password, nasPort: 10, nasIdentifier: 'nas' };
      const packet = requestPacket(request, { id: 7, authenticator }, SECRET);
      const attributes = attributesOf(packet.subarray(20));
      expect(packet.readUInt16BE(2)).to.equal(packet.length);
      expect(revealed(attributes?.get(2) ?? Buffer.alloc(0), authenticator, SECRET)).to.equal(password);
      expect(attributes?.get(32)?.toString()).to.equal('nas');
    });
  }

  it('refuses passwords and names that do not fit', () => {
    const identity = { id: 1, authenticator };
    const request = { username: 'ann', password: 'x', nasPort: 1, nasIdentifier: '' };
    expect(() => requestPacket({ ...request, password: 'x'.repeat(129) }, identity, SECRET)).to.throw(/too long/);
    expect(() => requestPacket({ ...request, username: 'x'.repeat(254) }, identity, SECRET)).to.throw(/too long/);
  });
});

describe('dev-server/auth/radius', () => {
  let world: Rig;
  let ask: Ask;
  let server: RadiusDouble;

  beforeEach(async () => {
    world = rig();
    ask = world.ask;
    server = await RadiusDouble.open(SECRET, { ann: 'right', 'realm/ben': 'also right' });
    await ask('POST', 'sys/auth/radius', { type: 'radius' });
    await configure();
    await ask('POST', 'auth/radius/users/ann', { policies: 'app,dev' });
  });
  afterEach(() => server.close());

  const configure = (more: object = {}) =>
    ask('POST', 'auth/radius/config', { host: '127.0.0.1', port: server.port, secret: SECRET, ...more });
  const login = (password: string, name = 'ann') =>
    ask('POST', `auth/radius/login/${name}`, { password }, { token: '' });
  // Virtual time goes on until the answer is there.
  const patiently = async <T>(work: Promise<T>): Promise<T> => {
    let over = false;
    void work.finally(() => (over = true));
    while (!over) {
      await new Promise((resolve) => setImmediate(resolve));
      await world.clock.advance(100);
    }
    return work;
  };

  it('asks the RADIUS server and gives the policies of the user (auth-wire 3.8)', async () => {
    await configure({ nas_identifier: 'vault', nas_port: 3, token_ttl: '5m' });
    const { auth } = await login('right');
    expect(auth.policies).deep.equal(['app', 'default', 'dev']);
    expect(auth).deep.include({ metadata: { username: 'ann', policies: 'app,dev' }, lease_duration: 300 });
    expect(server.requests).deep.equal([{ user: 'ann', nasIdentifier: 'vault', nasPort: 3, accepted: true }]);
  });

  it('takes the name from the body, which wins over the path (auth-wire 3.8)', async () => {
    await configure({ unregistered_user_policies: 'guests' });
    const body = { username: 'realm/ben', password: 'also right' };
    expect((await ask('POST', 'auth/radius/login', body, { token: '' })).auth.policies).deep.equal([
      'default',
      'guests',
    ]);
    expect((await ask('POST', 'auth/radius/login/ann', body, { token: '' })).auth.metadata['username']).equal(
      'realm/ben',
    );
  });

  const refusals: readonly (readonly [string, string, () => void])[] = [
    ['a wrong password', 'access denied by the authentication server', () => server.users.set('ann', 'another')],
    ['an unknown user', 'access denied by the authentication server', () => server.users.delete('ann')],
    ['a challenge', 'access denied by the authentication server', () => (server.mood = 'challenge')],
    ['silence', 'context deadline exceeded', () => (server.mood = 'silent')],
    ['a forged answer', 'context deadline exceeded', () => (server.mood = 'forged')],
    ['what is no RADIUS', 'context deadline exceeded', () => (server.mood = 'garbage')],
  ];
  for (const [what, words, arrange] of refusals) {
    it(`answers 400 "${words}" to ${what}`, async () => {
      arrange();
      expect(await patiently(login('right'))).deep.include({ status: 400, errors: [words] });
    });
  }

  it('with another shared secret the password is nonsense to the RADIUS server, and its answer is not believed', async () => {
    await configure({ secret: 'another secret' });
    expect((await patiently(login('right'))).errors).deep.equal(['context deadline exceeded']);
    expect(server.requests.map(({ accepted }) => accepted)).deep.equal([false]);
  });

  it('sends a lost packet again, and the RADIUS server judges it once', async () => {
    server.lose = 2;
    expect((await patiently(login('right'))).status).equal(200);
    expect(server.requests.length).equal(1);
  });

  it('refuses users without policies, empty names and passwords', async () => {
    server.users.set('new', 'x');
    expect((await login('x', 'new')).errors).deep.equal([
      'authentication succeeded but user has no associated policies',
    ]);
    expect((await login('')).errors).deep.equal(['password cannot be empty']);
    expect((await ask('POST', 'auth/radius/login', { password: 'x' }, { token: '' })).errors).deep.equal([
      'username cannot be empty',
    ]);
  });

  it('asks again at a renewal', async () => {
    const { auth } = await login('right');
    const renew = () => ask('POST', 'auth/token/renew-self', {}, { token: auth.client_token });
    expect((await renew()).status).equal(200);
    await ask('POST', 'auth/radius/users/ann', { policies: 'app' });
    expect(await renew()).deep.include({ status: 500, errors: ['policies have changed, not renewing'] });
    server.users.set('ann', 'changed');
    expect((await renew()).status).equal(400);
  });

  it('needs host and secret, and never shows the secret', async () => {
    await ask('POST', 'sys/auth/bare', { type: 'radius' });
    expect((await ask('POST', 'auth/bare/login/ann', { password: 'x' }, { token: '' })).errors).deep.equal([
      'radius backend not configured',
    ]);
    expect((await ask('POST', 'auth/bare/config', { secret: 'x' })).errors).deep.equal([
      'config parameter `host` cannot be empty',
    ]);
    expect((await ask('POST', 'auth/bare/config', { host: 'x' })).errors).deep.equal([
      'config parameter `secret` cannot be empty',
    ]);
    expect((await ask('POST', 'auth/radius/config', { unregistered_user_policies: 'root' })).status).equal(400);
    const { data } = await ask('GET', 'auth/radius/config');
    expect(data).to.include({ host: '127.0.0.1', read_timeout: 10, nas_port: 10 }).and.not.to.have.property('secret');
  });

  it('refuses logins from outside of token_bound_cidrs without asking', async () => {
    await configure({ token_bound_cidrs: '10.0.0.0/8' });
    expect((await login('right')).status).equal(403);
    expect(server.requests).deep.equal([]);
  });
});
