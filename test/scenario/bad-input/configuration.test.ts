// What a person sees when the configuration or the command line is wrong: code, place, what to do; exit code 1, nothing left behind.
import { mkdirSync } from 'node:fs';
import { expect } from 'chai';
import { call, type Called } from '../terminal.js';
import { inFolder } from './folder.js';

const AUTH = `auto_auth {
  method "approle" {
    config = {
      role_id_file_path = "/dev/null"
    }
  }
  sink "file" {
    config = {
      path = "/run/token"
    }
  }
}
`;

/** Name of the file, its text, and the lines that must show. `FILE` stands for its path. */
type Row = readonly [what: string, file: string, text: string, ...lines: string[]];

const ROWS: readonly Row[] = [
  [
    'a block that is not closed',
    'a.hcl',
    'auto_auth {\n  method "approle" {\n',
    'FILE:3:1: CONFIG_SYNTAX the "{" of method "approle" on line 2 is never closed',
    '-> add a "}"',
  ],
  [
    'JSON that is cut off',
    'a.json',
    '{"auto_auth": {\n"method": {"type": "approle"}}',
    'FILE:2:31: CONFIG_SYNTAX found the end of the file where "," or "}" is expected',
    '-> the file seems to be cut off, or a bracket is missing',
  ],
  [
    'an unknown method',
    'a.hcl',
    AUTH.replace('"approle"', '"aprole"'),
    'FILE:2:10: PLUGIN_NOT_FOUND there is no auth-method named "aprole"',
    '-> did you mean "approle"?',
  ],
  [
    'an unknown sink',
    'a.hcl',
    AUTH.replace('"file"', '"flie"'),
    'FILE:7:8: PLUGIN_NOT_FOUND there is no sink named "flie"',
    '-> did you mean "file"?',
  ],
  [
    'an unknown listener',
    'a.hcl',
    'listener "tpc" {\n  address = "127.0.0.1:0"\n}\n',
    'FILE:1:10: PLUGIN_NOT_FOUND there is no listener named "tpc"',
    '-> did you mean "tcp"? known: tcp, unix',
  ],
  [
    'a mode that is none',
    'a.hcl',
    AUTH.replace('path = "/run/token"', 'path = "/run/token"\n      mode = "rw"'),
    'FILE:10:14: CONFIG_TYPE auto_auth.sink[0].config.mode must be an octal file mode such as "0640", not "rw"',
    '->',
  ],
  [
    'two listeners on one address',
    'a.hcl',
    'listener "tcp" {\n  address = "127.0.0.1:8100"\n  tls_disable = true\n}\n'.repeat(2),
    'FILE:6:3: CONFIG_CONFLICT listener[1] and listener[0] (line 1) have the same address 127.0.0.1:8100',
    '-> give each its own',
  ],
  [
    'TLS without a certificate',
    'a.hcl',
    'listener "tcp" {\n  address = "127.0.0.1:8100"\n}\n',
    'FILE:1:1: CONFIG_LISTENER_TLS listener[0] (tcp on 127.0.0.1:8100) has no certificate, and TLS is not turned off',
    '-> set tls_cert_file and tls_key_file, or tls_disable = true for plain HTTP',
  ],
  [
    'a certificate without a key',
    'a.hcl',
    'listener "tcp" {\n  address = "127.0.0.1:8100"\n  tls_cert_file = "/dev/null"\n}\n',
    'FILE:3:3: CONFIG_LISTENER_TLS listener[0] (tcp on 127.0.0.1:8100) has a certificate but no key',
    '-> set tls_key_file',
  ],
  [
    'nothing to do',
    'a.hcl',
    'pid_file = "/run/pid"\n',
    'CONFIG_MISSING the configuration needs auto_auth, cache or listener',
    '->',
  ],
];

function expectLines({ code, out, err }: Called, lines: readonly string[]): void {
  expect(code).to.equal(1);
  expect(out, 'standard output').to.equal('');
  for (const line of lines) expect(err).to.include(line);
  expect(err, 'no stack').to.not.match(/^\s+at /m);
}

