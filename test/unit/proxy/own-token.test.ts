import { expect } from 'chai';
import { redactBody } from '../../../core/proxy/redact-body.js';
import { wrapsOwnToken } from '../../../core/proxy/wraps-own-token.js';
import { emptyReply } from '../../../core/kernel/local-reply.js';
import { IdentityFake, state } from './identity-fake.js';
import { Rig, json } from './rig.js';

const wrapped = (path: string): object => ({
  data: null,
  auth: null,
  wrap_info: { token: 'hvs.wrapping', accessor: 'w', ttl: 60, creation_path: path },
});

describe("the agent's own token does not leave it", () => {
  let rig: Rig | undefined;
  afterEach(async () => {
    await rig?.close();
    rig = undefined;
  });
  const start = async (options: Parameters<typeof Rig.start>[0]): Promise<Rig> => (rig = await Rig.start(options));

  const rows: [string, boolean][] = [
    ['auth/token/lookup-self', true],
    ['auth/token/renew-self', true],
    ['ns1/auth/token/lookup', true],
    ['auth/token/lookup-accessor', true],
    ['auth/token/create', false],
    ['database/creds/app', false],
    ['secret/data/lookup-self', false],
  ];
  for (const [path, want] of rows) {
    it(`wrapped by ${path}: ${want ? 'refused' : 'passes'}`, () => {
      expect(wrapsOwnToken(Buffer.from(JSON.stringify(wrapped(path))))).to.equal(want);
    });
  }
  it('looks at answers only', () => {
    for (const text of ['creation_path', '{"creation_path":"auth/token/lookup-self"}', 'null creation_path'])
      expect(wrapsOwnToken(Buffer.from(text))).to.equal(false);
  });

  it('is not handed out in a wrapping token, whose content the server shows to whoever has it', async () => {
    const identity = new IdentityFake('default', state('hvs.auto'));
    const agent = await start({ identity, answer: (_, out) => json(out, 200, wrapped('auth/token/lookup-self')) });
    const headers = { 'X-Vault-Wrap-TTL': '60s' };
    const refused = await agent.send('GET', '/v1/auth//token/lookup-self', { headers });
    expect([refused.status, refused.text.includes('hvs.wrapping')]).to.deep.equal([403, false]);
    const own = { ...headers, 'X-Vault-Token': 'hvs.mine' };
    expect((await agent.send('GET', '/v1/auth/token/lookup-self', { headers: own })).status).to.equal(200);
  });

  it('is redacted when it was replaced while the request was under way (D-23)', async () => {
    const identity = new IdentityFake('default', state('hvs.old'));
    const agent = await start({
      identity,
      answer: (call, out) => {
        identity.publish(state('hvs.new', 'default', 2));
        json(out, 200, { data: { id: call.token, accessor: `acc-${call.token}`, ttl: 60 } });
      },
    });
    const got = await agent.send('POST', '/v1/auth/token/lookup-self', { body: '{}' });
    expect(got.text).to.equal('{"data":{"ttl":60}}');
  });

  it('is found behind every escape of JSON', () => {
    const body = Buffer.from('{"data":{"id":"a\\/b","n":1}}');
    expect(Buffer.from(redactBody(body, ['a/b'])!).toString()).to.equal('{"data":{"n":1}}');
  });
});

describe('a request target that is a whole URL (RFC 9112, 3.2.2)', () => {
  let rig: Rig | undefined;
  afterEach(async () => {
    await rig?.close();
    rig = undefined;
  });

  it("is sent on without its host, which could choose another server behind the upstream's address", async () => {
    rig = await Rig.start({ answer: (_, out) => json(out, 200, {}) });
    await rig.send('GET', 'http://other.example/v1/a%2Fb?c=http://d');
    await rig.send('GET', 'HTTPS://other.example?x=1');
    expect(rig.targets).to.deep.equal(['GET /v1/a%2Fb?c=http://d', 'GET /?x=1']);
    expect(rig.calls[0]!.headers.host).to.match(/^127\.0\.0\.1:/);
  });

  it('reaches the local endpoints and the rules like any other', async () => {
    const quit = { control: true, handle: () => emptyReply(204) };
    rig = await Rig.start({ answer: (_, out) => json(out, 200, {}), admin: new Map([['cache-clear', quit]]) });
    expect((await rig.send('POST', 'http://x.example/agent/v1/cache-clear')).status).to.equal(204);
    expect(rig.calls).to.deep.equal([]);
  });
});
