// Where a message ends, from its head alone.
import { expect } from 'chai';
import { frame, type Framing } from '../../../../core/sdk/http/framing.js';

const get = 'GET / HTTP/1.1\r\nHost: x\r\n';

const CASES: readonly (readonly [name: string, head: string, framing: Framing])[] = [
  ['no body headers', get, 0],
  ['a length', `${get}Content-Length: 12\r\n`, 12],
  ['a length with blanks around', `${get}content-length: \t 7 \r\n`, 7],
  ['a length of zero', `${get}Content-Length: 0\r\n`, 0],
  ['a header whose name only begins like a length', `${get}Content-Length-Hint: 5\r\n`, 'unsure'],
  ['two lengths', `${get}Content-Length: 5\r\nContent-Length: 5\r\n`, 'unsure'],
  ['a list of lengths', `${get}Content-Length: 5, 5\r\n`, 'unsure'],
  ['a signed length', `${get}Content-Length: +5\r\n`, 'unsure'],
  ['a length in hexadecimal', `${get}Content-Length: 0x5\r\n`, 'unsure'],
  ['a blank before the colon', `${get}Content-Length : 5\r\n`, 'unsure'],
  ['chunked', `${get}Transfer-Encoding: chunked\r\n`, 'chunked'],
  ['chunked in capitals', `${get}TRANSFER-ENCODING: CHUNKED\r\n`, 'chunked'],
  ['chunked in HTTP/1.0', 'GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n', 'unsure'],
  ['another encoding', `${get}Transfer-Encoding: gzip, chunked\r\n`, 'unsure'],
  ['an encoding that only looks like chunked', `${get}Transfer-Encoding: xchunked\r\n`, 'unsure'],
  ['length and encoding', `${get}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n`, 'unsure'],
  ['a folded header', `${get}X: a\r\n b\r\n`, 'unsure'],
  ['a bare line feed', 'GET / HTTP/1.1\nHost: x\r\n', 'unsure'],
  ['a bare carriage return', `${get}X: a\rContent-Length: 5\r\n`, 'unsure'],
  ['CONNECT', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n', 'unsure'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n', 'unsure'],
  ['an upgrade', `${get}Connection: Upgrade\r\nUpgrade: websocket\r\n`, 'unsure'],
  ['an offer that nobody takes (D-32)', `${get}Connection: Upgrade\r\nUpgrade: h2c\r\n`, 'alone'],
  ['HTTP/2 beside WebSocket (D-32)', `${get}Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n`, 'alone'],
];

describe('framing of a request head', () => {
  for (const [name, head, framing] of CASES) {
    it(`${name}: ${framing}`, () => expect(frame(head, true)).to.equal(framing));
  }

  it('an Upgrade header where nobody upgrades: node loses what comes in the same segment', () => {
    expect(frame(`${get}Upgrade: h2c\r\n`, false)).to.equal('alone');
    expect(frame(`${get}Upgrade: h2c\r\nContent-Length: 5\r\n`, false)).to.equal('unsure');
  });
});
