// Several identities, their names, and whose token a listener uses.
import { expect } from 'chai';
import { check, load } from './checking.js';

const identity = (label: string, sink = true): string =>
  `auto_auth ${label} { method "approle" { config = { role_id_file_path = "/${label.replaceAll('"', '')}" } } ${sink ? 'sink "file" { config = { path = "/t" } }' : ''} }\n`;
const listener = (port: number, keys = ''): string =>
  `listener "tcp" { address = "127.0.0.1:${port}" tls_disable = true ${keys} }\n`;
const TWO = identity('"web"') + identity('"db"');
const PROXY = 'api_proxy { use_auto_auth_token = true }\n';
const errors = async (text: string): Promise<string[]> =>
  (await check(text)).problems.filter(({ severity }) => severity === 'error').map(({ code, key }) => `${code} ${key}`);

describe('identities', () => {
  it('a lone block is the default identity, with or without a label', async () => {
    for (const label of ['', '"web"'])
      expect((await load(identity(label))).identities.map(({ name }) => name)).to.deep.equal(['default']);
  });

  it('labels name them', async () => {
    const config = await load(TWO + listener(1, 'auto_auth = "db"') + listener(2, 'auto_auth = "web"') + PROXY);
    expect(config.identities.map(({ name }) => name)).to.deep.equal(['web', 'db']);
    expect(config.listeners.map(({ autoAuth }) => autoAuth)).to.deep.equal(['db', 'web']);
  });

  it('JSON names them by key', async () => {
    const method = { type: 'approle', config: { role_id_file_path: '/r' } };
    const sink = { type: 'file', config: { path: '/t' } };
    const config = await load({
      'a.json': JSON.stringify({ auto_auth: { web: { method, sink }, db: { method, sink } } }),
    });
    expect(config.identities.map(({ name }) => name)).to.deep.equal(['web', 'db']);
  });

  it('a listener may name the lone block by its label', async () => {
    const config = await load(identity('"web"') + listener(1, 'auto_auth = "web"') + PROXY);
    expect(config.listeners[0]?.autoAuth).to.equal('default');
  });

  it('one without a label serves listeners that name none', async () => {
    const config = await load(identity('') + identity('"db"') + listener(1) + PROXY);
    expect(config.listeners[0]?.autoAuth).to.equal('default');
  });

  it('with several named ones each listener must say which', async () => {
    expect(await errors(TWO + listener(1) + PROXY)).to.deep.equal(['CONFIG_MISSING listener[0].auto_auth']);
  });

  it('it need not when no token is used, nor for metrics only', async () => {
    expect(await errors(TWO + listener(1))).to.deep.equal([]);
    expect(
      await errors(TWO + listener(1, 'auto_auth = "db"') + listener(2, 'role = "metrics_only"') + PROXY),
    ).to.deep.equal([]);
  });

  it('a name that does not exist is one error with the nearest name', async () => {
    const { problems } = await check(TWO + listener(1, 'auto_auth = "wed"'));
    expect(problems.map(({ code, key, hint }) => [code, key, hint])).to.deep.equal([
      ['CONFIG_VALUE', 'listener[0].auto_auth', 'did you mean "web"?'],
    ]);
  });

  it('the same name twice is one error', async () => {
    expect(await errors(identity('"web"') + identity('"web"'))).to.deep.equal(['CONFIG_DUPLICATE auto_auth']);
  });

  it('one that no sink and no listener uses is one error (V8)', async () => {
    const text = identity('"web"', false) + identity('"db"', false) + listener(1, 'auto_auth = "db"') + PROXY;
    expect(await errors(text)).to.deep.equal(['CONFIG_MISSING auto_auth.web']);
  });

  it('the same label in a later file replaces, another one adds', async () => {
    const config = await load({ '1.hcl': TWO, '2.hcl': identity('"db"') });
    expect(config.identities.map(({ name, at }) => `${name} ${at}`)).to.deep.equal(['web 1.hcl:1:1', 'db 2.hcl:1:1']);
  });
});
