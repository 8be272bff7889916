// Settings of auth methods as operators write them: what is understood, what is refused and how it is said. With the real schemas.
import { expect } from 'chai';
import { Secret } from '../../../core/sdk/index.js';
import { check, errorsOf, load } from './checking.js';

const text = (method: string, config: string): string =>
  `auto_auth { method "${method}" { config = {\n${config}\n} } sink "file" { config = { path = "/t" } } }`;
const settings = async (method: string, config: string): Promise<Record<string, unknown>> =>
  (await load(text(method, config))).identities[0]?.method.settings as Record<string, unknown>;

describe('config: settings of auth methods', () => {
  it('exec: a command as a list or as one text, defaults, secrets in the environment', async () => {
    expect(await settings('exec', 'command = ["/x", "-a"]')).to.deep.equal({
      command: ['/x', '-a'],
      format: 'jwt',
      login_path: 'login',
      timeout: 10_000,
      max_bytes: 65_536,
    });
    const { command, env } = await settings('exec', 'command = "/x"\n env = { KEY = "planted" }');
    expect(command).to.deep.equal(['/x']);
    expect((env as { KEY: unknown }).KEY).to.be.instanceOf(Secret);
  });

  it('exec: a block of variables is a map too', async () => {
    const { env } = await settings('exec', 'command = "/x"\n env {\n KEY = "planted"\n }');
    expect((env as { KEY: unknown }).KEY).to.be.instanceOf(Secret);
  });

  it('oidc and kubernetes: lists that may be written as one text', async () => {
    const oidc = 'token_url = "https://p/token"\n client_id = "c"\n client_secret = "planted"\n scope = "a b"';
    expect(await settings('oidc', oidc)).to.deep.include({
      scope: ['a b'],
      use: 'access_token',
      client_authentication: 'basic',
    });
    const kubernetes = await settings('kubernetes', 'role = "r"\n audience = "vault"\n token_lifetime = "1h"');
    expect(kubernetes).to.deep.include({ audience: ['vault'], token_lifetime: 3_600_000 });
  });

  it('jwt: any one of the four sources is enough, the keys of the reference stay as they are', async () => {
    for (const source of ['path = "/p"', 'env = "X"', 'github_actions = true', 'url = "https://ci/token"'])
      expect(await settings('jwt', `role = "r"\n ${source}`)).to.include({ role: 'r' });
    const reference =
      'role = "r"\n path = "/p"\n remove_jwt_after_reading = "false"\n remove_jwt_follows_symlinks = 1\n jwt_read_period = "2s"';
    expect(await settings('jwt', reference)).to.deep.include({
      remove_jwt_after_reading: false,
      remove_jwt_follows_symlinks: true,
      jwt_read_period: 2_000,
    });
  });

  it('cert and kubernetes: the keys of the reference', async () => {
    const cert =
      'name = "n"\n ca_cert = "/ca"\n client_cert = "/c"\n client_key = "/k"\n reload = "true"\n reload_period = 30';
    expect(await settings('cert', cert)).to.deep.include({ reload: true, reload_period: 30_000 });
    expect(await settings('kubernetes', 'role = "r"')).to.include({ role: 'r' });
  });

  const refused: readonly [method: string, config: string, what: RegExp][] = [
    ['exec', 'role = "r"', /command/],
    ['exec', 'command = []', /command/],
    ['exec', 'command = "/x"\n format = "yaml"', /format/],
    ['exec', 'command = "/x"\n timeout = "2m"', /timeout/],
    ['exec', 'command = "/x"\n timeout = 0', /timeout/],
    ['exec', 'command = "/x"\n max_bytes = "1GiB"', /max_bytes/],
    ['exec', 'command = "/x"\n login_path = "/login"', /login_path/],
    ['jwt', 'role = "r"', /path|env|url|github_actions/],
    ['jwt', 'path = "/p"', /role/],
    ['jwt', 'role = "r"\n path = "/p"\n jwt_read_period = 0', /jwt_read_period/],
    ['jwt', 'role = "r"\n url = "http://ci.example.com/token"', /url/],
    ['jwt', 'role = "r"\n url = "ftp://ci/token"', /url/],
    ['jwt', 'role = "r"\n env = "A-B"', /env/],
    ['jwt', 'role = "r"\n path = "/p"\n url_bearer_env = "X"', /url/],
    ['oidc', 'client_id = "c"\n client_secret = "planted"', /issuer|token_url/],
    ['oidc', 'issuer = "https://p"\n client_id = "c"', /client_secret|private_key_file/],
    [
      'oidc',
      'issuer = "https://p"\n token_url = "https://p/t"\n client_id = "c"\n client_secret = "planted"',
      /issuer|token_url/,
    ],
    ['oidc', 'issuer = "http://login.example.com"\n client_id = "c"\n client_secret = "planted"', /issuer/],
    [
      'oidc',
      'issuer = "https://p"\n client_id = "c"\n client_secret = "planted"\n key_id = "k"',
      /private_key_file|key_id/,
    ],
    ['kubernetes', 'role = "r"\n api_server = "https://k"', /audience|api_server/],
    ['kubernetes', 'role = "r"\n audience = "v"\n token_lifetime = "1m"', /token_lifetime/],
    ['kubernetes', 'role = "r"\n audience = "v"\n api_server = "http://k"', /api_server/],
    ['cert', 'client_cert = "/c"', /client_key/],
    ['approle', 'secret_id_file_path = "/s"', /role_id/],
    [
      'approle',
      'role_id = "r"\n secret_id_file_path = "/s"\n secret_id_response_wrapping_path = ""',
      /secret_id_response_wrapping_path/,
    ],
    ['token_file', '', /token_file_path/],
  ];
  for (const [method, config, what] of refused) {
    it(`${method}: ${JSON.stringify(config.replaceAll('\n', ','))} is refused, with a place and a name, without a secret`, async () => {
      const { problems } = await check(text(method, config));
      expect(errorsOf(problems)).to.have.lengthOf(1);
      const [problem] = problems.filter(({ severity }) => severity === 'error');
      expect(`${problem!.message} ${problem!.hint ?? ''} ${problem!.key ?? ''}`).to.match(what);
      expect(problem!.at?.line).to.be.greaterThan(0);
      expect(JSON.stringify(problems)).to.not.include('planted');
    });
  }
});
