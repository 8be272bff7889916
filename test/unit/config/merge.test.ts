import { expect } from 'chai';
import { mergeTrees } from '../../../core/config/merge.js';
import { readText } from '../../../core/kernel/hcl/read.js';
import { decode } from '../kernel/hcl/decode.js';

function merge(...texts: string[]): { value: unknown; keys: string[]; warnings: string[] } {
  const { tree, problems } = mergeTrees(
    texts.map((text, index) => ({ file: `f${index + 1}`, tree: readText(text, `f${index + 1}`).tree })),
  );
  return {
    value: decode(tree),
    keys: tree.items.map(({ keys }) => keys.map(({ text }) => text).join(' ')),
    warnings: problems.map(
      ({ severity, code, at, message }) => `${severity} ${code} ${at?.file}:${at?.line} ${message}`,
    ),
  };
}

describe('merging several files (spec config 1.10)', () => {
  it('gives one file back unchanged, repetitions included', () => {
    const { keys, warnings } = merge('vault {}\nvault {}\nauto_auth "a" {}\nauto_auth "a" {}\nlog_level = ""\n');
    expect(keys).to.deep.equal(['vault', 'vault', 'auto_auth a', 'auto_auth a', 'log_level']);
    expect(warnings).to.deep.equal([]);
  });

  it('gives an empty tree for no files', () => expect(mergeTrees([]).tree.items).to.deep.equal([]));

  for (const name of ['auto_auth', 'cache', 'api_proxy', 'vault', 'template_config', 'exec', 'telemetry']) {
    it(`a later ${name} replaces an earlier one as a whole, with a warning`, () => {
      const { value, warnings } = merge(`${name} {\n a = 1\n b = 1\n}`, `\n${name} {\n a = 2\n}`);
      expect(value).to.deep.equal({ [name]: [{ a: 2 }] });
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.match(new RegExp(`^warning CONFIG_DUPLICATE f2:2 ${name}: .*f1:1`));
    });
  }

  for (const name of ['listener', 'template', 'env_template', 'plugin']) {
    it(`${name} blocks of all files are kept in order`, () => {
      const { keys, warnings } = merge(`${name} "x" {}`, `${name} "x" {}`, `{"${name}": [{"a": 3}]}`);
      expect(keys).to.deep.equal([`${name} x`, `${name} x`, name]);
      expect(warnings).to.deep.equal([]);
    });
  }

  it('auto_auth blocks replace only those of the same label', () => {
    const { value, warnings } = merge(
      'auto_auth "a" {\n v = 1\n}\nauto_auth "b" {\n v = 2\n}',
      'auto_auth "b" {\n v = 3\n}\nauto_auth "c" {\n v = 4\n}',
    );
    expect(value).to.deep.equal({ auto_auth: [{ a: [{ v: 1 }] }, { b: [{ v: 3 }] }, { c: [{ v: 4 }] }] });
    expect(warnings).to.have.length(1);
  });

  it('several blocks of one label in the later file are all kept', () => {
    expect(merge('auto_auth "a" {}', 'auto_auth "a" {}\nauto_auth "a" {}').keys).to.deep.equal([
      'auto_auth a',
      'auto_auth a',
    ]);
  });

  it('exit_after_auth is true when one file says so', () => {
    for (const [a, b, want] of [
      ['true', 'false', true],
      ['false', 'true', true],
      ['"true"', 'false', 'true'],
      ['false', 'false', false],
    ] as const) {
      expect(merge(`exit_after_auth = ${a}`, `exit_after_auth = ${b}`).value).to.deep.equal({ exit_after_auth: want });
    }
  });

  it('texts count only when they are not empty', () => {
    for (const name of ['pid_file', 'log_level', 'log_format', 'log_file', 'log_rotate_duration', 'cluster_name']) {
      expect(merge(`${name} = "a"`, `${name} = ""`).value).to.deep.equal({ [name]: 'a' });
      expect(merge(`${name} = "a"`, `${name} = "b"`).value).to.deep.equal({ [name]: 'b' });
    }
  });

  it('log_rotate_bytes and log_rotate_max_files count when present, also with 0', () => {
    expect(merge('log_rotate_bytes = 5\nlog_rotate_max_files = 5', 'log_rotate_bytes = 0').value).to.deep.equal({
      log_rotate_bytes: 0,
      log_rotate_max_files: 5,
    });
  });

  it('the lists of disabled connections are joined', () => {
    expect(merge('disable_keep_alives = ["caching"]', 'disable_keep_alives = ["templating"]').value).to.deep.equal({
      disable_keep_alives: ['caching', 'templating'],
    });
  });

  it('of unknown keys the later one counts', () => {
    expect(merge('x = 1\ny = 1', 'x = 2').value).to.deep.equal({ x: 2, y: 1 });
  });

  it('names count without regard to case', () => {
    expect(merge('PID_FILE = "a"\nVault {\n a = 1\n}', 'pid_file = "b"\nvault {\n a = 2\n}').value).to.deep.equal({
      pid_file: 'b',
      vault: [{ a: 2 }],
    });
  });

  it('null and empty lists of a later file change nothing', () => {
    expect(merge('pid_file = "a"\nvault {\n a = 1\n}', '{"pid_file": null, "vault": []}').value).to.deep.equal({
      pid_file: 'a',
      vault: [{ a: 1 }],
    });
  });

  it('cache.use_auto_auth_token outlives a later cache block that does not set it, as the api_proxy it stands for', () => {
    expect(merge('cache {\n use_auto_auth_token = "force"\n}', 'cache {}').value).to.deep.equal({
      api_proxy: [{ use_auto_auth_token: 'force' }],
      cache: [{}],
    });
    expect(
      merge('cache {\n use_auto_auth_token = true\n}', 'cache {\n use_auto_auth_token = false\n}').value,
    ).to.deep.equal({ cache: [{ use_auto_auth_token: false }] });
    expect(merge('cache {\n use_auto_auth_token = true\n}\napi_proxy {}', 'cache {}').value).to.deep.equal({
      api_proxy: [{}],
      cache: [{}],
    });
  });
});
