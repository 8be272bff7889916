// Where a credential comes from when several places are named, and what is said when none has it. Files themselves: credential-file.test.ts.
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, CredentialSource, Secret, type CredentialSourceOptions } from '../../../core/sdk/index.js';
import { makeFakes, type Fakes } from '../../../core/sdk/testing/index.js';

const LOGIN = { signal: new AbortController().signal, purpose: 'login' } as const;

describe('sdk/credential-source', () => {
  let dir: string;
  let path: string;
  let fakes: Fakes;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-source-'));
    path = join(dir, 'file');
    fakes = makeFakes();
    await writeFile(path, 'from-file\n', { mode: 0o600 });
    fakes.env.set('VARIABLE', 'from-variable\n');
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const source = (more: Partial<CredentialSourceOptions>): CredentialSource =>
    new CredentialSource({ what: 'password', log: fakes.log, clock: fakes.clock, ...more });
  const file = (given: string | undefined, remove = false): NonNullable<CredentialSourceOptions['file']> => ({
    setting: 'password_file',
    path: given,
    remove,
    followSymlinks: false,
    periodMs: undefined,
  });
  const variable = (name: string | undefined): NonNullable<CredentialSourceOptions['variable']> => ({
    name,
    env: fakes.env,
  });
  const inline = { setting: 'password', value: 'from-configuration' };
  const failure = async (of: CredentialSource): Promise<AgentError> => {
    const error: unknown = await of.read(LOGIN).catch((reason: unknown) => reason);
    if (error instanceof AgentError) return error;
    throw new Error('no AgentError');
  };

  const orders: readonly (readonly [
    what: string,
    options: () => Partial<CredentialSourceOptions>,
    text: string,
    trail: number,
  ])[] = [
    ['the file first', () => ({ file: file(path), variable: variable('VARIABLE'), inline }), 'from-file', 1],
    [
      'then the variable',
      () => ({ file: file(undefined), variable: variable('VARIABLE'), inline }),
      'from-variable',
      2,
    ],
    [
      'then the configuration',
      () => ({ file: file(''), variable: variable(undefined), inline }),
      'from-configuration',
      2,
    ],
    ['a Secret of the configuration', () => ({ inline: { setting: 'password', value: new Secret('s') } }), 's', 1],
  ];
  for (const [what, options, text, trail] of orders) {
    it(`${what}, and the trail names the places before`, async () => {
      const made = source(options());
      expect((await made.read(LOGIN)).reveal()).to.equal(text);
      expect(made.trail.length).to.equal(trail);
    });
  }

  it('a configured place that has nothing is not passed over', async () => {
    const gone = source({ file: file(join(dir, 'gone')), variable: variable('VARIABLE'), inline });
    expect((await failure(gone)).code).to.equal('AUTH_CREDENTIAL_MISSING');
    const unset = source({ file: file(undefined), variable: variable('OTHER'), inline });
    expect((await failure(unset)).message).to.equal(
      'no password found; tried password_file (not configured), environment variable OTHER (not set)',
    );
  });

  it('without any configured place it lists them', async () => {
    const none = source({
      file: file(undefined),
      variable: variable(''),
      inline: { setting: 'password', value: undefined },
    });
    expect(await failure(none)).to.include({
      code: 'AUTH_SOURCE_NONE',
      message: 'no password found; tried password_file (not configured), password (not configured)',
    });
  });

  it('trims files and variables alike', async () => {
    await writeFile(path, ' a b \r\n');
    fakes.env.set('VARIABLE', ' a b \r\n');
    for (const [trim, text] of [
      ['line-break', ' a b '],
      [true, 'a b'],
      [false, ' a b \r\n'],
    ] as const) {
      expect((await source({ trim, file: file(path) }).read(LOGIN)).reveal()).to.equal(text);
      expect((await source({ trim, variable: variable('VARIABLE') }).read(LOGIN)).reveal()).to.equal(text);
    }
  });

  it('removes the file that was read once it was accepted, if it is to be removed', async () => {
    const there = (): Promise<boolean> =>
      stat(path).then(
        () => true,
        () => false,
      );
    for (const remove of [false, true]) {
      const made = source({ file: file(path, remove) });
      made.accepted();
      await made.read(LOGIN);
      made.accepted();
      expect(await there()).to.equal(!remove);
    }
  });

  it('watches only files', async () => {
    const changes = source({ inline }).changes(new AbortController().signal);
    expect(await changes.next()).to.include({ done: true });
  });
});
