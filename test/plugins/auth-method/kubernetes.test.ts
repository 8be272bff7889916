// kubernetes beyond the conformance suite: nothing remembered, nothing warned about.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, type AuthMethod, type LoginAttempt } from '../../../core/sdk/index.js';
import { loadPlugin, makeFakes, type Fakes } from '../../../core/sdk/testing/index.js';

const MANIFEST = new URL('../../../plugins/auth-method/kubernetes/plugin.json', import.meta.url).href;
const LOGIN: LoginAttempt = {
  signal: new AbortController().signal,
  address: new URL('http://127.0.0.1:8200'),
  namespace: '',
  purpose: 'login',
};

describe('auth method kubernetes', () => {
  let dir: string;
  let path: string;
  let fakes: Fakes;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-kubernetes-'));
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

  it('reads the token for each login and remembers nothing (5.3)', async () => {
    await writeFile(path, 'sa-one\n');
    const method = await make({ role: 'app', token_path: path });
    expect(await method.prepare(LOGIN)).to.deep.include({
      login: 'auth/kubernetes/login',
      body: { role: 'app', jwt: 'sa-one' },
    });
    await writeFile(path, 'sa-two');
    expect(await method.prepare(LOGIN)).to.deep.include({ body: { role: 'app', jwt: 'sa-two' } });
    await rm(path);
    expect(await codeOf(method)).to.equal('AUTH_CREDENTIAL_MISSING');
  });

  it('does not warn about the mode that Kubernetes itself gives the token', async () => {
    await writeFile(path, 'sa');
    await chmod(path, 0o644);
    await (await make({ role: 'app', token_path: path })).prepare(LOGIN);
    expect(fakes.log.lines).to.deep.equal([]);
  });

  it('looks for the token of the pod by default', async () => {
    const method = await make({ role: 'app' });
    const error: unknown = await method.prepare(LOGIN).catch((reason: unknown) => reason);
    const wanted = '/var/run/secrets/kubernetes.io/serviceaccount/token';
    if (error instanceof AgentError) expect(error.at).to.equal(wanted);
    else expect(error).to.deep.include({ trail: [{ source: wanted, outcome: 'read' }] });
  });
});
