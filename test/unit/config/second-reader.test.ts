import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { secondOpinion } from '../../../core/config/second-opinion.js';
import { readWithHcl2 } from '../../../core/config/second-reader.js';
import { readHcl } from '../../../core/kernel/hcl/read.js';
import type { Item, Node, ObjectNode } from '../../../core/kernel/hcl/tree.js';
import { canonical, decode } from '../kernel/hcl/decode.js';

const golden = new URL('../../golden/vectors/hcl.json', import.meta.url);
const vectors = (JSON.parse(readFileSync(golden, 'utf8')) as { cases: { name: string; text: string }[] }).cases;

/** Texts that both readers accept and must read alike. */
const SAMPLES: Readonly<Record<string, string>> = {
  'an agent': `pid_file = "./pid"
exit_after_auth = false
vault {
  address = "https://127.0.0.1:8200"
  retry {
    num_retries = -5
  }
}
auto_auth {
  method "approle" {
    mount_path = "auth/approle"
    config = {
      role_id_file_path = "/r"
      list = ["a", 1, true, { b = 1.5 }]
    }
  }
  sink "file" {
    config = {
      path = "/one"
    }
  }
  sink "file" {
    config = {
      path = "/two"
    }
  }
}
listener "tcp" {
  address = "127.0.0.1:8100"
}
listener "unix" {
  address = "/run/a.sock"
}
`,
  'a template':
    'template {\n  contents = <<EOT\n{{ with secret "kv/x" }}{{ .Data.a }}{{ end }}\nEOT\n  destination = "/x"\n  command = "echo \\"hi\\" \\t\\\\"\n}\n',
  'an indented heredoc': 'a = <<-EOT\n    one\n      two\n    EOT\n',
  interpolation: 'a = "${env.X} and ${f("y")}"\n',
  unicode: 'größe = "ä→🔑 \\u00e9"\n',
  labels: 'a "b" "c" {\n  d = 1\n}\na "b" "e" {\n  d = 2\n}\n',
};

/** What hcl2-parser is known to read differently (libraries-and-performance section 2.1). */
const KNOWN_DIFFERENT: ReadonlySet<string> = new Set([
  'octal',
  'octal 0600',
  'double dollar',
  'nested braces',
  'block and attribute of one name',
  'indented heredoc, less indent',
  'indented heredoc, blank line',
  'heredoc with indented end',
  'heredoc crlf',
]);

/** The form of hcl2-parser: blocks are lists, labels group, objects after `=` stand alone. */
function hcl2Form(tree: ObjectNode): Record<string, unknown> {
  const out = Object.create(null) as Record<string, unknown>;
  for (const item of tree.items) place(out, item);
  return out;
}

function place(out: Record<string, unknown>, { keys, value, assigned }: Item): void {
  const path = keys.map(({ text }) => text);
  const last = path.pop() as string;
  let at = out;
  for (const key of path) at = (at[key] ??= Object.create(null)) as Record<string, unknown>;
  const before = (at[last] ?? []) as unknown[];
  at[last] = assigned && at[last] === undefined ? plain(value) : [...before, plain(value)];
}

function plain(node: Node): unknown {
  if (node.kind === 'object') return hcl2Form(node);
  return node.kind === 'list' ? node.items.map(plain) : node.value;
}

describe('the second reader', function () {
  this.timeout(30_000);

  it('gives values, or the diagnosis that the package loses, and survives what makes it panic', async () => {
    expect(await readWithHcl2('a = 1\nb "x" {\n c = [true]\n}\n')).to.deep.equal({
      value: { a: 1, b: { x: [{ c: [true] }] } },
    });
    expect(await readWithHcl2('')).to.deep.equal({ value: {} });
    expect((await readWithHcl2('a = 1\na = 2\n')).error).to.match(/^parse config: \[:2,1-2: Attribute redefined/);
    expect((await readWithHcl2('größe = "ä" "ö"\n')).error).to.match(/Missing newline after argument/);
    expect((await readWithHcl2('listener "tcp" {}\nlistener {}\n')).error).to.be.a('string');
    expect((await readWithHcl2(`a = ${'['.repeat(2000)}${']'.repeat(2000)}\n`)).error).to.be.a('string');
    expect((await readWithHcl2(`# ${'x'.repeat(300_000)}`)).error).to.match(/too long/);
  });

  it('does not touch this thread and does not keep the process alive', async () => {
    const before = [Error.stackTraceLimit, String.fromCharCode];
    await readWithHcl2('a = 1\n');
    expect([Error.stackTraceLimit, String.fromCharCode]).to.deep.equal(before);
    const url = new URL('../../../core/config/second-reader.js', import.meta.url).href;
    const program = `const { readWithHcl2 } = await import(${JSON.stringify(url)}); console.log(JSON.stringify(await readWithHcl2('a = 1')));`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 20_000,
      encoding: 'utf8',
    });
    expect(JSON.parse(out)).to.deep.equal({ value: { a: 1 } });
  });

  it('is not loaded with the configuration reader', () => {
    const url = new URL('../../../core/config/read.js', import.meta.url).href;
    const sample = fileURLToPath(golden);
    const program = `import { createRequire } from 'node:module'; const { readConfig } = await import(${JSON.stringify(url)}); await readConfig([${JSON.stringify(sample)}]);
      console.log(Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('hcl2-parser')).length, Error.stackTraceLimit);`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 20_000,
      encoding: 'utf8',
    });
    expect(out.trim()).to.equal('0 10');
  });

  it('agrees with ours on every sample and recording that both accept, but for the listed differences', () => {
    const texts = new Map([...Object.entries(SAMPLES), ...vectors.map(({ name, text }) => [name, text] as const)]);
    for (const [name, text] of texts) if (readHcl(text, 'f').problems.length > 0) texts.delete(name);
    const values = parseAll([...texts.values()]);
    const different: string[] = [];
    let compared = 0;
    [...texts].forEach(([name, text], index) => {
      const value = values[index];
      if (value === null || value === undefined) return void expect(SAMPLES).to.not.have.property(name);
      compared++;
      if (canonical(value) !== canonical(hcl2Form(readHcl(text, 'f').tree))) different.push(name);
    });
    expect(different.sort()).to.deep.equal([...KNOWN_DIFFERENT].sort());
    expect(compared).to.be.above(60);
  });
});

