// Names of credentials of systemd in settings of auth methods.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { withCredentials } from '../../../core/config/credentials-directory.js';
import { credentialsIn } from '../../../core/config/source.js';
import { check, load } from './checking.js';

const SCHEMA = {
  type: 'object',
  properties: { path: { type: 'string', 'x-file': true }, role: { type: 'string' } },
} as const;

describe('config: names under $CREDENTIALS_DIRECTORY', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claviger-credentials-'));
    await writeFile(join(folder, 'secret-id'), 'x');
    await writeFile(join(folder, 'app'), 'x');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const auth = (secretId: string): string =>
    `auto_auth { method "approle" { config = { role_id_file_path = "/r" secret_id_file_path = "${secretId}" } } sink "file" { config = { path = "secret-id" } } }`;
  const settingsFor = async (secretId: string, env: Readonly<Record<string, string>>): Promise<unknown> =>
    (await load(auth(secretId), { env })).identities[0]?.method.settings;

  it('a file setting of an auth method takes the name of a credential', async () => {
    expect(await settingsFor('secret-id', { CREDENTIALS_DIRECTORY: folder })).to.deep.include({
      role_id_file_path: '/r',
      secret_id_file_path: join(folder, 'secret-id'),
    });
  });

  it('the secret of a second factor does too, though it stands in blocks of the method', async () => {
    const method = `method "approle" { mfa { totp { secret_file = "app" } } config = { role_id_file_path = "/r" } }`;
    const text = `auto_auth { ${method} sink "file" { config = { path = "/t" } } }`;
    const { identities } = await load(text, { env: { CREDENTIALS_DIRECTORY: folder } });
    expect(identities[0]?.method.mfa?.totp.secretFile).to.equal(join(folder, 'app'));
    expect((await load(text)).identities[0]?.method.mfa?.totp.secretFile).to.equal('app');
  });

  it('a slash at the end of the variable makes no difference', async () => {
    expect(await settingsFor('secret-id', { CREDENTIALS_DIRECTORY: `${folder}/` })).to.deep.include({
      secret_id_file_path: join(folder, 'secret-id'),
    });
  });

  const kept: readonly [value: string, why: string][] = [
    ['./secret-id', 'has a slash'],
    ['/etc/secret-id', 'is a path'],
    ['another', 'names nothing in the folder'],
    ['..', 'is no name of a file'],
    ['', 'is empty'],
  ];
  for (const [value, why] of kept) {
    it(`"${value}" stays as it is: it ${why}`, async () => {
      expect(await settingsFor(value, { CREDENTIALS_DIRECTORY: folder })).to.deep.include({
        secret_id_file_path: value,
      });
    });
  }

  it('other settings and sinks are left alone', async () => {
    const credentials = { folder: '/c', names: new Set(['app', 'secret-id']) };
    expect(withCredentials({ path: 'app', role: 'app' }, SCHEMA, credentials)).to.deep.equal({
      path: '/c/app',
      role: 'app',
    });
    const config = await load(auth('secret-id'), { env: { CREDENTIALS_DIRECTORY: folder } });
    expect(config.identities[0]?.sinks[0]?.settings).to.deep.include({ path: 'secret-id' });
  });

  it('nothing changes without the variable, with one that is empty, relative or leads nowhere', async () => {
    for (const env of [
      {},
      { CREDENTIALS_DIRECTORY: '' },
      { CREDENTIALS_DIRECTORY: 'x' },
      { CREDENTIALS_DIRECTORY: join(folder, 'none') },
    ])
      expect(await credentialsIn(env)).to.equal(undefined);
    expect(await settingsFor('secret-id', {})).to.deep.include({ secret_id_file_path: 'secret-id' });
  });

  it('config validate looks for the file where it will be read', async () => {
    const asked: string[] = [];
    const exists = (path: string): boolean => asked.push(path) > 0;
    await check(auth('secret-id'), { env: { CREDENTIALS_DIRECTORY: folder }, exists });
    expect(asked).to.include(join(folder, 'secret-id'));
  });
});
