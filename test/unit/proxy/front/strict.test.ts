// Which heads may be answered by their bytes (architecture 2.18, rule 2).
import { expect } from 'chai';
import { isStrict } from '../../../../core/proxy/front/strict.js';

type Pairs = readonly (readonly [string, string])[];

const GET = 'GET /v1/a HTTP/1.1';
const HOST: Pairs = [['Host', 'x']];

function judged(line: string, headers: Pairs): boolean {
  const text = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return isStrict(`${line}\r\n${text}\r\n`, headers.flat());
}

describe('front: strict heads (2.18 rule 2)', () => {
  const good: readonly (readonly [string, Pairs])[] = [
    ['a plain read', HOST],
    ['other headers, also twice', [...HOST, ['X-A', '1'], ['X-A', '2'], ['Accept', '*/*']]],
    ['Connection: keep-alive in any case', [...HOST, ['connection', 'Keep-Alive']]],
    [
      'a token, a namespace and the request header once',
      [...HOST, ['X-Vault-Token', 't'], ['X-Vault-Namespace', 'n'], ['X-Vault-Request', 'true']],
    ],
    ['a host header in capitals', [['HOST', 'x']]],
  ];
  for (const [name, headers] of good) it(`takes ${name}`, () => expect(judged(GET, headers)).to.equal(true));

  const bad: readonly (readonly [string, Pairs])[] = [
    ['no Host', [['Accept', '*/*']]],
    ...[
      'Connection',
      'Content-Length',
      'Expect',
      'HTTP2-Settings',
      'Keep-Alive',
      'Proxy-Connection',
      'Range',
      'TE',
      'Trailer',
      'Transfer-Encoding',
      'Upgrade',
    ].map((name) => [name, [...HOST, [name, name === 'Content-Length' ? '0' : 'close']]] as const),
    ['Connection: close beside keep-alive', [...HOST, ['Connection', 'keep-alive'], ['Connection', 'close']]],
    ['a list in Connection', [...HOST, ['Connection', 'keep-alive, close']]],
    ...['Host', 'X-Vault-Token', 'X-Vault-Namespace', 'Authorization', 'X-Vault-Request'].map(
      (name) =>
        [`${name} twice`, [...HOST, [name, 'a'], [name.toLowerCase(), 'a'], ...(name === 'Host' ? HOST : [])]] as const,
    ),
  ];
  for (const [name, headers] of bad) it(`refuses ${name}`, () => expect(judged(GET, headers)).to.equal(false));

  const lines = [
    'HEAD /v1/a HTTP/1.1',
    'POST /v1/a HTTP/1.1',
    'LIST /v1/a HTTP/1.1',
    'LINK /v1/a HTTP/1.1',
    'get /v1/a HTTP/1.1',
    'GET /v1/a HTTP/1.0',
    'GET /v1/a HTTP/1.10',
    'GET /v1/a',
    'GET  /v1/a HTTP/1.1',
    'GET /v1/a b HTTP/1.1',
    'GET /v1/\u00e9 HTTP/1.1',
    'GET http://x/v1/a HTTP/1.1',
    'GET * HTTP/1.1',
    ' GET /v1/a HTTP/1.1',
    'GET /v1/a HTTP/1.1 ',
  ];
  for (const line of lines) it(`refuses the line "${line}"`, () => expect(judged(line, HOST)).to.equal(false));

  it('refuses a line that ends with LF only', () => {
    expect(isStrict(`${GET}\nHost: x\r\n\r\n`, ['Host', 'x'])).to.equal(false);
  });
});