describe('bad input: configuration', () => {
  for (const [what, file, text, ...lines] of ROWS) {
    it(`${what}: agent and "config validate" say the same, with place and cure`, () =>
      inFolder(async (folder) => {
        const path = folder.write(file, text);
        const wanted = lines.map((line) => line.replace('FILE', path));
        const started = await call(['agent', '-config', path]);
        expectLines(started, wanted);
        expect(started.err).to.match(/\n1 error\n$/);
        expect((await call(['config', 'validate', path])).err).to.equal(started.err);
        expect(folder.names()).to.deep.equal([file]);
      }));
  }

  it('files that are missing, and a folder without configurations', () =>
    inFolder(async (folder) => {
      const missing = folder.at('none.hcl');
      expectLines(await call(['agent', '-config', missing]), [
        `${missing}: CONFIG_UNREADABLE cannot read ${missing}: it does not exist`,
        '-> check the path and its permissions',
      ]);
      mkdirSync(folder.at('empty'));
      const { err } = await call(['agent', '-config', folder.at('empty')]);
      expect(err).to.match(
        /^CONFIG_MISSING the configuration needs auto_auth, cache or listener\n {2}-> add an auto_auth block/,
      );
    }));

  it('a command line that is wrong: one line with what was meant', async () => {
    const rows: readonly (readonly [readonly string[], string])[] = [
      [['agent'], 'CONFIG_USAGE: agent needs at least one -config=<path>; run with -help for the list of options\n'],
      [['proxy', '-confg=a'], 'CONFIG_USAGE: unknown option -confg; did you mean -config?; run with -help'],
      [['agent', '-config'], 'CONFIG_USAGE: -config needs a value; run with -help'],
      [
        ['agent', '-config=a', '-exit-after-auth=maybe'],
        'CONFIG_USAGE: -exit-after-auth is either true or false, not "maybe"',
      ],
      [['agent', '-config=a', 'b'], 'CONFIG_USAGE: unexpected argument "b"'],
      [['config', 'valdate', 'a.hcl'], 'CONFIG_USAGE: unknown action "config valdate"'],
      [
        ['plugin', 'describe', 'nothing'],
        'PLUGIN_NOT_FOUND: there is no plugin named "nothing"; "claviger plugin list" shows all',
      ],
      [['agnet'], 'unknown command "agnet"\n\nUsage: claviger'],
    ];
    for (const [args, line] of rows) {
      const { code, out, err } = await call(args);
      expect([code, out], args.join(' ')).to.deep.equal([1, '']);
      expect(err).to.include(line);
    }
  });

  it('stanzas that are not built: warnings of "config validate", errors at the start, each with its place', () =>
    inFolder(async (folder) => {
      const path = folder.write(
        'a.hcl',
        'auto_auth {\n  method "aws" {\n    config = {\n      type = "iam"\n      role = "app"\n    }\n  }\n}\n' +
          'telemetry {\n  statsd_address = "127.0.0.1:8125"\n}\n' +
          'template {\n  contents = "x"\n  destination = "/run/x"\n}\n' +
          'api_proxy {\n  when_inconsistent = "retry"\n}\n' +
          'listener "tcp" {\n  address = "127.0.0.1:0"\n  tls_disable = true\n}\n',
      );
      const lines = ['10:3 telemetry.statsd_address', '12:1 template', '17:3 when_inconsistent = "retry"'].map(
        (line) => {
          const [place, ...what] = line.split(' ');
          return [
            `${path}:${place}: CONFIG_NOT_SUPPORTED_YET `,
            `${what.join(' ')} is understood, but this version cannot do it yet`,
          ] as const;
        },
      );
      const valid = await call(['config', 'validate', path]);
      const verdict = 'The configuration is valid, but this version cannot start with it yet.\n';
      expect([valid.code, valid.out]).to.deep.equal([0, verdict]);
      for (const [head, tail] of lines) expect(valid.err).to.include(`${head}warning: ${tail}`);
      expect(valid.err).to.match(/\n0 errors, 3 warnings\n$|\n3 warnings\n$/);
      const started = await call(['agent', '-config', path]);
      expectLines(
        started,
        lines.map((line) => line.join('')),
      );
      expect(started.err).to.match(/\n3 errors\n$/);
      const exec = folder.write(
        'b.hcl',
        'auto_auth {\n  method "token_file" {\n    config = {\n      token_file_path = "/run/t"\n    }\n  }\n}\n' +
          'env_template "A" {\n  contents = "x"\n}\nexec {\n  command = ["env"]\n}\n',
      );
      expectLines(await call(['agent', '-config', exec]), [
        `${exec}:8:1: CONFIG_NOT_SUPPORTED_YET env_template "A" is understood`,
        `${exec}:11:1: CONFIG_NOT_SUPPORTED_YET exec is understood`,
      ]);
      expect(folder.names()).to.deep.equal(['a.hcl', 'b.hcl']);
    }));
});
