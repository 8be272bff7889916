// The address of a tcp listener as operators write it.
import { readFileSync } from 'node:fs';
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

  it('its form in the schema takes and refuses the same, so that config validate tells (R1: IPv6 without brackets loads)', () => {
    const file = new URL('../../../../plugins/listener/tcp/schema.json', import.meta.url);
    const schema = JSON.parse(readFileSync(file, 'utf8')) as { properties: { address: { pattern: string } } };
    const form = new RegExp(schema.properties.address.pattern, 'u');
    for (const [address] of good) expect(form.test(address), address).to.equal(true);
    for (const [address] of bad) expect(form.test(address), address).to.equal(address === '::1:8200');
  });

  it('puts IPv6 in brackets in a URL', () => {
    expect([urlHost('::1', 80), urlHost('127.0.0.1', 80)]).to.deep.equal(['[::1]:80', '127.0.0.1:80']);
  });
});
