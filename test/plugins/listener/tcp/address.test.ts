// The address of a tcp listener as operators write it.
import { expect } from 'chai';
import { parseTcpAddress, urlHost } from '../../../../plugins/listener/tcp/address.js';

describe('tcp listener: address', () => {
  const good: readonly (readonly [string, string | undefined, number])[] = [
    ['127.0.0.1:8200', '127.0.0.1', 8200],
    ['localhost:0', 'localhost', 0],
    ['0.0.0.0:1', '0.0.0.0', 1],
    ['[::1]:8200', '::1', 8200],
    ['[::]:8200', '::', 8200],
    [':8200', undefined, 8200],
    [' a.example:65535 ', 'a.example', 65535],
  ];
  for (const [address, host, port] of good) {
    it(`reads ${JSON.stringify(address)}`, () => expect(parseTcpAddress(address)).to.deep.equal({ host, port }));
  }

  const bad: readonly (readonly [string, RegExp])[] = [
    ['127.0.0.1', /no port/],
    ['', /no port/],
    ['::1:8200', /brackets/],
    ['host:65536', /65535/],
    ['http://127.0.0.1:8200', /URL/],
    ['host:http', /no port/],
  ];
  for (const [address, why] of bad) {
    it(`refuses ${JSON.stringify(address)} with LISTEN_ADDRESS`, () => {
      expect(() => parseTcpAddress(address))
        .to.throw(why)
        .with.property('code', 'LISTEN_ADDRESS');
    });
  }

  it('puts IPv6 in brackets in a URL', () => {
    expect([urlHost('::1', 80), urlHost('127.0.0.1', 80)]).to.deep.equal(['[::1]:80', '127.0.0.1:80']);
  });
});
