// approle end to end: files, removal, wrapping, rotation, refusals.
import { chmodSync, existsSync } from 'node:fs';
import { expect } from 'chai';
import { plant } from '../collector.js';
import { LISTENER, onRig, type Rig } from '../rig.js';
import { until } from '../until.js';
import { anotherToken, delivered, hasLogged, method, REAUTH, withSink } from './stage.js';

const stanza = (roleIdFile: string, secretIdFile: string, more = ''): string =>
  method('approle', `role_id_file_path = "${roleIdFile}"\n    secret_id_file_path = "${secretIdFile}"\n    ${more}`);

const freshSecretId = async (rig: Rig): Promise<string> =>
  plant('a secret id', (await rig.admin('POST', 'auth/approle/role/app/secret-id', {})).data.secret_id as string);

describe('scenario: auth method approle', function () {
  this.timeout(20_000);

  it('role id and secret id from files, the secret id file is removed after the login that worked', () =>
    onRig({}, async (rig) => {
      const { roleIdFile, secretIdFile } = await rig.approle('app');
      const agent = await rig.agent(withSink(rig, stanza(roleIdFile, secretIdFile)));
      expect(await delivered(rig)).to.include({ path: 'auth/approle/login', display_name: 'approle' });
      await until('the removal', () => !existsSync(secretIdFile));
      await agent.stop();
    }));

  it('keeps the secret id file while the login fails, and warns about one that others may read', () =>
    onRig({}, async (rig) => {
      const { roleIdFile, secretIdFile } = await rig.approle('app');
      chmodSync(secretIdFile, 0o644);
      rig.server.inject({
        trouble: { kind: 'fail', status: 500, errors: ['internal error'] },
        times: 1,
        when: ({ path }) => path.endsWith('login'),
      });
      const agent = await rig.agent(withSink(rig, stanza(roleIdFile, secretIdFile)));
      await hasLogged(agent, /\[ERROR\].*error authenticating/);
      expect(existsSync(secretIdFile)).to.equal(true);
      expect(await delivered(rig)).to.include({ path: 'auth/approle/login' });
      await hasLogged(agent, /\[WARN\].*secret-id/);
    }));

  it('a wrapped secret id is unwrapped once; another creation path is refused as tampering and not unwrapped', () =>
    onRig({}, async (rig) => {
      const { roleIdFile } = await rig.approle('app');
      const wrapped = async (path: string): Promise<string> => {
        const answer = await rig.server.call('POST', path, { body: {}, headers: { 'X-Vault-Wrap-TTL': '5m' } });
        return plant('a wrapping token', (answer.body as { wrap_info: { token: string } }).wrap_info.token);
      };
      const path = 'auth/approle/role/app/secret-id';
      rig.write('wrapped', await wrapped('sys/wrapping/wrap'));
      const block = stanza(roleIdFile, rig.path('wrapped'), `secret_id_response_wrapping_path = "${path}"`);
      const agent = await rig.agent(withSink(rig, block));
      await hasLogged(agent, /\[ERROR\].*AUTH_WRAPPED_TAMPERED/);
      expect(rig.server.requests.count('PUT', 'sys/wrapping/unwrap')).to.equal(0);
      rig.write('wrapped', await wrapped(path));
      expect(await delivered(rig)).to.include({ path: 'auth/approle/login' });
      expect(rig.server.requests.count('PUT', 'sys/wrapping/unwrap')).to.equal(1);
    }));

  it('a refused secret id is said to be wrong or used up; a new one in the file leads to a login, with re-authentication also the one after', () =>
    onRig({}, async (rig) => {
      const { roleIdFile } = await rig.approle('app');
      const file = rig.write('secret-id', plant('a wrong secret id', 'wrong-secret-id-0815'));
      const block = stanza(roleIdFile, file, 'remove_secret_id_file_after_reading = false');
      const agent = await rig.agent(withSink(rig, block, REAUTH));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_REFUSED.*wrong, expired or used up/);
      rig.write('secret-id', await freshSecretId(rig));
      expect(await delivered(rig)).to.include({ path: 'auth/approle/login' });
      const next = await freshSecretId(rig);
      expect(await anotherToken(rig, () => void rig.write('secret-id', next))).to.include({
        path: 'auth/approle/login',
      });
    }));

  it('goes on at once when credentials that were missing at the start appear', () =>
    onRig({}, async (rig) => {
      const { roleIdFile, secretIdFile } = await rig.approle('app');
      const agent = await rig.agent(`${withSink(rig, stanza(roleIdFile, rig.path('late')))}${LISTENER}`);
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_CREDENTIAL_MISSING.*late/);
      rig.write('late', rig.read(secretIdFile.split('/').pop()!));
      expect(await delivered(rig)).to.include({ path: 'auth/approle/login' });
    }));

  it('takes names of credentials of systemd: a file under $CREDENTIALS_DIRECTORY', () =>
    onRig({}, async (rig) => {
      await rig.approle('app');
      const names = stanza('app.role-id', 'app.secret-id', 'remove_secret_id_file_after_reading = false');
      await rig.agent(withSink(rig, names), { env: { CREDENTIALS_DIRECTORY: rig.folder } });
      expect(await delivered(rig)).to.include({ path: 'auth/approle/login' });
    }));
});
