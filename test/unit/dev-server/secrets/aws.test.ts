import { expect } from 'chai';
import { rig, type Ask, type Rig } from '../auth/rig.js';

describe('dev-server/secrets/aws', () => {
  let world: Rig;
  let ask: Ask;

  beforeEach(async () => {
    world = rig();
    ask = world.ask;
    await ask('POST', 'sys/mounts/aws', { type: 'aws' });
    await ask('POST', 'aws/config/root', { access_key: 'AKIAROOT', secret_key: 'hidden', region: 'eu-west-1' });
    await ask('POST', 'aws/config/lease', { lease: '10m', lease_max: '30m' });
    await ask('POST', 'aws/roles/readonly', { credential_type: 'iam_user', policy_document: '{}' });
    const arns = ['arn:aws:iam::123456789012:role/deploy'];
    await ask('POST', 'aws/roles/deploy', { credential_type: 'assumed_role', role_arns: arns, max_sts_ttl: '2h' });
  });

  const alive = async (key: unknown): Promise<unknown> =>
    (await ask('GET', `aws/dev/keys/${String(key)}`, undefined, { token: '' })).data['alive'];

  it('leases keys of a user: renewable, gone with the lease', async () => {
    const answer = await ask('GET', 'aws/creds/readonly');
    expect(answer).include({ lease_duration: 600, renewable: true });
    expect(answer.data['access_key']).match(/^AKIA[A-Z2-7]{16}$/);
    expect(answer.data['security_token']).equal(null);
    await world.clock.advance(599_000);
    expect((await ask('PUT', 'sys/leases/renew', { lease_id: answer.lease_id })).lease_duration).equal(600);
    await world.clock.advance(599_000);
    expect(await alive(answer.data['access_key'])).equal(true);
    await world.clock.advance(1_000);
    expect(await alive(answer.data['access_key'])).equal(false);
  });

  it('deletes the key when the lease is revoked', async () => {
    const { data, lease_id } = await ask('GET', 'aws/creds/readonly');
    await ask('PUT', 'sys/leases/revoke', { lease_id });
    expect(await alive(data['access_key'])).equal(false);
  });

  it('leases temporary keys that are not renewable and live for their time, even when the lease is revoked', async () => {
    const answer = await ask('GET', 'aws/sts/deploy?ttl=15m');
    expect(answer).include({ lease_duration: 900, renewable: false });
    expect(answer.data).include({ ttl: 900 });
    expect(answer.data['access_key']).match(/^ASIA/);
    expect(answer.data['arn']).contain('assumed-role/deploy/');
    expect((await ask('PUT', 'sys/leases/renew', { lease_id: answer.lease_id })).status).equal(400);
    await ask('PUT', 'sys/leases/revoke', { lease_id: answer.lease_id });
    expect(await alive(answer.data['access_key'])).equal(true);
    await world.clock.advance(900_000);
    expect(await alive(answer.data['access_key'])).equal(false);
  });

  it('caps temporary keys at the maximum of the role', async () => {
    expect((await ask('POST', 'aws/sts/deploy', { ttl: '5h' })).lease_duration).equal(7200);
    expect((await ask('GET', 'aws/creds/deploy')).lease_duration).equal(3600);
  });

  it('refuses unknown roles, keys of users through sts, and roles that fit no type', async () => {
    expect((await ask('GET', 'aws/creds/none')).errors).deep.equal(["Role 'none' not found"]);
    expect((await ask('GET', 'aws/sts/readonly')).status).equal(400);
    expect((await ask('POST', 'aws/roles/x', { credential_type: 'moon' })).status).equal(400);
    expect((await ask('POST', 'aws/roles/x', { credential_type: 'assumed_role' })).status).equal(400);
    expect((await ask('POST', 'aws/roles/x', {})).status).equal(400);
    const wrong = await ask('GET', 'aws/sts/deploy?role_arn=arn:aws:iam::1:role/other');
    expect(wrong.errors[0]).contain('not in allowed role arns');
  });

  it('shows its root configuration without the secret key', async () => {
    const { data } = await ask('GET', 'aws/config/root');
    expect(data).include({ access_key: 'AKIAROOT', region: 'eu-west-1' });
    expect(JSON.stringify(data)).not.contain('hidden');
  });
});
