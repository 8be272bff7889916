// Bodies and queries.
import { expect } from 'chai';
import { isFault } from '../../../../core/dev-server/backend.js';
import { queryFields, readBody } from '../../../../core/dev-server/wire/body.js';

const FORM = 'application/x-www-form-urlencoded';

describe('dev server: bodies', () => {
  it('takes JSON whatever the content type, also when a client calls it a form', () => {
    expect(readBody('{"a":1}', 'text/plain')).to.deep.equal({ a: 1 });
    expect(readBody('{"a":1}', FORM)).to.deep.equal({ a: 1 });
    expect(readBody('', '')).to.deep.equal({});
    expect(readBody('null', '')).to.deep.equal({});
  });

  it('takes forms and queries; repeated names become lists', () => {
    expect(readBody('lease_id=a%2Fb&x=1&x=2', `${FORM}; charset=utf-8`)).to.deep.equal({
      lease_id: 'a/b',
      x: ['1', '2'],
    });
    expect(queryFields(new URLSearchParams('version=1&help'))).to.deep.equal({ version: '1', help: '' });
  });

  const bad: readonly (readonly [string, string])[] = [
    ['{"data": ', 'unexpected EOF'],
    ['{"data": "x', 'unexpected EOF'],
    ['hello', "invalid character 'h' looking for beginning of value"],
    ['[1,2]', 'json: cannot unmarshal array into Go value of type map[string]interface {}'],
    ['"x"', 'json: cannot unmarshal string into Go value of type map[string]interface {}'],
    ['true', 'json: cannot unmarshal bool into Go value of type map[string]interface {}'],
  ];
  for (const [text, why] of bad) {
    it(`${text} is a 400: ${why}`, () => {
      try {
        readBody(text, 'application/json');
        expect.fail('accepted');
      } catch (error) {
        expect(isFault(error) && error.fault).to.deep.equal({
          status: 400,
          errors: [`failed to decode JSON input: ${why}`],
        });
      }
    });
  }
});
