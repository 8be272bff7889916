// Ten mistakes over three files are ten findings, each with its place and what to do, and none besides. Unknown keys, strict or not.
import { expect } from 'chai';
import { AUTH, LISTENER, check, errorsOf, shortly } from './checking.js';

const FILES = {
  '1-auth.hcl': `auto_auth {
  method "aprole" {
    wrap_tll = "5m"
    config = { role_id_file_path = "/r" anything = 1 }
  }
  sink "file" {
    dh_type = "curve25519"
    config = { path = "/t", mode = "rw" }
  }
}
`,
  '2-listeners.hcl': `listener "tcp" {
  address = "127.0.0.1:8100"
}
listener "unix" {
  tls_disable = "yes"
  address = "/run/agent.sock"
}
disable_keep_alives = ["templates"]
`,
  '3-rest.json': `{
  "vault": { "address": "vault.example.com:8200", "retry": { "num_retries": "many" } },
  "cache": { "persist": { "type": "kubernetes" } }
}
`,
};

describe('many mistakes at once', () => {
  it('ten mistakes over three files are ten findings in the order of the text', async () => {
    const { config, problems } = await check(FILES, { strict: true });
    expect(config).to.equal(undefined);
    const errors = problems.filter(({ severity }) => severity === 'error');
    expect(
      errors.map((problem) => `${problem.at?.file} ${shortly(problem).split(' ', 2).join(' ')} ${problem.key}`),
    ).to.deep.equal([
      '1-auth.hcl PLUGIN_NOT_FOUND 2:10 auto_auth.method.type',
      '1-auth.hcl CONFIG_UNKNOWN_KEY 3:5 auto_auth.method.wrap_tll',
      '1-auth.hcl CONFIG_MISSING 7:5 auto_auth.sink[0].dh_path',
      '1-auth.hcl CONFIG_TYPE 8:36 auto_auth.sink[0].config.mode',
      '2-listeners.hcl CONFIG_LISTENER_TLS 1:1 listener[0]',
      '2-listeners.hcl CONFIG_TYPE 5:17 listener[1].tls_disable',
      '2-listeners.hcl CONFIG_VALUE 8:24 disable_keep_alives[0]',
      '3-rest.json CONFIG_ADDRESS 2:14 vault.address',
      '3-rest.json CONFIG_TYPE 2:77 vault.retry.num_retries',
      '3-rest.json CONFIG_MISSING 3:14 cache.persist.path',
    ]);
    expect(errors.every(({ hint }) => (hint ?? '') !== '')).to.equal(true);
    expect(problems.filter(({ severity }) => severity === 'warning')).to.deep.equal([]);
  });

  it('a file that cannot be parsed does not make other things look missing', async () => {
    const { problems } = await check({ '1.hcl': 'auto_auth {', '2.hcl': 'cache { use_auto_auth_token = true }' });
    expect(errorsOf(problems).map((one) => one.split(' ')[0])).to.deep.equal(['CONFIG_SYNTAX']);
  });
});

describe('unknown keys', () => {
  const rows: [text: string, place: string, near: string | undefined][] = [
    [`${AUTH}pidfile = "/p"`, '2:1', 'pid_file'],
    [`${AUTH}something_else = 1`, '2:1', undefined],
    [`${AUTH}vault {\nadress = "x" }`, '3:1', 'address'],
    [`${LISTENER}cache {\nuse_auto_auth_tokn = true }`, '3:1', 'use_auto_auth_token'],
    ['listener "tcp" { tls_disable = true\nadress = "a:1" }', '2:1', 'address'],
    ['listener "tcp" { tls_disable = true\nrequire_request_heade = true }', '2:1', 'require_request_header'],
    [
      'auto_auth { method "approle" { config = { role_id_file_path = "/r"\nsecret_id_file_pth = "/s" } } sink "file" { config = { path = "/t" } } }',
      '2:1',
      'secret_id_file_path',
    ],
    [`${AUTH}constructor = 1\n`, '2:1', undefined],
  ];
  for (const [text, place, near] of rows) {
    it(`${text.split('\n').at(-1)}: a warning, an error when strict`, async () => {
      const { config, problems } = await check(text);
      expect(config).to.not.equal(undefined);
      expect(problems.map(({ severity, code, at }) => `${severity} ${code} ${at?.line}:${at?.column}`)).to.deep.equal([
        `warning CONFIG_UNKNOWN_KEY ${place}`,
      ]);
      if (near !== undefined) expect(problems[0]?.hint).to.equal(`did you mean "${near}"?`);
      expect(errorsOf((await check(text, { strict: true })).problems)).to.deep.equal([`CONFIG_UNKNOWN_KEY ${place}`]);
    });
  }

  it('a key named __proto__ is a key as any other', async () => {
    const { problems } = await check(`${AUTH}__proto__ = { a = 1 }`);
    expect(problems.map(({ code }) => code)).to.deep.equal(['CONFIG_UNKNOWN_KEY']);
  });
});
