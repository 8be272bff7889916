import { expect } from 'chai';
import { formatProblems, nearestName, problemsToJson } from '../../../core/config/problems.js';
import type { Problem } from '../../../core/contracts/problem.js';

const problem = (over: Partial<Problem> = {}): Problem => ({
  severity: 'error',
  code: 'CONFIG_SYNTAX',
  message: 'something is wrong',
  at: { file: 'a.hcl', line: 2, column: 3 },
  ...over,
});
const print = (problems: Problem[], text = 'one\n\ttwo\nthree'): string =>
  formatProblems(problems, new Map([['a.hcl', text]]), { color: false });

describe('findings for people', () => {
  it('show place, code, the line with a caret, what to do, and a count', () => {
    expect(print([problem({ hint: 'do this' })])).to.equal(
      'a.hcl:2:3: CONFIG_SYNTAX something is wrong\n   2 | \ttwo\n     | \t ^\n  -> do this\n\n1 error\n',
    );
  });

  it('count errors and warnings', () => {
    const out = print([problem(), problem(), problem({ severity: 'warning' })]);
    expect(out).to.match(/2 errors, 1 warning\n$/);
    expect(out).to.include('CONFIG_SYNTAX warning: something');
  });

  it('are empty when there is nothing to say', () => expect(print([])).to.equal(''));

  it('show no frame for whole files, unknown texts and missing places', () => {
    expect(print([problem({ at: { file: 'a.hcl', line: 0, column: 0 } })])).to.equal(
      'a.hcl: CONFIG_SYNTAX something is wrong\n\n1 error\n',
    );
    expect(print([problem({ at: { file: 'b.hcl', line: 1, column: 1 } })])).to.equal(
      'b.hcl:1:1: CONFIG_SYNTAX something is wrong\n\n1 error\n',
    );
    expect(print([problem({ at: undefined })])).to.equal('CONFIG_SYNTAX something is wrong\n\n1 error\n');
    expect(print([problem({ at: { file: 'a.hcl', line: 9, column: 1 } })])).to.not.include('|');
  });

  it('mask values of settings that sound secret, and keep the caret in place', () => {
    const out = print([problem({ at: { file: 'a.hcl', line: 1, column: 14 } })], 'secret_id = "hunter2\n');
    expect(out).to.include('   1 | secret_id = "*******\n     |              ^');
    for (const line of [
      '{"password": "hunter2"',
      'config = { token = "hunter2", x = 1',
      'client_secret = hunter2',
      'Password: hunter2',
      'token = true-hunter2',
      'renew_token = true, token = "hunter2"',
    ]) {
      expect(print([problem({ at: { file: 'a.hcl', line: 1, column: 1 } })], line), line).to.not.include('hunter2');
    }
    for (const line of [
      'secret_id_file_path = "/x"',
      'use_auto_auth_token = yes',
      'token_ttl = 5m',
      'address = "x"',
      'cache_static_secrets = true',
      '{ renew_token = false }',
    ]) {
      expect(print([problem({ at: { file: 'a.hcl', line: 1, column: 1 } })], line), line).to.include(line);
    }
  });

  it('cut very long lines around the caret and hide control characters', () => {
    const out = print(
      [problem({ at: { file: 'a.hcl', line: 1, column: 501 } })],
      `${'a'.repeat(500)}\u001b[31mX${'b'.repeat(500)}`,
    );
    const [, source = '', caret = ''] = out.split('\n');
    expect(source.length).to.be.below(140);
    expect(source).to.not.include('\u001b');
    expect(source[caret.indexOf('^')]).to.equal('\uFFFD');
  });

  it('count columns in characters', () => {
    const [, source = '', caret = ''] = print(
      [problem({ at: { file: 'a.hcl', line: 1, column: 6 } })],
      '"🔑🔑" x',
    ).split('\n');
    expect([...source][caret.indexOf('^')]).to.equal('x');
  });

  it('are coloured on request only', () => {
    expect(print([problem()])).to.not.include('\u001b');
    expect(formatProblems([problem()], new Map(), { color: true })).to.include('\u001b[');
  });

  it('have a JSON form', () => {
    expect(
      problemsToJson([problem({ hint: 'h', key: 'vault.address' }), problem({ severity: 'warning', at: undefined })]),
    ).to.deep.equal({
      errors: 1,
      warnings: 1,
      problems: [
        {
          severity: 'error',
          code: 'CONFIG_SYNTAX',
          message: 'something is wrong',
          file: 'a.hcl',
          line: 2,
          column: 3,
          hint: 'h',
          key: 'vault.address',
        },
        { severity: 'warning', code: 'CONFIG_SYNTAX', message: 'something is wrong' },
      ],
    });
  });
});

describe('the nearest name', () => {
  const names = ['address', 'namespace', 'tls_skip_verify', 'mode', 'path', 'role', 'type'];
  for (const [written, want] of [
    ['adress', 'address'],
    ['addres', 'address'],
    ['adderss', 'address'],
    ['name_space', 'namespace'],
    ['NameSpace', 'namespace'],
    ['tls_skip_verfiy', 'tls_skip_verify'],
    ['mdoe', 'mode'],
    ['pth', 'path'],
    ['rule', 'role'],
    ['xyz', undefined],
    ['a', undefined],
    ['', undefined],
    ['tape', 'type'],
    ['listener', undefined],
  ] as const) {
    it(`of "${written}" is ${String(want)}`, () => expect(nearestName(written, names)).to.equal(want));
  }
});
