import { expect } from 'chai';
import { emptyReply, errorReply, jsonReply, textReply } from '../../../core/kernel/local-reply.js';
import { isJsonType } from '../../../core/kernel/media-type.js';

describe('local replies (spec cache 2.4)', () => {
  it("have Vault's error shape with a newline", () => {
    const reply = errorReply(412, 'missing "X"');
    expect(Buffer.from(reply.body).toString()).to.equal('{"errors":["missing \\"X\\""]}\n');
    expect(reply.headers).to.deep.equal(['Content-Type', 'application/json', 'Content-Length', '29']);
    expect(Buffer.from(errorReply(405).body).toString()).to.equal('{"errors":[]}\n');
  });

  it('count bytes, not characters', () => {
    expect(jsonReply(200, 'ü').headers.at(-1)).to.equal('5');
    expect(textReply(200, 'text/plain', 'ü').headers.at(-1)).to.equal('2');
    expect(emptyReply(204)).to.deep.include({ status: 204, headers: ['Content-Length', '0'] });
  });

  it('know JSON by its type, with parameters or without', () => {
    expect(['application/json', 'Application/JSON ; charset=utf-8'].every(isJsonType)).to.equal(true);
    expect([undefined, '', 'text/html', 'application/json-patch'].some(isJsonType)).to.equal(false);
  });
});
