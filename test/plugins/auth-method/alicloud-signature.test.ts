// alicloud without any service: the published signatures, what a refusal means, and that the double of the service verifies by itself.
import { expect } from 'chai';
import { Secret } from '../../../core/sdk/index.js';
import { makeFakes } from '../../../core/sdk/testing/index.js';
import { identityRequest } from '../../../plugins/auth-method/alicloud/identity-request.js';
import { refusalHint } from '../../../plugins/auth-method/alicloud/refusal-hint.js';
import { commonParameters, percentEncoded, rpcSignature } from '../../../plugins/auth-method/alicloud/rpc-signature.js';
import { AliCloudSts } from '../../doubles/alicloud-sts.js';

const LOGIN_FACTS = { role: 'app', mount: 'auth/alicloud', region: 'eu-central-1', isUserKey: false };
const decoded = (text: string): string => Buffer.from(text, 'base64').toString('utf8');

describe('auth method alicloud: signatures', () => {
  it("reproduces Alibaba's published example (auth-wire 7.4)", () => {
    const parameters = {
      Timestamp: '2016-02-23T12:46:24Z',
      Format: 'XML',
      AccessKeyId: 'testid',
      Action: 'DescribeRegions',
      SignatureMethod: 'HMAC-SHA1',
      SignatureNonce: '3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf',
      Version: '2014-05-26',
      SignatureVersion: '1.0',
    };
    expect(rpcSignature('GET', parameters, 'testsecret')).to.equal('OLeaidS1JvxuMvnyHOwuJ+uX5qY=');
  });

  it("reproduces the value of the Go SDK's unit test (auth-wire 7.4)", () => {
    const parameters = {
      Version: '',
      Action: '',
      Format: 'JSON',
      Timestamp: 'mock date',
      SignatureMethod: 'HMAC-SHA1',
      SignatureType: '',
      SignatureVersion: '1.0',
      SignatureNonce: 'MOCK_UUID',
      AccessKeyId: 'accessKeyId',
      RegionId: 'regionId',
    };
    expect(rpcSignature('GET', parameters, 'accessKeySecret')).to.equal('7loPmFjvDnzOVnQeQNj85S6nFGY=');
  });

  it('reproduces the signed GetCallerIdentity of the spec (auth-wire 7.4)', () => {
    const stamp = { nowMs: Date.UTC(2015, 7, 30, 12, 36), nonce: '00000000-0000-4000-8000-000000000000' };
    const key = { id: 'STS.testid', secret: new Secret('testsecret'), token: new Secret('CAISexample+/=token') };
    const url = new URL(decoded(identityRequest(key, 'us-west-1', stamp).identity_request_url));
    expect(url.searchParams.get('Signature')).to.equal('ifY3ksk5iry9R6+gbD2tyTFpUxw=');
    expect(`${url.origin}${url.pathname}`).to.equal('https://sts.us-west-1.aliyuncs.com/');
  });

  it('sends every signed parameter and headers that the server accepts (auth-wire 7.3)', () => {
    const stamp = { nowMs: Date.UTC(2026, 0, 1), nonce: 'n' };
    const { identity_request_url: url, identity_request_headers: headers } = identityRequest(
      { id: 'id', secret: new Secret('s') },
      'eu-central-1',
      stamp,
    );
    const query = Object.fromEntries(new URL(decoded(url)).searchParams);
    expect(query).to.deep.equal({
      ...commonParameters('GetCallerIdentity', stamp),
      AccessKeyId: 'id',
      RegionId: 'eu-central-1',
      Signature: query['Signature'],
    });
    expect(JSON.parse(decoded(headers))).to.deep.include({ 'x-acs-action': ['GetCallerIdentity'] });
    expect(decoded(headers)).to.not.match(/gzip/);
  });

  it('encodes by RFC 3986', () => {
    expect(percentEncoded("aZ09-_.~ !'()*/+=ä")).to.equal('aZ09-_.~%20%21%27%28%29%2A%2F%2B%3D%C3%A4');
  });
});

describe('auth method alicloud: refusals', () => {
  const hints: readonly [status: number, text: string, advice: string | undefined][] = [
    [500, 'received 400 checking caller identity: InvalidTimeStamp.Expired', 'clocks'],
    [500, 'entry for role app not found', 'no role "app" at auth/alicloud'],
    [500, "the caller's arn does not match the role's arn", 'another RAM role'],
    [500, 'expected host of "a" but received "b"', 'eu-central-1'],
    [500, 'SignatureDoesNotMatch', 'access key'],
    [403, '', 'bound to the RAM role'],
    [503, 'sealed', undefined],
  ];
  for (const [status, text, advice] of hints) {
    it(`explains ${String(status)} "${text}" (5 bad input)`, () => {
      const hint = refusalHint(status, text === '' ? [] : [text], LOGIN_FACTS);
      if (advice === undefined) expect(hint).to.equal(undefined);
      else expect(hint).to.contain(advice);
    });
  }

  it('the double recomputes signatures: a changed parameter, a used nonce and an old time are refused (11.4)', async () => {
    const { clock } = makeFakes(Date.UTC(2026, 2, 1));
    const sts = new AliCloudSts(clock);
    await sts.open();
    const { id, secret, token } = sts.session('acs:ram::1234567890:role/app-role');
    const ask = async (more: Record<string, string> = {}, key = secret): Promise<string> => {
      const stamp = { nowMs: clock.now(), nonce: 'n-1' };
      const parameters = {
        ...commonParameters('GetCallerIdentity', stamp),
        AccessKeyId: id,
        SecurityToken: token,
        RegionId: 'r',
      };
      const signed = { ...parameters, Signature: rpcSignature('POST', { ...parameters, ...more }, key) };
      const answer = await fetch(
        `${sts.url}/?${new URLSearchParams({ ...signed, ...more }).toString().replaceAll('+', '%20')}`,
        { method: 'POST' },
      );
      return ((await answer.json()) as { Code?: string }).Code ?? 'yes';
    };
    expect(await ask({}, 'wrong')).to.equal('SignatureDoesNotMatch');
    expect(await ask()).to.equal('yes');
    expect(await ask()).to.equal('SignatureNonceUsed');
    expect(await ask({ Timestamp: '2015-01-01T00:00:00Z' })).to.equal('InvalidTimeStamp.Expired');
    await sts.close();
  });
});
