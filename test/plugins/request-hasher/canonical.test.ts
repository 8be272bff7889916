// canonical: what makes no difference (D-19, corrections R-2), and above all what does.
import { expect } from 'chai';
import type { HashInput } from '../../../core/sdk/index.js';
import Canonical from '../../../plugins/request-hasher/canonical/index.js';

interface Request {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: readonly string[];
  readonly body?: string | Uint8Array;
}

const hasher = new Canonical();
const digest = ({ method = 'GET', path = '/v1/x', query = '', headers = [], body = '' }: Request): string => {
  const input: HashInput = { method, path, query, headers, body: Buffer.from(body) };
  return hasher.digest(input);
};

describe('request hasher canonical', () => {
  const same: readonly [what: string, a: Request, b: Request][] = [
    ['the order of headers', { headers: ['X-A', '1', 'X-B', '2'] }, { headers: ['X-B', '2', 'X-A', '1'] }],
    ['the case of header names', { headers: ['X-Vault-Wrap-TTL', '5m'] }, { headers: ['x-vault-wrap-ttl', '5m'] }],
    ['the order of different query keys', { query: 'b=2&a=1' }, { query: 'a=1&b=2' }],
    ['the spelling of plain characters in a path', { path: '/v1/%61-%2d%7E%5f' }, { path: '/v1/a--~_' }],
    [
      'the case of hexadecimal digits',
      { path: '/v1/a%2fb', query: 'q=%c3%bc' },
      { path: '/v1/a%2Fb', query: 'q=%C3%BC' },
    ],
    ['PUT or POST', { method: 'PUT', body: '{}' }, { method: 'POST', body: '{}' }],
    ['white space in JSON', { body: '{"a":1,"b":[1,2]}' }, { body: ' {\n "a" : 1,\t"b":[ 1 , 2 ] }\r\n' }],
    [
      'the order of JSON keys at any depth',
      { body: '{"a":{"x":1,"y":[{"p":1,"q":2}]},"b":2}' },
      { body: '{"b":2,"a":{"y":[{"q":2,"p":1}],"x":1}}' },
    ],
    ['the spelling of a character in JSON', { body: '{"\\u0061":"\\u00e9\\/"}' }, { body: '{"a":"é/"}' }],
  ];
  for (const [what, a, b] of same) {
    it(`makes no difference of ${what}`, () => expect(digest(a)).to.equal(digest(b)));
  }

  const ignored = [
    'User-Agent',
    'Accept',
    'Accept-Encoding',
    'Accept-Language',
    'Connection',
    'Host',
    'Date',
    'Content-Length',
    'traceparent',
    'tracestate',
    'b3',
    'X-B3-TraceId',
    'X-Request-Id',
    'X-Correlation-Id',
    'X-Amzn-Trace-Id',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
    'X-Forwarded-Port',
    'X-Forwarded-Prefix',
    'X-Forwarded-Scheme',
    'X-Forwarded-Server',
    'Via',
    'Forwarded',
    'X-Claviger-Hop',
    'X-Vault-Index',
    'X-Vault-Forward',
    'X-Vault-Inconsistent',
  ];
  for (const name of ignored) {
    it(`ignores ${name} (R-2)`, () => {
      expect(digest({ headers: [name, 'x', 'X-A', '1'] })).to.equal(digest({ headers: ['X-A', '1'] }));
    });
  }

  const mattering = [
    'X-Vault-Wrap-TTL',
    'X-Vault-Wrap-Format',
    'X-Vault-MFA',
    'X-Vault-Policy-Override',
    'X-Vault-Inline-Auth-Path',
    'X-Vault-Request',
    'Cookie',
    'Content-Type',
    'Authorization',
    'X-Never-Heard-Of',
    'X-Forwarded',
    'X-Forwarded-For',
    'X-Forwarded-Client-Cert',
    'X-Forwarded-Tls-Client-Cert',
    'X-Forwarded-User',
    'X-B3',
  ];
  for (const name of mattering) {
    it(`does not ignore ${name}, its presence nor its value (corrections: identity may live in other headers)`, () => {
      const digests = [digest({}), digest({ headers: [name, 'x'] }), digest({ headers: [name, 'y'] })];
      expect(new Set(digests).size).to.equal(3);
    });
  }

  const different: readonly [what: string, a: Request, b: Request][] = [
    ['the method', { method: 'GET' }, { method: 'LIST' }],
    ['HEAD and GET', { method: 'GET' }, { method: 'HEAD' }],
    ['a trailing slash', { path: '/v1/a' }, { path: '/v1/a/' }],
    ['a double slash', { path: '/v1/a/b' }, { path: '/v1/a//b' }],
    ['an encoded slash', { path: '/v1/a/b' }, { path: '/v1/a%2Fb' }],
    ['the case of a path', { path: '/v1/a' }, { path: '/v1/A' }],
    ['the order of values of one query key', { query: 'a=1&a=2' }, { query: 'a=2&a=1' }],
    ['the order of values of one key in two spellings', { query: 'a+b=1&a%20b=2' }, { query: 'a%20b=2&a+b=1' }],
    ['a repeated query value', { query: 'a=1' }, { query: 'a=1&a=1' }],
    ['a query value', { query: 'a=1' }, { query: 'a=2' }],
    ['a plus and an encoded plus', { query: 'a=+' }, { query: 'a=%2B' }],
    ['path and query', { path: '/v1/a', query: 'b' }, { path: '/v1/ab', query: '' }],
    ['the order of values of one header', { headers: ['X-A', '1', 'X-A', '2'] }, { headers: ['X-A', '2', 'X-A', '1'] }],
    ['one header or two', { headers: ['X-A', '1', 'X-B', '2'] }, { headers: ['X-A', '1\n3:x-b1:2'] }],
    ['big integers', { body: '{"n":9007199254740993}' }, { body: '{"n":9007199254740992}' }],
    ['numbers spelled otherwise', { body: '{"n":1}' }, { body: '{"n":1.0}' }],
    ['number and text', { body: '{"n":1}' }, { body: '{"n":"1"}' }],
    ['the order of a repeated JSON key', { body: '{"a":1,"a":2}' }, { body: '{"a":2,"a":1}' }],
    ['a repeated JSON key in two spellings', { body: '{"a":1,"\\u0061":2}' }, { body: '{"\\u0061":2,"a":1}' }],
    ['a repeated JSON key and a single one', { body: '{"a":1,"a":2}' }, { body: '{"a":2}' }],
    ['the order of a JSON list', { body: '{"a":[1,2]}' }, { body: '{"a":[2,1]}' }],
    ['white space inside a JSON text', { body: '{"a":"b c"}' }, { body: '{"a":"b  c"}' }],
    ['null and absent', { body: '{"a":null}' }, { body: '{}' }],
    ['an empty body and an empty object', { body: '' }, { body: '{}' }],
    ['__proto__ and nothing', { body: '{"__proto__":{"a":1}}' }, { body: '{}' }],
    ['a surrogate without its half', { body: '{"a":"\\ud800"}' }, { body: '{"a":"\\ufffd"}' }],
    [
      'two kinds of invalid UTF-8',
      { body: Buffer.from('7b2261223a22ff227d', 'hex') },
      { body: Buffer.from('7b2261223a22fe227d', 'hex') },
    ],
    ['white space in a body that is no JSON', { body: '{"a":1} x' }, { body: '{"a": 1} x' }],
    ['the order of a form', { body: 'a=1&b=2' }, { body: 'b=2&a=1' }],
    ['a byte order mark', { body: '{"a":1}' }, { body: '\ufeff{"a":1}' }],
    ['JSON and what its canonical form looks like otherwise', { body: '{"a":1}' }, { body: 'j{"a":1}' }],
  ];
  for (const [what, a, b] of different) {
    it(`makes a difference of ${what}`, () => expect(digest(a)).not.to.equal(digest(b)));
  }

  const noJson = [
    '{',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":NaN}',
    '{"a":tru}',
  ];
  const noText = ['{"a":"\\x"}', '{"a":"\\u12"}', '{"a":"\t"}', '{"a":"', '{"a":"\\', "{'a':1}", '{"a":1}}', '{"a" 1}'];
  for (const body of [...noJson, ...noText]) {
    it(`takes ${JSON.stringify(body)} byte by byte`, () => {
      expect(digest({ body })).to.equal(digest({ body }));
      expect(digest({ body })).not.to.equal(digest({ body: ` ${body}` }));
    });
  }

  it('takes an object that repeats a key, at any depth and in any spelling, byte by byte (R-2)', () => {
    for (const body of ['{"a":1,"a":1}', '{"a":1,"\\u0061":1}', '{"o":[{"b":1,"a":1,"b":1}]}']) {
      expect(digest({ body })).to.equal(digest({ body }));
      expect(digest({ body }), body).not.to.equal(digest({ body: ` ${body}` }));
    }
  });

  it('takes text that is not UTF-8 byte by byte (R-2)', () => {
    const bytes = (space: string): Buffer => Buffer.from(`7b2261223a22ff22${space}7d`, 'hex');
    expect(digest({ body: bytes('') })).not.to.equal(digest({ body: bytes('20') }));
  });

  it('takes what is nested too deeply byte by byte, at any size', () => {
    const deep = (levels: number): string => `{"a":${'['.repeat(levels)}1${']'.repeat(levels)}}`;
    expect(digest({ body: deep(100) })).to.equal(digest({ body: ` ${deep(100)}` }));
    expect(digest({ body: deep(100_000) })).not.to.equal(digest({ body: ` ${deep(100_000)}` }));
  });

  it('takes a body of very many values byte by byte', () => {
    const many = (count: number): string => `{"a":[1${',1'.repeat(count)}]}`;
    expect(digest({ body: many(9000) })).to.equal(digest({ body: ` ${many(9000)}` }));
    expect(digest({ body: many(10_000) })).not.to.equal(digest({ body: ` ${many(10_000)}` }));
    expect(digest({ body: many(15_000_000) })).to.equal(digest({ body: many(15_000_000) }));
  });

  it('does not give up on strings, numbers and white space of megabytes', () => {
    const body = `{"s":"${'x'.repeat(3e6)}","n":${'1'.repeat(3e6)}${' '.repeat(3e6)}}`;
    expect(digest({ body })).to.equal(digest({ body: body.trimEnd().replace(/ +}$/, '}') }));
  });

  it('keeps telling names apart after it has met more spellings than it remembers', () => {
    const digests = new Set(Array.from({ length: 600 }, (_, i) => digest({ headers: [`X-Name-${i}`, '1'] })));
    expect(digests.size).to.equal(600);
    expect(digest({ headers: ['uSER-aGENT', 'x'] })).to.equal(digest({}));
  });

  it('is base64url of SHA-256', () => expect(digest({})).to.match(/^[A-Za-z0-9_-]{43}$/));
});
