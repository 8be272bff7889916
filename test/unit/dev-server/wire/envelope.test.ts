// The bytes of an envelope.
import { expect } from 'chai';
import { envelopeText } from '../../../../core/dev-server/wire/envelope.js';
import { moment, shortDuration } from '../../../../core/dev-server/wire/moment.js';

describe('dev server: envelopes', () => {
  it('have all members in the order of the real server, sorted data, escaped markup and a newline', () => {
    const text = envelopeText({ requestId: 'r', data: { b: '<&>', a: { d: 1, c: [] } }, warnings: [] });
    expect(text).to.equal(
      '{"request_id":"r","lease_id":"","renewable":false,"lease_duration":0,"data":{"a":{"c":[],"d":1},"b":"\\u003c\\u0026\\u003e"},' +
        '"wrap_info":null,"warnings":null,"auth":null}\n',
    );
  });

  it('repeat members at the top where an endpoint does so', () => {
    const text = envelopeText({ requestId: 'r', data: { x: 1 }, inlined: { x: 1 } });
    expect(text).to.match(/^\{"x":1,"request_id":"r"/);
  });

  it('times and durations look like the server writes them', () => {
    expect(moment(Date.UTC(2026, 0, 2, 3, 4, 5, 60))).to.equal('2026-01-02T03:04:05.06Z');
    expect(moment(Date.UTC(2026, 0, 2, 3, 4, 0))).to.equal('2026-01-02T03:04:00Z');
    expect([7_200_000, 900_000, 90_000, 3_661_000, 0].map(shortDuration)).to.deep.equal([
      '2h',
      '15m',
      '1m30s',
      '1h1m1s',
      '0s',
    ]);
  });
});
