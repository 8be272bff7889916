// token_file end to end: a token of somebody else is checked, delivered, renewed; refused and replaced.
import { expect } from 'chai';
import { plant } from '../collector.js';
import { onRig, OPEN_POLICY, type Rig } from '../rig.js';
import { hasLogged, method, REAUTH, withSink } from './stage.js';
import { until } from '../until.js';

const made = async (rig: Rig): Promise<string> => {
  await rig.admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
  const answer = await rig.admin('POST', 'auth/token/create', { policies: ['app'], ttl: '10m' });
  return plant('a given token', answer.auth.client_token as string);
};
const stanza = (rig: Rig): string => method('token_file', `token_file_path = "${rig.path('given')}"`);

describe('scenario: auth method token_file', function () {
  this.timeout(20_000);

  it('a token that something else provides is checked, delivered and renewed; the file stays', () =>
    onRig({}, async (rig) => {
      const given = await made(rig);
      rig.write('given', `${given}\n`);
      await rig.agent(withSink(rig, stanza(rig)));
      expect(await rig.file('token')).to.equal(given);
      expect(rig.read('given')).to.equal(`${given}\n`);
      expect(rig.server.requests.count('GET', 'auth/token/lookup-self')).to.equal(1);
    }));

  it('a dead token is refused and a new one in the file is taken', () =>
    onRig({}, async (rig) => {
      rig.write('given', plant('a dead token', 's.deadtokendeadtokendeadtoken'));
      const agent = await rig.agent(withSink(rig, stanza(rig)));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*write a new one into it/);
      rig.write('given', await made(rig));
      expect(await rig.file('token')).to.equal(rig.read('given'));
    }));

  it('a rotated token is taken at once with re-authentication', () =>
    onRig({}, async (rig) => {
      const [one, two] = [await made(rig), await made(rig)];
      rig.write('given', one);
      await rig.agent(withSink(rig, stanza(rig), REAUTH));
      expect(await rig.file('token')).to.equal(one);
      rig.write('given', two);
      await until('the second token', async () => (await rig.file('token')) === two);
    }));

  it('what is no token is not sent to the server', () =>
    onRig({}, async (rig) => {
      rig.write('given', plant('a key', '-----BEGIN PRIVATE KEY----- 4711'));
      const agent = await rig.agent(withSink(rig, stanza(rig)));
      await hasLogged(agent, /\[ERROR\].*error authenticating.*AUTH_CREDENTIAL_INVALID.*not one word/);
      expect(rig.server.requests.count('GET', 'auth/token/lookup-self')).to.equal(0);
    }));
});
