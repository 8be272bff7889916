import { expect } from 'chai';
import { redactBody } from '../../../core/proxy/redact-body.js';

describe('redactBody (D-23, D-74)', () => {
  const rows: [string, string, string | undefined][] = [
    ['nothing to hide', '{"data":{"a":1}}', undefined],
    ['outside data and auth', '{"request_id":"TOK","data":{}}', undefined],
    ['a part of a longer text', '{"data":{"a":"xTOKx"}}', undefined],
    ['the first member', '{"data":{"id":"TOK", "a":1}}', '{"data":{"a":1}}'],
    ['the last member', '{"data":{"a":1, "id":"TOK"} }', '{"data":{"a":1} }'],
    ['the only member', '{"data":{ "id":"TOK" }}', '{"data":{  }}'],
    ['two at the end', '{"data":{"a":1,"id":"TOK","accessor":"ACC"}}', '{"data":{"a":1}}'],
    ['all members', '{"data":{"id":"TOK","accessor":"ACC"}}', '{"data":{}}'],
    ['around a kept one', '{"data":{"id":"TOK","a":{"b":"ACC","c":2},"x":"TOK"}}', '{"data":{"a":{"c":2}}}'],
    ['elements', '{"data":{"keys":["ACC","b","ACC","d","ACC"]}}', '{"data":{"keys":["b","d"]}}'],
    ['an only element', '{"data":{"keys":["ACC"]}}', '{"data":{"keys":[]}}'],
    [
      'below auth it is blanked',
      '{"auth":{"client_token":"TOK","accessor":"ACC","x":["TOK"]}}',
      '{"auth":{"client_token":"","accessor":"","x":[""]}}',
    ],
    ['hidden in an escape', '{"data":{"id":"\\u0054OK","a":1}}', '{"data":{"a":1}}'],
    [
      'odd spacing stays',
      '{\n "z" : 1,\n "data" : {\n  "id" : "TOK",\n  "n" : 1.0\n }\n}\n',
      '{\n "z" : 1,\n "data" : {\n  "n" : 1.0\n }\n}\n',
    ],
    ['no JSON', 'TOK', undefined],
  ];
  for (const [name, text, want] of rows) {
    it(name, () => {
      const got = redactBody(Buffer.from(text), ['TOK', 'ACC']);
      expect(got === undefined ? undefined : Buffer.from(got).toString()).to.equal(want);
      if (want !== undefined) JSON.parse(want);
    });
  }
});
