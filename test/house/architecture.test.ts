// The executable import table: .ci/layers.json against every import of core and plugins.
import { expect } from 'chai';
import { filesBelow, importsOf, textOf, type Import } from './sources.js';

interface Layers {
  readonly folders: Readonly<Record<string, readonly string[]>>;
  readonly doors: Readonly<Record<string, readonly string[] | string>>;
  readonly dynamicImport: readonly string[];
  readonly processExit: readonly string[];
  readonly processEnv: readonly string[];
  readonly time: readonly string[];
  readonly reveal: readonly string[];
}

const layers = JSON.parse(textOf('.ci/layers.json')) as Layers;
const coreFiles = filesBelow('core', '.ts');
const files = [...coreFiles, ...filesBelow('plugins', '.ts')];

const folderOf = (file: string): string | undefined =>
  Object.keys(layers.folders)
    .filter((folder) => file === folder || file.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0];

const listed = (file: string, list: readonly string[]): boolean =>
  list.some((entry) => file === entry || file.startsWith(entry));

function forbidden(found: Import): string | undefined {
  const home = folderOf(found.file);
  if (home === undefined) return `${found.file} is in no folder of .ci/layers.json`;
  const allowed = layers.folders[home]!;
  if (found.target.startsWith('node:')) return undefined;
  const own = folderOf(found.target) === home && !found.target.startsWith('npm:');
  if (
    own ||
    allowed.some((entry) => found.target === entry || (!entry.endsWith('.ts') && found.target.startsWith(`${entry}/`)))
  )
    return undefined;
  return `${found.file}:${found.line} imports ${found.target}; ${home} may import: ${allowed.join(', ')}`;
}

/** Lines of a file that match, without comment lines. */
function lines(file: string, pattern: RegExp): string[] {
  return textOf(file)
    .split('\n')
    .map((text, index) => ({ text, at: `${file}:${index + 1}` }))
    .filter(({ text }) => !/^\s*(\/\/|\*|\/\*)/.test(text) && pattern.test(text))
    .map(({ text, at }) => `${at} ${text.trim()}`);
}

describe('house: layers', function () {
  // it parses every source
  this.timeout(60_000);

  it('finds the sources', () => {
    expect(coreFiles.length).to.be.greaterThan(50);
  });

  it('every import is allowed by .ci/layers.json', () => {
    const wrong = files
      .flatMap(importsOf)
      .filter((found) => !found.dynamic)
      .map(forbidden)
      .filter((why) => why !== undefined);
    expect(wrong).to.deep.equal([]);
  });

  it('each npm library has one door', () => {
    const wrong = files
      .flatMap(importsOf)
      .filter(({ target, file }) => {
        const doors = layers.doors[target.replace('npm:', '')];
        return target.startsWith('npm:') && Array.isArray(doors) && !listed(file, doors as readonly string[]);
      })
      .map(({ file, line, target }) => `${file}:${line} imports ${target}`);
    expect(wrong).to.deep.equal([]);
  });

  it('dynamic imports stand only where the plan allows them', () => {
    const wrong = files
      .flatMap(importsOf)
      .filter(({ dynamic, file }) => dynamic && !listed(file, layers.dynamicImport))
      .map(({ file, line }) => `${file}:${line}`);
    expect(wrong).to.deep.equal([]);
  });

  it('no plugin is named in core by an import', () => {
    expect(coreFiles.flatMap(importsOf).filter(({ target }) => target.startsWith('plugins/'))).to.deep.equal([]);
  });

  it('process.exit stands only in main.ts, process.env only in its reader', () => {
    const exits = files
      .filter((file) => !listed(file, layers.processExit))
      .flatMap((file) => lines(file, /\bprocess\.exit\(/));
    const envs = files
      .filter((file) => !listed(file, layers.processEnv))
      .flatMap((file) => lines(file, /\bprocess\.env\b/));
    expect([...exits, ...envs]).to.deep.equal([]);
  });

  it('time goes through Clock: no Date.now, setTimeout or setInterval outside the kernel', () => {
    const pattern = /\b(Date\.now\(|setTimeout\(|setInterval\(|new Date\(\))/;
    const own = /\.setTimeout\(/;
    const wrong = files
      .filter((file) => !listed(file, layers.time))
      .flatMap((file) => lines(file, pattern).filter((line) => !own.test(line)));
    expect(wrong).to.deep.equal([]);
  });

  it('reveal() stands only in the files that are allowed to let secrets out', () => {
    const wrong = coreFiles
      .filter((file) => !listed(file, layers.reveal))
      .flatMap((file) => lines(file, /\.reveal\(\)/));
    expect(wrong).to.deep.equal([]);
  });

  it('nobody uses the global container or its decorators', () => {
    const pattern =
      /\b(singleton|registry|scoped|autoInjectable)\b.*tsyringe|@(singleton|registry|scoped|autoInjectable)\(/;
    expect(files.flatMap((file) => lines(file, pattern))).to.deep.equal([]);
  });

  it('no file of core or plugins has more than 400 lines, but tables of codes', () => {
    const long = files
      .filter((file) => !file.endsWith('sdk/codes.ts'))
      .map((file) => [file, textOf(file).split('\n').length] as const);
    expect(long.filter(([, count]) => count > 400)).to.deep.equal([]);
  });

  it('every file of core and plugins says at its top what it promises', () => {
    expect(files.filter((file) => !/^(#!.*\n)?(\/\/|\/\*)/.test(textOf(file)))).to.deep.equal([]);
  });
});
