// The end of a chunked body, over any segmentation.
import { expect } from 'chai';
import { ChunkWalk, type Walked } from '../../../../core/sdk/http/chunk-walk.js';

const GOOD = [
  '0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  'A;x=y\r\n0123456789\r\n0\r\nTrailer: a\r\nOther: b\r\n\r\n',
  '00005\r\nab\r\nc\r\n000\r\n\r\n',
];
const BAD = [
  '\r\n',
  'x\r\n',
  '5 \r\nhello\r\n',
  '5\nhello\r\n',
  '5\r\nhello0\r\n',
  '5\r\nhello\n0\r\n',
  '0\r\nTrailer: a\n\r\n',
  '0\r\n\n',
  '5;a="\r\n"\r\n',
  '1234567890123\r\n',
  '-1\r\n',
];

function walkAll(text: string, step: number): Walked {
  const walk = new ChunkWalk();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += step) {
    const walked = walk.walk(bytes.subarray(at, at + step), 0);
    if (walked !== 'more') return walked === 'unsure' ? walked : at + walked;
  }
  return 'more';
}

describe('chunk walk', () => {
  for (const text of GOOD) {
    it(`finds the end of ${JSON.stringify(text)}, whole and byte by byte`, () => {
      for (const step of [1, 2, 3, 1000]) expect(walkAll(`${text}LIST / HTTP`, step)).to.equal(text.length);
    });
  }
  for (const text of BAD) {
    it(`is unsure about ${JSON.stringify(text)}`, () => {
      for (const step of [1, 1000]) expect(walkAll(`${text}${' '.repeat(20)}`, step)).to.equal('unsure');
    });
  }
});
