// token_file beyond the conformance suite: the file stays, the token is remembered.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, type AuthMethod, type LoginAttempt } from '../../../core/sdk/index.js';
import { loadPlugin, makeFakes, readManifest, type Fakes } from '../../../core/sdk/testing/index.js';

const MANIFEST = new URL('../../../plugins/auth-method/token_file/plugin.json', import.meta.url).href;
const LOGIN: LoginAttempt = {
  signal: new AbortController().signal,
  address: new URL('http://127.0.0.1:8200'),
  namespace: '',
  purpose: 'login',
};

describe('auth method token_file', () => {
  let dir: string;
  let path: string;
  let fakes: Fakes;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-token_file-'));
    path = join(dir, 'file');
    fakes = makeFakes();
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));
  const make = async (settings: object): Promise<AuthMethod> =>
    (await loadPlugin<AuthMethod>(MANIFEST, { settings, fakes })).plugin;
  const codeOf = async (method: AuthMethod): Promise<unknown> => {
    const error: unknown = await method.prepare(LOGIN).catch((reason: unknown) => reason);
    return error instanceof AgentError ? error.code : error;
  };

  it('gives the token, trimmed, and keeps it when the file is gone (5.5)', async () => {
    await writeFile(path, ' hvs.one\n', { mode: 0o600 });
    const method = await make({ token_file_path: path });
    const plan = await method.prepare(LOGIN);
    expect('token' in plan && plan.token.reveal()).to.equal('hvs.one');
    await method.accepted?.({ accessor: 'a', policies: [] });
    expect(await readFile(path, 'utf8')).to.equal(' hvs.one\n');
    await rm(path);
    const again = await method.prepare(LOGIN);
    expect('token' in again && again.token.reveal()).to.equal('hvs.one');
  });

  it('fails while there never was a token', async () => {
    expect(await codeOf(await make({ token_file_path: path }))).to.equal('AUTH_CREDENTIAL_MISSING');
  });

  it('is found under its other spelling', async () => {
    expect((await readManifest(MANIFEST)).aliases).to.deep.equal(['token-file']);
  });
});