/** The values of hcl2-parser in a process of its own; null for what it refuses or panics about. */
function parseAll(texts: readonly string[]): unknown[] {
  const program = `const { createRequire } = require('node:module'); const { parseToObject } = createRequire(process.argv[1])('hcl2-parser');
    const read = (text) => { try { return parseToObject(text)[0]; } catch { return null; } };
    process.stdout.write(JSON.stringify(JSON.parse(require('node:fs').readFileSync(0, 'utf8')).map(read)));`;
  const here = fileURLToPath(import.meta.url);
  const out = execFileSync(process.execPath, ['-e', program, here], {
    input: JSON.stringify(texts),
    timeout: 30_000,
    encoding: 'utf8',
  });
  return JSON.parse(out) as unknown[];
}

describe('the second opinion', function () {
  this.timeout(30_000);

  const ask = async (text: string): Promise<{ tree: unknown; problems: string[] }> => {
    const { tree, problems } = secondOpinion(readHcl(text, 'f'), await readWithHcl2(text), { file: 'f', text });
    return {
      tree: decode(tree),
      problems: problems.map(
        ({ severity, code, at, message, hint }) =>
          `${severity} ${code} ${at?.line}:${at?.column} ${message} -> ${hint}`,
      ),
    };
  };

  it('lets a file count that only HCL 2 can read, with a warning at the place that ours refuses', async () => {
    const { tree, problems } = await ask('a "x" {\n  b = <<EOT\nx\nEOT \n}\na "x" {\n c = ["d"]\n}\ne = { f = 1 }\n');
    expect(tree).to.deep.equal({ a: [{ x: [{ b: 'x\n' }] }, { x: [{ c: ['d'] }] }], e: [{ f: 1 }] });
    expect(problems).to.have.length(1);
    expect(problems[0]).to.match(/^warning CONFIG_SYNTAX 10:1 this file is HCL 2, not the HCL 1 of Vault/);
  });

  it('reports each expression that nobody evaluates, with its place', async () => {
    const { problems } = await ask('a = upper("x")\nb {\n  c = 1 + 2\n}\nd = [env("Y")]\ne = "${f}"\n');
    expect(problems.map((line) => line.split(';')[0])).to.deep.equal([
      'error CONFIG_UNEVALUATED_EXPRESSION 1:5 a is an expression',
      'error CONFIG_UNEVALUATED_EXPRESSION 3:7 b.c is an expression',
      'error CONFIG_UNEVALUATED_EXPRESSION 5:6 d is an expression',
    ]);
  });

  for (const [why, text] of [
    ['octal numbers, which it misreads', 'mode = 0640\na = null\n'],
    ['a bad octal number', 'mode = 0689\n'],
    ['numbers that it rounds', 'a = 12345678901234567890\n'],
    ['a block that it drops beside an attribute', 'config {\n a = 1\n}\nconfig = {\n b = 2\n}\nx = null\n'],
  ] as const) {
    it(`does not let it count with ${why}`, async () => {
      const { problems } = await ask(text);
      expect(problems).to.have.length(1);
      expect(problems[0]).to.match(/^error CONFIG_SYNTAX/);
    });
  }

  it('adds the HCL 2 diagnosis to the hint when both refuse the same line', async () => {
    const { problems } = await ask('a = 1\nb = [1 2]\n');
    expect(problems).to.have.length(1);
    expect(problems[0]).to.match(
      /^error CONFIG_SYNTAX 2:8 a comma is missing.*an HCL 2 reader says: Missing item separator \(2:8\)$/,
    );
  });
});
