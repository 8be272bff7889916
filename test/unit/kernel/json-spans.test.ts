import { expect } from 'chai';
import { placeAt, readSpans, spanAt, stringAt } from '../../../core/kernel/json-spans.js';

const at = (text: string, ...keys: string[]): string | undefined => {
  const bytes = Buffer.from(text);
  const span = spanAt(readSpans(bytes), ...keys);
  const place = placeAt(bytes, ...keys);
  expect(place === undefined ? undefined : [place.start, place.end]).to.deep.equal(
    span === undefined ? undefined : [span.start, span.end],
  );
  return span === undefined ? undefined : bytes.subarray(span.start, span.end).toString();
};

describe('json spans', () => {
  const rows: [string, string[], string | undefined][] = [
    ['{"a":1}', ['a'], '1'],
    [' { "a" : { "b" : [ 1 , {"c":"x"} ] } } ', ['a', 'b'], '[ 1 , {"c":"x"} ]'],
    ['{"a\\u0062":"é\\"}","z":-1.5e3}', ['z'], '-1.5e3'],
    ['{"a\\u0062":"é\\"}","z":1}', ['ab'], '"é\\"}"'],
    ['{"a":1,"a":2}', ['a'], '2'],
    ['{"a":null,"b":{}}', ['b'], '{}'],
    ['{"x":[[],{"a":2},"}"],"a":{"y":1},"a" : {"b":[{}] , "c":7}}', ['a', 'c'], '7'],
    ['{"a":{"b":1},"a":3}', ['a', 'b'], undefined],
    ['{"a":1}', ['b'], undefined],
    ['[1]', ['a'], undefined],
    ['{"a":', ['a'], undefined],
    ['{"a"1}', ['a'], undefined],
    ['', ['a'], undefined],
    ['{"a":"unfinished', ['a'], undefined],
  ];
  for (const [text, keys, want] of rows)
    it(`${text} at ${keys.join('.')}`, () => expect(at(text, ...keys)).to.equal(want));

  it('reads what JSON.stringify writes, value by value', () => {
    const value = { a: [1, 'x', null, true], b: { c: 'ü\n"\\', d: [] }, e: '' };
    for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
      const bytes = Buffer.from(text);
      const root = readSpans(bytes)!;
      for (const member of root.members) {
        const part = JSON.parse(bytes.subarray(member.value.start, member.value.end).toString()) as unknown;
        expect(part).to.deep.equal(value[member.key as keyof typeof value]);
      }
      expect(stringAt(bytes, spanAt(root, 'b', 'c')!)).to.equal(value.b.c);
    }
  });

  it('gives up on absurd depth instead of overflowing the stack', () => {
    expect(readSpans(Buffer.from('['.repeat(100_000)))).to.equal(undefined);
  });
});
