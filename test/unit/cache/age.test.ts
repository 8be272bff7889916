import { expect } from 'chai';
import { dateText, keptHead, ripen, storeAnswer } from '../../../core/cache/age.js';

const T = Date.UTC(2026, 0, 1);
const store = (text: string, more: object = {}) =>
  storeAnswer({
    status: 201,
    head: ['X-A', 'b'],
    body: Buffer.from(text),
    storedAt: T,
    field: 'lease',
    verbatim: false,
    ...more,
  });
const text = (body: Uint8Array): string => Buffer.from(body).toString();

describe('honest hits (D-4)', () => {
  it('change the number of seconds and nothing else, whatever its length', () => {
    const answer = store('{"lease_id":"x","lease_duration":1000,"data":{"lease_duration":1000}}');
    const at = (ms: number): string => text(ripen(answer, T + 1_000_000, T + ms).body);
    expect(at(0)).to.equal('{"lease_id":"x","lease_duration":1000,"data":{"lease_duration":1000}}');
    expect(at(500)).to.equal('{"lease_id":"x","lease_duration":1000,"data":{"lease_duration":1000}}');
    expect(at(1200)).to.contain('"lease_duration":998,"data":{"lease_duration":1000}');
    expect(at(999_500)).to.contain('"x","lease_duration":0,"data"');
    expect(text(ripen(answer, T + 9_000_000, T + 999_500).body)).to.contain('"x","lease_duration":8000,"data"');
  });

  it('render once a second and share the rendering', () => {
    const answer = store('{"lease_duration":10}');
    const first = ripen(answer, T + 10_000, T);
    expect(ripen(answer, T + 10_000, T + 999)).to.equal(first);
    const next = ripen(answer, T + 10_000, T + 1000);
    expect(next).not.to.equal(first);
    expect(text(first.body)).to.equal('{"lease_duration":10}');
  });

  it('find the field of a token below auth', () => {
    const answer = store('{"lease_duration":0,"auth":{"policies":["a\\"}"],"lease_duration":60}}', { field: 'auth' });
    expect(text(ripen(answer, T + 60_000, T + 20_000).body)).to.equal(
      '{"lease_duration":0,"auth":{"policies":["a\\"}"],"lease_duration":40}}',
    );
  });

  it('are verbatim when asked to be, or when there is no number', () => {
    const body = '{"lease_duration":10}';
    expect(text(ripen(store(body, { verbatim: true }), T + 10_000, T + 5000).body)).to.equal(body);
    expect(text(ripen(store('{"lease_duration":{}}'), T + 10_000, T + 5000).body)).to.equal('{"lease_duration":{}}');
  });

  it('carry status, head, length, X-Cache, Age and a UTC Date; Age is never negative (D-26, D-27)', () => {
    const answer = store('{"lease_duration":10}');
    expect(ripen(answer, T + 10_000, T + 3000)).to.deep.include({
      status: 201,
      headers: [
        'X-A',
        'b',
        'Content-Length',
        '20',
        'X-Cache',
        'HIT',
        'Age',
        '3',
        'Date',
        'Thu, 01 Jan 2026 00:00:03 GMT',
      ],
    });
    expect(ripen(answer, T + 10_000, T - 5000).headers).to.include.members(['Age', '0']);
    expect(dateText(T)).to.equal('Thu, 01 Jan 2026 00:00:00 GMT');
  });

  it('keep of the head what is not made anew', () => {
    expect(
      keptHead(['date', 'x', 'Cache-Control', 'no-store', 'CONTENT-LENGTH', '3', 'age', '1', 'X-Cache', 'MISS']),
    ).to.deep.equal(['Cache-Control', 'no-store']);
  });
});
