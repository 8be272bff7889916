// The signature of the method aws: every published vector, the endpoint of each region, and what the login body says.
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { Secret } from '../../../core/sdk/index.js';
import {
  IDENTITY_BODY,
  identityFields,
  type IdentityOrder,
} from '../../../plugins/auth-method/aws/identity-request.js';
import { signRequest, signingKey, timestamp } from '../../../plugins/auth-method/aws/signature.js';
import { checkedUrl, stsEndpoint } from '../../../plugins/auth-method/aws/sts-endpoint.js';
import { judge } from '../../doubles/aws-sigv4.js';
import type { Asked } from '../../doubles/http-double.js';

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const AT_MS = Date.UTC(2015, 7, 30, 12, 36);
const TOKEN = 'FwoGZXIvYXdzEXAMPLETOKEN==';
const SERVER_ID = 'vault.example.com';

interface Case {
  readonly name: string;
  readonly region: string;
  readonly serverId?: string;
  readonly token?: string;
  readonly signature: string;
}

const CASES: readonly Case[] = [
  { name: 'A', region: 'us-east-1', signature: '0268ea4a725deae1116f5228d6b177fb047f9f3a9e1c5fd4baa0dc1fbb0d1a99' },
  {
    name: 'B',
    region: 'us-east-1',
    serverId: SERVER_ID,
    signature: 'ce09df5789ee77754fa3b56c2c79d6e2a99fa8b01df29dc910c3abf6fb73eb98',
  },
  {
    name: 'C',
    region: 'us-east-1',
    serverId: SERVER_ID,
    token: TOKEN,
    signature: 'c995894124c31c60d256aaefd5037298380127166ff1dc2d970cdc554e73b27f',
  },
  {
    name: 'D',
    region: 'eu-west-1',
    serverId: SERVER_ID,
    signature: '8f4ed108d3bf41863c9569242c74f2f4cd50a64117427c1ed347bb4dfc29d0e7',
  },
];

const order = ({ region, serverId, token }: Omit<Case, 'name' | 'signature'>): IdentityOrder => ({
  url: stsEndpoint(region),
  region,
  serverId,
  credentials: { keyId: 'AKIDEXAMPLE', secret: new Secret(SECRET), ...(token && { token: new Secret(token) }) },
  atMs: AT_MS,
});

const decoded = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString();

function headersIn(fields: Readonly<Record<string, string>>): Record<string, string[]> {
  return JSON.parse(decoded(fields['iam_request_headers'])) as Record<string, string[]>;
}

/** The request as a server would send it on. */
function asSent(fields: Readonly<Record<string, string>>): Asked {
  const lower = Object.entries(headersIn(fields)).map(([name, values]) => [name.toLowerCase(), values.join(',')]);
  const url = new URL(decoded(fields['iam_request_url']));
  const headers = { ...(Object.fromEntries(lower) as Record<string, string>), host: url.host };
  const { pathname: path, searchParams: query } = url;
  return { method: 'POST', path, query, headers, body: decoded(fields['iam_request_body']) };
}

