// Values of settings that a schema marks as secret show nowhere: not in explain, not in code frames, not in logs.
import { expect } from 'chai';
import { plant } from '../collector.js';
import { LISTENER, onRig } from '../rig.js';
import { call, Call } from '../terminal.js';
import { inFolder } from './folder.js';

const ROLE = plant('an inline role id', 'planted-role-4f1d7a');
const SECRET = plant('an inline secret id', 'planted-secret-9b2c');
const PASSWORD = plant('an inline password', 'planted-password-77');
const PROXY = plant('a password of a proxy', 'planted-proxy-pass');
const KEYS = plant('a key of a method that is not built', 'planted-access-key');
const HEREDOC = [plant('a heredoc', 'planted-first-line'), plant('a heredoc', 'planted-second-line')];

const CONFIG = `auto_auth "a" {
  method "approle" {
    config = {
      role_id = "${ROLE}"
      secret_id = "${SECRET}"
      secrt_id = "${SECRET}"
    }
  }
  sink "file" {
    config = {
      path = "/run/a"
    }
  }
}
auto_auth "b" {
  method "userpass" {
    config = {
      username = "bob"
      password = "${PASSWORD}"
    }
  }
  sink "file" {
    config = {
      path = "/run/b"
    }
  }
}
auto_auth "c" {
  method "aws" {
    config = {
      type = "iam"
      role = "app"
      access_key = "AKIA"
      secret_key = "${KEYS}"
    }
  }
  sink "file" {
    config = {
      path = "/run/c"
    }
  }
}
${LISTENER}`;

const env = { VAULT_PROXY_ADDR: `http://bob:${PROXY}@proxy.test:3128` };

function expectNoSecret(text: string): void {
  for (const secret of [ROLE, SECRET, PASSWORD, PROXY, KEYS, ...HEREDOC]) expect(text).to.not.include(secret);
}

describe('bad input: secret settings', function () {
  this.timeout(20_000);

  it('show as "[secret]" in "config explain", as text and as JSON, a misspelt one too', () =>
    inFolder(async (folder) => {
      const path = folder.write('a.hcl', CONFIG);
      const text = await call(['config', 'explain', path], { env });
      const json = await call(['config', 'explain', '-json', path], { env });
      expect([text.code, json.code]).to.deep.equal([0, 0]);
      expectNoSecret(text.out + text.err + json.out + json.err);
      const { config, plan } = JSON.parse(json.out);
      const [a, b, c] = config.identities.map((one: { method: { settings: unknown } }) => one.method.settings);
      expect(a).to.include({ role_id: '[secret]', secret_id: '[secret]', secrt_id: '[secret]' });
      expect(b).to.include({ username: 'bob', password: '[secret]' });
      expect(c).to.include({ role: 'app', secret_key: '[secret]' });
      expect(config.vault.httpProxy).to.equal('http://[secret]@proxy.test:3128');
      expect(plan.find((one: { id: string }) => one.id === 'auth_method.b').settings.password).to.equal('[secret]');
      expect(text.out).to.include('"password": "[secret]"').and.to.include('Plan, in start order:');
    }));

  it('are stars in the code frames of findings, wherever they stand on the line', () =>
    inFolder(async (folder) => {
      const rows = [
        CONFIG.replace('secrt_id =', 'x = 1, secret_id_file_pth = 2, secret_id ='),
        CONFIG.replace(/username = "bob"\n\s*password/, 'username = [], password'),
        CONFIG.replace(/role_id = .*\n\s*secret_id/, `role_id = { a = 1 }, secret_id`),
        CONFIG.replace(`password = "${PASSWORD}"`, `password = <<E\n${HEREDOC.join('\n')}\nE\n password = 5`),
        CONFIG.replace(`role_id = "${ROLE}"`, `role_id = ["${ROLE}"]`),
        `${CONFIG}\n}`,
      ];
      for (const text of rows) {
        const { code, err } = await call(['config', 'validate', '-strict', folder.write('a.hcl', text)], { env });
        expect(code).to.equal(1);
        expect(err).to.include(' | ');
        expectNoSecret(err);
      }
    }));

  it('do not reach the log at trace level, and the login works with them', () =>
    onRig({}, async (rig) => {
      await rig.approle('app');
      const role = rig.read('app.role-id');
      const secret = rig.read('app.secret-id');
      const method = `method "approle" {\n  config = {\n    role_id = "${role}"\n    secret_id = "${secret}"\n  }\n}\n`;
      const sink = `sink "file" {\n  config = {\n    path = "${rig.path('token')}"\n  }\n}\n`;
      const agent = new Call([
        'agent',
        '-log-level=trace',
        '-config',
        rig.config(`auto_auth {\n${method}${sink}}\n${LISTENER}`),
      ]);
      expect(await rig.file('token')).to.match(/^\S{20,}$/);
      const { code } = await agent.stop();
      expect(code).to.equal(0);
      expect(agent.text).to.include('authenticating');
      for (const planted of [role, secret, rig.read('token')]) expect(agent.text).to.not.include(planted);
    }));
});
