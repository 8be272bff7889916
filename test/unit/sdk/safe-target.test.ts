import { expect } from 'chai';
import { whyUnsafeTarget } from '../../../core/sdk/index.js';

describe('whyUnsafeTarget', () => {
  for (const url of [
    'https://example.com/x',
    'http://localhost/',
    'http://LOCALHOST:80/',
    'http://127.0.0.1:1/',
    'http://127.255.0.9/',
    'http://2130706433/',
    'http://[::1]/',
  ])
    it(`lets ${url} through`, () => {
      expect(whyUnsafeTarget(url)).to.equal(undefined);
    });

  const far = 'it is neither https:, nor http: to this machine, nor a unix socket';
  for (const [url, why] of [
    ['http://example.com/', far],
    ['http://127.0.0.1.example.com/', far],
    ['http://localhost.example.com/', far],
    ['http://localhost./', far],
    ['http://0.0.0.0/', far],
    ['http://[::ffff:127.0.0.1]/', far],
    ['ftp://127.0.0.1/', far],
    ['unix:///run/app.sock', far],
    ['http://localhost:80@example.com/', 'user and password in a URL end up in logs'],
    ['https://planted@example.com/', 'user and password in a URL end up in logs'],
    ['nowhere', 'it is no URL'],
    ['https://', 'it is no URL'],
  ] as const)
    it(`refuses ${url}`, () => {
      expect(whyUnsafeTarget(url)).to.equal(why);
    });

  it('takes plain HTTP of any host through a socket, and no TLS', () => {
    expect(whyUnsafeTarget('http://app/x', { throughSocket: true })).to.equal(undefined);
    expect(whyUnsafeTarget('https://app/x', { throughSocket: true })).to.contain('plain HTTP');
  });

  it('takes unix: URLs with an absolute path when they are asked for', () => {
    const why = (url: string): string | undefined => whyUnsafeTarget(url, { unixUrls: true });
    expect([why('unix:///run/app.sock#/reload'), why('unix:/run/a%20b')]).to.deep.equal([undefined, undefined]);
    for (const url of ['unix:run/app.sock', 'unix://host/app.sock', 'unix:///', 'unix:///run/%zz', 'unix:///run/%00'])
      expect(why(url), url).to.equal('it is not like unix:///path');
  });
});
