// exact: the golden vectors of spec cache C-5 and the reference's sensitivity.
import { expect } from 'chai';
import { blake2b256Hex } from '../../../plugins/request-hasher/exact/blake2b.js';
import Exact from '../../../plugins/request-hasher/exact/index.js';
import { wireForm } from '../../../plugins/request-hasher/exact/wire-form.js';
import type { HashInput } from '../../../core/sdk/index.js';

const EMPTY = new Uint8Array();
const CURL = ['Host', '127.0.0.1:8200', 'User-Agent', 'curl/8.5.0', 'Accept', '*/*'];
const request = (other: Partial<HashInput>): HashInput => ({
  method: 'GET',
  path: '/v1/x',
  query: '',
  headers: CURL,
  body: EMPTY,
  ...other,
});

describe('request hasher exact', () => {
  const vectors: readonly [what: string, input: Partial<HashInput>, token: string, hash: string][] = [
    [
      'a bare request',
      { path: 'test', headers: [] },
      '',
      '7b5db388f211fd9edca8c6c254831fb01ad4e6fe624dbb62711f256b5e803717',
    ],
    [
      'a GET with a token and a query',
      {
        path: '/v1/aws/creds/x',
        query: 'b=2&a=1',
        headers: [...CURL, 'X-Vault-Request', 'true', 'X-Vault-Token', 'hvs.client'],
      },
      'hvs.client',
      '6af4c7c9a868886d210748066e5075a99f2a17b022fcdbed5d0c53a9f4ea3b58',
    ],
    [
      'a POST with a body',
      {
        method: 'POST',
        path: '/v1/auth/approle/login',
        headers: [...CURL, 'Content-Type', 'application/json', 'Content-Length', '31'],
        body: Buffer.from('{"role_id":"r","secret_id":"s"}'),
      },
      '',
      'f35426c26e56e3f3a8d381b1f338f08e97dd4db906682a70e5feb0fa022182a7',
    ],
    [
      'an empty PUT with an injected token',
      { method: 'PUT', path: '/v1/auth/token/create', headers: [...CURL, 'Content-Length', '0'] },
      'hvs.auto',
      '6c5178be8c6b02b131c000bad82210e7b185a9bac320a892818f008a39542290',
    ],
  ];
  for (const [what, input, token, hash] of vectors) {
    it(`gives the golden hash of ${what} (C-5)`, () => {
      expect(blake2b256Hex(Buffer.concat([wireForm(request(input)), Buffer.from(token)]))).to.equal(hash);
      if (token === '') expect(new Exact().digest(request(input))).to.equal(hash);
    });
  }

  it('serialises byte for byte as the reference does (C-2)', () => {
    const input = request({
      method: 'POST',
      query: 'q=1',
      headers: ['x-b', '2', 'Connection', 'close', 'X-A', '1', 'x-b', '1', 'Transfer-Encoding', 'chunked'],
      body: Buffer.from('hello, world 123'),
    });
    expect(wireForm(input).toString('latin1').split('\r\n')).to.deep.equal([
      'POST /v1/x?q=1 HTTP/1.1',
      'Host: ',
      'User-Agent: Go-http-client/1.1',
      'Connection: close',
      'Transfer-Encoding: chunked',
      'X-A: 1',
      'X-B: 2',
      'X-B: 1',
      '',
      '10',
      'hello, world 123',
      '0',
      '',
      '',
    ]);
  });

  it('leaves out an empty User-Agent, and the framing of an empty GET (C-2)', () => {
    expect(wireForm(request({ headers: ['User-Agent', ''] })).toString()).to.equal(
      'GET /v1/x HTTP/1.1\r\nHost: \r\n\r\n',
    );
  });

  const differences: readonly [what: string, Partial<HashInput>][] = [
    ['query order', { query: 'a=1&b=2' }],
    ['User-Agent', { headers: ['Host', '127.0.0.1:8200', 'User-Agent', 'x', 'Accept', '*/*'] }],
    ['Host', { headers: ['Host', 'localhost:8200', 'User-Agent', 'curl/8.5.0', 'Accept', '*/*'] }],
    ['a request id', { headers: [...CURL, 'X-Request-Id', '1'] }],
    ['PUT for POST', { method: 'PUT' }],
  ];
  for (const [what, other] of differences) {
    it(`makes a difference of ${what} (C-3, C-4)`, () => {
      const base = { method: 'POST', query: 'b=2&a=1' };
      expect(new Exact().digest(request({ ...base, ...other }))).not.to.equal(new Exact().digest(request(base)));
    });
  }

  for (const name of ['X-Vault-Index', 'x-vault-forward', 'X-Vault-Inconsistent']) {
    it(`leaves out ${name} (C-3)`, () => {
      const other = request({ headers: [...CURL, name, 'x'] });
      expect(new Exact().digest(other)).to.equal(new Exact().digest(request({})));
    });
  }

  // The second and third are spec cache S-1; the byte patterns were computed with Python's hashlib.
  const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7) % 251);
  const digests: readonly [what: string, input: Uint8Array, hash: string][] = [
    ['nothing', EMPTY, '0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8'],
    ['foo/bar', Buffer.from('foo/bar'), 'b117a962f19f17fa372c8681cadcd6fd370d28ee6e0a7012196b780bef601b53'],
    ['ns1/foo/bar', Buffer.from('ns1/foo/bar'), 'a4605679d269aa1bebac7079a471a33403413f388f63bf0da3c771b225857932'],
    ['127 bytes', pattern(127), '1bb3d24376d0b5840955e640c6a8a4830cd69af0b7ad71a409d2a30c6a374abb'],
    ['128 bytes', pattern(128), '9101ed0a248b57efc0c6070cfbf9cf316c182d125ad6191c1f7783c3d32b6346'],
    ['129 bytes', pattern(129), '60f5e954d1a1775362ffd0762ed37bbe101ed5e88896dd793f1a889786fb3132'],
    ['256 bytes', pattern(256), '45d503f4fc344944eeff959e1e2234c47884011023598cadbd934f08d4265016'],
    ['1000 bytes', pattern(1000), 'a494537cc57474059ebe7a7f7a76c03306551355abebb1967408ed04e7564fa9'],
  ];
  for (const [what, input, hash] of digests) {
    it(`BLAKE2b-256 of ${what}`, () => expect(blake2b256Hex(input)).to.equal(hash));
  }
});