describe('auth method aws: signature', () => {
  for (const each of CASES) {
    it(`known answer ${each.name}: ${stsEndpoint(each.region).host}, ${each.region} (auth-wire 4.5)`, () => {
      const authorization = headersIn(identityFields(order(each)))['Authorization']?.[0] ?? '';
      expect(authorization.split('Signature=')[1]).to.equal(each.signature);
      expect(authorization).to.match(
        new RegExp(`^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/${each.region}/sts/aws4_request, SignedHeaders=`),
      );
    });

    it(`known answer ${each.name}: the double computes the same by its own path (auth-wire 4.5, 11.4)`, () => {
      const keyOf = (): object => ({ secret: SECRET, token: each.token });
      const by = { nowMs: AT_MS, region: each.region, service: 'sts', keyOf: keyOf as () => { secret: string } };
      const asked = asSent(identityFields(order(each)));
      expect(asked.headers.authorization).to.include(each.signature);
      expect(judge(asked, by)).to.deep.equal({ keyId: 'AKIDEXAMPLE' });
      expect(judge({ ...asked, body: `${asked.body}&x=1` }, by)).to.include({ code: 'SignatureDoesNotMatch' });
    });
  }

  it('the canonical request of case B has the published digest (auth-wire 4.5)', () => {
    const headers = {
      'Content-Length': '43',
      'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
      'X-Vault-AWS-IAM-Server-ID': SERVER_ID,
    };
    const { url, region, credentials, atMs } = order({ region: 'us-east-1' });
    const body = IDENTITY_BODY;
    const { canonical } = signRequest({
      method: 'POST',
      url,
      headers,
      body,
      region,
      credentials,
      service: 'sts',
      atMs,
    });
    const digest = createHash('sha256').update(canonical).digest('hex');
    expect(digest).to.equal('280fcfa0f582e7e43d4b7ed5bda53c92f08f454d2efe7711bb809aa8778848bd');
  });

  const keys: readonly [service: string, key: string][] = [
    ['iam', 'c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9'],
    ['sts', 'a9d028e9e96178f3ed6acfa66eff308447119de7ba1dd1dc7b666bbcb5686dfd'],
  ];
  for (const [service, key] of keys) {
    it(`derives the published key of ${service} (auth-wire 4.5)`, () => {
      expect(signingKey(SECRET, '20150830', 'us-east-1', service).toString('hex')).to.equal(key);
    });
  }

  it('the form is the 43 bytes with the published digest, the texts are base64 as published (auth-wire 4.2)', () => {
    const digest = createHash('sha256').update(IDENTITY_BODY).digest('hex');
    expect([IDENTITY_BODY.length, digest]).to.deep.equal([
      43,
      'ab821ae955788b0e33ebd34c208442ccfc2d406e2edc5e7a39bd6458fbb4f843',
    ]);
    expect(identityFields(order({ region: 'us-east-1' }))).to.include({
      iam_http_request_method: 'POST',
      iam_request_url: 'aHR0cHM6Ly9zdHMuYW1hem9uYXdzLmNvbS8=',
      iam_request_body: 'QWN0aW9uPUdldENhbGxlcklkZW50aXR5JlZlcnNpb249MjAxMS0wNi0xNQ==',
    });
  });

  it('signs each header it sends and sends no other of Amazon than the server allows (auth-wire 4.2)', () => {
    const headers = headersIn(identityFields(order({ region: 'us-east-1', serverId: SERVER_ID, token: TOKEN })));
    const signed = /SignedHeaders=([^,]*)/.exec(headers['Authorization']?.[0] ?? '')?.[1]?.split(';') ?? [];
    const sent = Object.keys(headers).map((name) => name.toLowerCase());
    expect([...sent.filter((name) => name !== 'authorization'), 'host'].sort()).to.deep.equal(signed);
    expect(sent.filter((name) => name.startsWith('x-amz-')).sort()).to.deep.equal([
      'x-amz-date',
      'x-amz-security-token',
    ]);
    expect(headers['X-Vault-AWS-IAM-Server-ID']).to.deep.equal([SERVER_ID]);
    expect(headers['Content-Length']).to.deep.equal(['43']);
  });

  it('trims values and joins runs of blanks before it signs (auth-wire 4.2 step 1)', () => {
    const fields = identityFields(order({ region: 'us-east-1', serverId: '  two   words ' }));
    const by = { nowMs: AT_MS, region: 'us-east-1', service: 'sts', keyOf: () => ({ secret: SECRET }) };
    const { headers, ...rest } = asSent(fields);
    // a server that parses HTTP sees the value without the outer blanks
    const asked = { ...rest, headers: { ...headers, 'x-vault-aws-iam-server-id': 'two   words' } };
    expect(judge(asked, by)).to.deep.equal({ keyId: 'AKIDEXAMPLE' });
  });

  it('writes times as AWS does', () => {
    expect(timestamp(AT_MS + 7_009)).to.equal('20150830T123607Z');
  });

  const endpoints: readonly [region: string, url: string][] = [
    ['us-east-1', 'https://sts.amazonaws.com/'],
    ['us-east-2', 'https://sts.us-east-2.amazonaws.com/'],
    ['eu-west-1', 'https://sts.eu-west-1.amazonaws.com/'],
    ['us-gov-west-1', 'https://sts.us-gov-west-1.amazonaws.com/'],
    ['cn-north-1', 'https://sts.cn-north-1.amazonaws.com.cn/'],
    ['us-iso-east-1', 'https://sts.us-iso-east-1.c2s.ic.gov/'],
    ['us-isob-east-1', 'https://sts.us-isob-east-1.sc2s.sgov.gov/'],
    ['us-isof-south-1', 'https://sts.us-isof-south-1.csp.hci.ic.gov/'],
    ['eu-isoe-west-1', 'https://sts.eu-isoe-west-1.cloud.adc-e.uk/'],
    ['eusc-de-east-1', 'https://sts.eusc-de-east-1.amazonaws.eu/'],
  ];
  for (const [region, url] of endpoints) {
    it(`the endpoint of ${region} is ${url} (auth-wire 4.2)`, () => expect(stsEndpoint(region).href).to.equal(url));
  }

  for (const text of ['', 'sts', 'ftp://sts/', 'https://sts/?Action=x', 'https://me:pass@sts/']) {
    it(`refuses ${JSON.stringify(text)} as an address`, () => {
      expect(() => checkedUrl(text, 'sts_url')).to.throw(/sts_url is not usable/);
    });
  }
});
