// The dev server's github method against a GitHub that verifies: who is let in, with which policies, and what is said to the others.
import { expect } from 'chai';
import { GithubDouble, type Person } from '../../../doubles/github.js';
import { rig, type Ask, type Rig } from './rig.js';

const TOKEN = 'ghp_0123456789';
const ANN: Person = {
  login: 'ann',
  orgs: ['other', 'acme'],
  teams: [
    { name: 'Platform Team', slug: 'platform-team', org: 'acme' },
    { name: 'spies', slug: 'spies', org: 'other' },
  ],
};

describe('dev-server/auth/github', () => {
  let world: Rig;
  let ask: Ask;
  let github: GithubDouble;

  beforeEach(async () => {
    world = rig();
    ask = world.ask;
    github = await GithubDouble.open(['acme', 'other', ...Array.from({ length: 130 }, (_, i) => `org-${String(i)}`)]);
    github.tokens.set(TOKEN, ANN);
    await ask('POST', 'sys/auth/github', { type: 'github' });
    await configure();
    await ask('POST', 'auth/github/map/teams/platform-team', { value: 'platform,Shared' });
    await ask('POST', 'auth/github/map/teams/spies', { value: 'secrets' });
    await ask('POST', 'auth/github/map/users/Ann', { value: 'own' });
  });
  afterEach(() => github.close());

  const configure = (more: object = {}) =>
    ask('POST', 'auth/github/config', { organization: 'acme', base_url: github.url, token_ttl: '10m', ...more });
  const login = (token = TOKEN) => ask('POST', 'auth/github/login', { token }, { token: '' });

  it('gives the policies of the teams in the organization, by slug or name, and of the user (auth-wire 3.9)', async () => {
    const { auth } = await login();
    expect(auth.policies).deep.equal(['default', 'own', 'platform', 'shared']);
    expect(auth).deep.include({ metadata: { username: 'ann', org: 'acme' }, lease_duration: 600 });
    await ask('POST', 'auth/github/map/teams/Platform%20Team', { value: 'by-name' });
    expect((await login()).auth.policies).include('by-name');
  });

  it('looks the number of the organization up when it is configured, and shows it', async () => {
    expect((await ask('GET', 'auth/github/config')).data).to.include({ organization: 'acme', organization_id: 1000 });
    const unknown = await configure({ organization: 'nobody' });
    expect([unknown.status, unknown.errors[0]]).to.satisfy(
      ([status, text]: [number, string]) => status === 400 && /you must manually set it.*404 Not Found/.test(text),
    );
    expect((await configure({ organization: 'nobody', organization_id: 5 })).status).equal(204);
    expect((await ask('POST', 'auth/github/config', { organization: '' })).errors).deep.equal([
      'organization is a required parameter',
    ]);
  });

  it('finds the organization on the second page', async () => {
    github.tokens.set(TOKEN, { ...ANN, orgs: [...Array.from({ length: 130 }, (_, i) => `org-${String(i)}`), 'acme'] });
    expect((await login()).status).equal(200);
    expect(github.calls.filter((call) => call === 'GET /user/orgs').length).equal(2);
  });

  const refusals: readonly (readonly [what: string, status: number, words: RegExp, arrange: () => unknown])[] = [
    ['a revoked token', 500, /401 Bad credentials/, () => github.tokens.delete(TOKEN)],
    [
      'a user of other organizations',
      400,
      /^user is not part of required org$/,
      () => github.tokens.set(TOKEN, { ...ANN, orgs: ['other'] }),
    ],
    [
      'a token that may not read organizations',
      500,
      /403 You need at least read:org/,
      () => github.tokens.set(TOKEN, { ...ANN, scopes: [] }),
    ],
    ['a rate limit', 500, /403 API rate limit exceeded/, () => (github.mood = 'limited')],
    ['an HTML page', 500, /: 200/, () => (github.mood = 'html')],
    ['a broken GitHub', 500, /500 Server Error/, () => (github.mood = 'error')],
  ];
  for (const [what, status, words, arrange] of refusals) {
    it(`answers ${String(status)} to ${what}`, async () => {
      arrange();
      const answer = await login();
      expect(answer.status).equal(status);
      expect(answer.errors[0]).match(words).and.not.include(TOKEN);
    });
  }

  it('asks again at a renewal', async () => {
    const { auth } = await login();
    const renew = () => ask('POST', 'auth/token/renew-self', {}, { token: auth.client_token });
    expect((await renew()).status).equal(200);
    await ask('POST', 'auth/github/map/users/Ann', { value: 'less' });
    expect(await renew()).deep.include({ status: 500, errors: ['policies do not match'] });
    github.tokens.delete(TOKEN);
    expect((await renew()).status).equal(500);
  });

  it('needs a configuration, and keeps to token_bound_cidrs', async () => {
    await ask('POST', 'sys/auth/bare', { type: 'github' });
    expect((await ask('POST', 'auth/bare/login', { token: TOKEN }, { token: '' })).errors).deep.equal([
      'configuration has not been set',
    ]);
    await configure({ token_bound_cidrs: '10.0.0.0/8' });
    expect((await login()).status).equal(403);
  });

  it('keeps the maps: list, read, delete', async () => {
    expect((await ask('LIST', 'auth/github/map/teams')).data['keys']).deep.equal(['platform-team', 'spies']);
    expect((await ask('GET', 'auth/github/map/users/Ann')).data).deep.equal({ key: 'Ann', value: 'own' });
    await ask('DELETE', 'auth/github/map/users/Ann');
    expect((await login()).auth.policies).deep.equal(['default', 'platform', 'shared']);
  });
});
