// Ten different mistakes over three files are exactly ten problems (issue 3, done when 2), through the real command in both forms.
import { expect } from 'chai';
import { onRig } from '../rig.js';

const FILES = {
  '1-auth.hcl': `auto_auth {
  method "aprole" {
    wrap_tll = "5m"
    config = {
      role_id_file_path = "/r"
    }
  }
  sink "file" {
    dh_type = "curve25519"
    config = {
      path = "/t"
      mode = "rw"
    }
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
  "vault": {
    "address": "vault.example.com:8200",
    "retry": { "num_retries": "many" }
  },
  "cache": { "request_hasher": { "exakt": {} } }
}
`,
};

const WANTED = [
  '1-auth.hcl:2:10 PLUGIN_NOT_FOUND',
  '1-auth.hcl:3:5 CONFIG_UNKNOWN_KEY',
  '1-auth.hcl:9:5 CONFIG_MISSING',
  '1-auth.hcl:12:14 CONFIG_TYPE',
  '2-listeners.hcl:1:1 CONFIG_LISTENER_TLS',
  '2-listeners.hcl:5:17 CONFIG_TYPE',
  '2-listeners.hcl:8:24 CONFIG_VALUE',
  '3-rest.json:3:5 CONFIG_ADDRESS',
  '3-rest.json:4:31 CONFIG_TYPE',
  '3-rest.json:6:34 PLUGIN_NOT_FOUND',
];

describe('bad input: ten mistakes over three files', function () {
  this.timeout(20_000);

  it('are exactly ten problems as JSON and as text, each with code, place and what to do, and none besides', () =>
    onRig({}, async (rig) => {
      for (const [name, text] of Object.entries(FILES)) rig.write(name, text);
      const args = Object.keys(FILES).map((name) => `-config=${name}`);
      const json = rig.command(['config', 'validate', '-json', '-strict', ...args]);
      const text = rig.command(['config', 'validate', '-strict', ...args]);
      expect([await json.code(), await text.code()]).to.deep.equal([1, 1]);
      const report = JSON.parse(json.out);
      expect([json.err, report.errors, report.warnings]).to.deep.equal(['', 10, 0]);
      const found = report.problems.map(
        (one: Record<string, string>) => `${one.file}:${one.line}:${one.column} ${one.code}`,
      );
      expect(found).to.deep.equal(WANTED);
      for (const one of report.problems) {
        expect(one.severity).to.equal('error');
        expect(one.message, 'what happened').to.be.a('string').and.not.equal('');
        expect(one.hint, `what to do about ${one.code}`).to.be.a('string').and.not.equal('');
      }
      expect(text.out).to.equal('');
      const heads = text.err.split('\n').filter((line) => /^\S+:\d+:\d+: [A-Z]/.test(line));
      expect(heads.map((line) => line.replace(/^(\S+): ([A-Z_]+) .*$/, '$1 $2'))).to.deep.equal(WANTED);
      expect(text.err.match(/^ {2}-> /gm)).to.have.lengthOf(10);
      expect(text.err).to.match(/\n10 errors\n$/);
      const started = rig.command(['agent', '-strict', ...args]);
      expect([await started.code(), started.out, started.err]).to.deep.equal([1, '', text.err]);
    }));
});
