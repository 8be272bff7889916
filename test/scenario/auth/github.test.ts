// Scenario github: a stanza, a GitHub that verifies, the dev server between them.
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { GithubDouble } from '../../doubles/github.js';
import { plant } from '../collector.js';
import { onRig, type Rig } from '../rig.js';
import { until } from '../until.js';
import { REAUTH, delivered, deliveredAnew, hasLogged, mountAuth, putSecret, stanza } from './password-login.js';

const ONE = 'ghp_tokenNumberOne0123456789';
const TWO = 'github_pat_tokenNumberTwo_0123456789';
const BOT = { login: 'build-bot', orgs: ['acme'], teams: [{ name: 'CI Team', slug: 'ci-team', org: 'acme' }] };

describe('scenario: auth method github', function () {
  this.timeout(20_000);
  let github: GithubDouble;
  beforeEach(async () => {
    github = await GithubDouble.open(['acme']);
    github.tokens.set(ONE, BOT);
  });
  afterEach(() => github.close());

  const prepare = async (rig: Rig): Promise<void> => {
    await mountAuth(rig, 'github', { organization: 'acme', base_url: github.url });
    await rig.admin('POST', 'auth/github/map/teams/ci-team', { value: 'app' });
  };
  const block = (rig: Rig): string => stanza(rig, 'github', [`token_file_path = "${rig.path('gh')}"`], REAUTH);

  it('logs in, removes the file after the login that worked, and follows a new token (auth-wire 3.9)', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      putSecret(rig, 'gh', ONE);
      await rig.agent(block(rig));
      const first = await delivered(rig);
      expect(first).to.include({ path: 'auth/github/login', display_name: 'github-build-bot' });
      expect([first.policies, first.meta]).to.deep.equal([['app', 'default'], { username: 'build-bot', org: 'acme' }]);
      await until('the removal', () => !existsSync(rig.path('gh')));
      github.tokens.delete(ONE);
      github.tokens.set(TWO, BOT);
      putSecret(rig, 'gh', TWO);
      await deliveredAnew(rig, first.accessor);
    }));

  it('reads VAULT_AUTH_GITHUB_TOKEN without a file', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      const env = { VAULT_AUTH_GITHUB_TOKEN: plant('a GitHub token', ONE) };
      await rig.agent(stanza(rig, 'github', []), { env });
      expect(await delivered(rig)).to.include({ display_name: 'github-build-bot' });
    }));

  it('says that GitHub does not take the token, keeps the file, and survives it', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      putSecret(rig, 'gh', 'ghp_revokedToken0123456789');
      const agent = await rig.agent(block(rig));
      await hasLogged(agent, /\[ERROR\].*AUTH_REFUSED.*401 Bad credentials.*wrong, expired or revoked/);
      expect([existsSync(rig.path('gh')), existsSync(rig.path('token'))]).to.deep.equal([true, false]);
      putSecret(rig, 'gh', ONE);
      expect((await delivered(rig)).policies).to.include('app');
    }));

  it('says that the user is in another organization', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      github.tokens.set(ONE, { ...BOT, orgs: [] });
      putSecret(rig, 'gh', ONE);
      const agent = await rig.agent(block(rig));
      await hasLogged(agent, /\[ERROR\].*user is not part of required org.*read:org/);
    }));
});
