// Filters and encodings of the LDAP client, read back by the reader of the directory double.
import { expect } from 'chai';
import { ber, berInteger, integerIn, wholeLength } from '../../../../core/dev-server/auth/ldap-ber.js';
import { elementsOf } from '../../../../core/dev-server/auth/der.js';
import { escapedForFilter, filterBytes } from '../../../../core/dev-server/auth/ldap-filter.js';
import { numberOf, readNode, stringOf, type Node } from '../../../doubles/ldap-message.js';

// Back to text, in the notation of RFC 4515.
function textOf(node: Node | undefined): string {
  if (node === undefined) return '?';
  const list = { 0xa0: '&', 0xa1: '|', 0xa2: '!' }[node.tag];
  if (list !== undefined) return `(${list}${node.parts.map(textOf).join('')})`;
  if (node.tag === 0x87) return `(${node.bytes.toString()}=*)`;
  return `(${stringOf(node.parts[0])}=${stringOf(node.parts[1])})`;
}

describe('dev-server/auth/ldap-filter', () => {
  const filters: readonly (readonly [text: string, read?: string])[] = [
    ['(cn=Babs Jensen)'],
    ['(!(cn=Tim Howes))'],
    ['(&(objectClass=Person)(|(sn=Jensen)(cn=x)))'],
    ['(o=univ=mich)'],
    ['(seeAlso=)'],
    ['(cn=*)'],
    ['(o=Parens R Us \\28for all your parenthetical needs\\29)', '(o=Parens R Us (for all your parenthetical needs))'],
    ['(cn=\\2A)', '(cn=*)'],
    ['(filename=C:\\5cMyFile)', '(filename=C:\\MyFile)'],
    ['(sn=Lu\\c4\\8di\\c4\\87)', '(sn=Lučić)'],
  ];
  for (const [text, read = text] of filters) {
    it(`RFC 4515 section 4: ${text}`, () => {
      expect(textOf(readNode(filterBytes(text))?.node)).to.equal(read);
    });
  }

  it('an escaped star is a value and no question for presence', () => {
    expect(readNode(filterBytes('(cn=\\2a)'))?.node.tag).to.equal(0xa3);
    expect(readNode(filterBytes('(cn=*)'))?.node.tag).to.equal(0x87);
  });

  for (const text of ['', 'cn=x', '(cn=x', '(cn=x))', '(&(cn=x)', '(&)x', '(=x)', '((cn=x))', '(cn=a(b)']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => filterBytes(text)).to.throw(Error);
    });
  }

  it('any value survives the way through a filter', () => {
    for (const value of ['a*b', '(x)', 'back\\slash', 'nul\0', 'ü🔑', '=,+"<>;']) {
      const node = readNode(filterBytes(`(cn=${escapedForFilter(value)})`))?.node;
      expect(stringOf(node?.parts[1])).to.equal(value);
    }
  });

  for (const number of [0, 1, 127, 128, 255, 256, 32_767, 32_768, 2_147_483_647]) {
    it(`the integer ${String(number)} is read as it was written, and never as negative`, () => {
      const bytes = berInteger(number);
      expect([numberOf(readNode(bytes)?.node), integerIn(elementsOf(bytes)[0])]).to.deep.equal([number, number]);
      expect(bytes.readUInt8(2)).to.be.lessThan(128);
    });
  }

  for (const size of [0, 127, 128, 255, 256, 65_535, 65_536]) {
    it(`an element of ${String(size)} bytes is read whole, and not before it is there`, () => {
      const bytes = ber(0x04, Buffer.alloc(size, 'x'));
      expect([wholeLength(bytes), readNode(bytes)?.size]).to.deep.equal([bytes.length, bytes.length]);
      expect(readNode(bytes.subarray(0, -1))).to.equal(undefined);
      expect(elementsOf(bytes)[0]?.content.length).to.equal(size);
    });
  }

  it('takes no indefinite and no endless lengths', () => {
    expect(wholeLength(Buffer.from([0x30, 0x80, 0, 0]))).to.satisfy(Number.isNaN);
    expect(wholeLength(Buffer.from([0x30, 0x85, 1, 1, 1, 1, 1]))).to.satisfy(Number.isNaN);
    expect(wholeLength(Buffer.from([0x30, 0x82, 1]))).to.equal(undefined);
  });
});
