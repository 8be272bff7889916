// kubernetes-secret sink against an API server that checks bearer token, authority, rights and field managers.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, Secret, type Delivery, type Sink } from '../../../core/sdk/index.js';
import { loadPlugin, makeCertificate, makeFakes, type Fakes } from '../../../core/sdk/testing/index.js';
import { HttpDouble } from '../../doubles/http-double.js';
import { KubeApi, type Verb } from '../../doubles/kube-api.js';

const MANIFEST = new URL('../../../plugins/sink/kubernetes-secret/plugin.json', import.meta.url).href;
const SIGNAL = new AbortController().signal;
const TOKEN = 'planted-token-of-the-secret';
const deliver = (payload = TOKEN): Delivery => ({
  payload: new Secret(payload),
  ...{ form: 'plain', identity: 'web', accessor: 'a-1', expiresAt: 0, sequence: 1 },
});
const [NS, NAME] = ['web', 'vault-token'];
const RIGHT: Verb = `secrets:patch:${NAME}`;

describe('sink kubernetes-secret', () => {
  let dir: string;
  let fakes: Fakes;
  let api: KubeApi;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-kube-sink-'));
    fakes = makeFakes();
    api = new KubeApi(() => fakes.clock.now());
    await api.http.open();
    api.account(NS, 'agent', RIGHT);
    await file('ca.crt', api.ca);
    await file('token', api.token(NS, 'agent'));
  });
  afterEach(async () => {
    await api.http.close();
    await rm(dir, { recursive: true, force: true });
  });
  const file = async (name: string, text: string): Promise<void> => writeFile(join(dir, name), text, { mode: 0o600 });
  const make = async (settings: object = {}): Promise<Sink> => {
    const own = {
      name: NAME,
      namespace: NS,
      address: api.http.url,
      token_file: join(dir, 'token'),
      ca_file: join(dir, 'ca.crt'),
    };
    return (await loadPlugin<Sink>(MANIFEST, { settings: { ...own, ...settings }, fakes })).plugin;
  };
  const failure = async (work: Promise<unknown> | undefined): Promise<AgentError> => {
    const error: unknown = await work?.then(
      () => 'no error',
      (reason: unknown) => reason,
    );
    if (!(error instanceof AgentError)) throw new Error(`no AgentError but ${String(error)}`);
    for (const form of [TOKEN, Buffer.from(TOKEN).toString('base64')]) expect(error.message).to.not.contain(form);
    return error;
  };

  it('creates the Secret, owns its key, and replaces it', async () => {
    const sink = await make({ labels: { app: 'web' }, annotations: { note: 'x' } });
    await sink.start?.(SIGNAL);
    expect(api.secrets.read(NS, NAME), 'a dry run').to.equal(undefined);
    await sink.write(deliver(), SIGNAL);
    expect(api.secrets.text(NS, NAME, 'token')).to.equal(TOKEN);
    const { metadata } = api.secrets.read(NS, NAME)!;
    expect([metadata.labels, metadata.annotations]).to.deep.equal([{ app: 'web' }, { note: 'x' }]);
    await sink.write(deliver('planted-two'), SIGNAL);
    expect(api.secrets.text(NS, NAME, 'token')).to.equal('planted-two');
    expect(api.secrets.owners(NS, NAME, 'token')).to.deep.equal(['claviger']);
    expect(api.applies.every(({ force }) => !force)).to.equal(true);
    expect(fakes.log.leaks([TOKEN, 'planted-two'])).to.deep.equal([]);
  });

  it('leaves the keys of others alone, also when it withdraws its own', async () => {
    api.secrets.write(NS, NAME, 'kubectl', { other: 'theirs' });
    const sink = await make();
    await sink.write(deliver(), SIGNAL);
    expect(api.secrets.text(NS, NAME, 'other')).to.equal('theirs');
    await sink.withdraw?.(SIGNAL);
    expect([api.secrets.text(NS, NAME, 'token'), api.secrets.text(NS, NAME, 'other')]).to.deep.equal([
      undefined,
      'theirs',
    ]);
  });

  it('does not take a key that somebody else owns', async () => {
    api.secrets.write(NS, NAME, 'kubectl', { token: 'theirs' });
    const error = await failure((await make()).write(deliver(), SIGNAL));
    expect([error.code, error.message.includes('409')]).to.deep.equal(['SINK_WRITE_FAILED', true]);
    expect(error.hint).to.contain('somebody else owns the key "token"');
    expect(api.secrets.text(NS, NAME, 'token')).to.equal('theirs');
  });

  it('reads token and authority anew for each request', async () => {
    const sink = await make();
    await sink.write(deliver(), SIGNAL);
    api.revoke(NS, 'agent');
    const refused = await failure(sink.write(deliver('planted-two'), SIGNAL));
    expect(refused.message).to.contain('401');
    await file('token', api.token(NS, 'agent', { seconds: 7200 }));
    await sink.write(deliver('planted-two'), SIGNAL);
    expect(api.secrets.text(NS, NAME, 'token')).to.equal('planted-two');
  });

  it('trusts only the authority of the cluster', async () => {
    await file('ca.crt', makeCertificate({ name: 'other', authority: true }).cert);
    const error = await failure((await make()).write(deliver(), SIGNAL));
    expect(error.code).to.equal('SINK_WRITE_FAILED');
    expect(api.http.requests).to.equal(0);
  });

  it('a missing right stops the start and says which', async () => {
    api.account(NS, 'agent');
    const error = await failure((await make()).start?.(SIGNAL));
    expect([error.code, error.act]).to.deep.equal(['SINK_NOT_WRITABLE', 'fix-host']);
    expect(error.hint).to.contain('create and patch');
  });

  it('an API that does not answer lets the agent start and is tried again', async () => {
    api.http.trouble = 'cut';
    const error = await failure((await make()).start?.(SIGNAL));
    expect(error.act).to.equal('wait');
    expect((await failure((await make()).write(deliver(), SIGNAL))).code).to.equal('SINK_WRITE_FAILED');
  });

  it('an API in trouble lets the agent start', async () => {
    api.http.trouble = 'error';
    const error = await failure((await make()).start?.(SIGNAL));
    expect([error.code, error.act]).to.deep.equal(['SERVICE_BAD_ANSWER', 'wait']);
    expect(error.message).to.contain('it answered 500: something broke');
  });

  it('shows of a refusal neither the token nor the bearer, however it repeats them (5.4)', async () => {
    const authority = makeCertificate({ name: 'authority', authority: true });
    const echo = new HttpDouble({
      tls: makeCertificate({ name: 'api', issuer: authority }),
      answer: ({ body, headers }) => ({ status: 400, body: `${String(headers.authorization)} ${body.slice(-60)}` }),
    });
    await file('ca.crt', authority.cert);
    await echo.open();
    try {
      const error = await failure((await make({ address: echo.url })).write(deliver(), SIGNAL));
      expect(error.message).to.contain('it answered 400: Bearer [secret]').and.contain('"token":"[secret]');
    } finally {
      await echo.close();
    }
  });

  it('an address that is none is an error for people', async () => {
    const error = await failure((await make({ address: 'https://[nowhere' })).start?.(SIGNAL));
    expect(error.code).to.equal('SINK_NOT_WRITABLE');
  });

  it('an immutable Secret is a failure with a hint', async () => {
    api.secrets.freeze(NS, NAME);
    const error = await failure((await make()).write(deliver(), SIGNAL));
    expect([error.message.includes('422'), error.hint]).to.deep.equal([
      true,
      'the Secret may be immutable, or a name is not valid',
    ]);
  });

  it('finds the cluster by the environment of the pod', async () => {
    fakes.env.set('KUBERNETES_SERVICE_HOST', api.host);
    fakes.env.set('KUBERNETES_SERVICE_PORT', api.port);
    const sink = await make({ address: undefined });
    await sink.write(deliver(), SIGNAL);
    expect(api.secrets.text(NS, NAME, 'token')).to.equal(TOKEN);
  });

  it('says so when this is no pod', async () => {
    const error = await failure((await make({ address: undefined })).start?.(SIGNAL));
    expect(error.message).to.contain('KUBERNETES_SERVICE_HOST (not set: this is no pod)');
    const folder = await failure((await make({ token_file: undefined })).start?.(SIGNAL));
    expect(folder.message).to.contain('/var/run/secrets/kubernetes.io/serviceaccount/token');
  });
});
