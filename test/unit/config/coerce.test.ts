// Schema-directed scalar rules of spec config 1.3, lenient as "Ours".
import { expect } from 'chai';
import { coerceMap } from '../../../core/config/coerce.js';
import { normalise } from '../../../core/config/normalise.js';
import { Report } from '../../../core/config/report.js';
import type { Schema } from '../../../core/config/schema.js';
import { readText } from '../../../core/kernel/hcl/read.js';

const FAILS = Symbol('fails');

function coerced(schema: Schema, text: string): unknown {
  const report = new Report(false);
  const root = { type: 'object', properties: { value: schema } };
  const map = normalise(readText(`value = ${text}`, 'a').tree, report);
  const settings = coerceMap(map, root, { report, root, prefix: '', broken: new Set() });
  return report.failed ? FAILS : settings.value;
}

const boolean: Schema = { type: 'boolean' };
const duration: Schema = { type: ['string', 'number'], 'x-duration': true };
const octal: Schema = { type: ['string', 'integer'], 'x-octal': true };
const size: Schema = { type: ['string', 'integer'], 'x-size': true };
const token: Schema = { type: ['boolean', 'string'], enum: [true, false, 'force'], 'x-ignore-case': true };
const texts: Schema = { type: 'array', items: { type: 'string' } };

const ROWS: [what: string, schema: Schema, text: string, value: unknown][] = [
  ...(['true', '1', '2', '"1"', '"t"', '"T"', '"true"', '"True"', '"TRUE"'] as const).map((text) =>
    row('boolean', boolean, text, true),
  ),
  ...(['false', '0', '""', '"0"', '"f"', '"F"', '"false"', '"False"', '"FALSE"'] as const).map((text) =>
    row('boolean', boolean, text, false),
  ),
  ...(['"yes"', '"on"', '"tRUE"', '[true]'] as const).map((text) => row('boolean', boolean, text, FAILS)),
  row('duration', duration, '300', 300_000),
  row('duration', duration, '"300"', 300_000),
  row('duration', duration, '"5m"', 300_000),
  row('duration', duration, '"1h30m"', 5_400_000),
  row('duration', duration, '"300ms"', 300),
  row('duration', duration, '"2d"', 172_800_000),
  row('duration', duration, '""', 0),
  row('duration', duration, '1.9', 1_000),
  row('duration', duration, '"soon"', FAILS),
  row('duration', duration, 'true', FAILS),
  row('octal', octal, '"0640"', 0o640),
  row('octal', octal, '"640"', 0o640),
  row('octal', octal, '0640', 0o640),
  row('octal', octal, '416', 0o640),
  row('octal', octal, '640', 640),
  row('octal', octal, '"0888"', FAILS),
  row('size', size, '1024', 1_024),
  row('size', size, '0', 0),
  row('size', size, '"1024"', 1_024),
  row('size', size, '"64KiB"', 65_536),
  row('size', size, '"1.5 mib"', 1_572_864),
  row('size', size, '"2GiB"', 2_147_483_648),
  row('size', size, '"10MB"', FAILS),
  row('size', size, '"-1MiB"', FAILS),
  row('size', size, '"0.3B"', FAILS),
  row('size', size, '"lots"', FAILS),
  row('size', size, '1.5', FAILS),
  row('size', size, 'true', FAILS),
  row('integer', { type: 'integer' }, '5', 5),
  row('integer', { type: 'integer' }, '-1', -1),
  row('integer', { type: 'integer' }, '"5"', 5),
  row('integer', { type: 'integer' }, '"0x1f"', 31),
  row('integer', { type: 'integer' }, '"-7"', -7),
  row('integer', { type: 'integer' }, '1e3', FAILS),
  row('integer', { type: 'integer' }, '1.5', FAILS),
  row('integer', { type: 'integer' }, '"five"', FAILS),
  row('integer', { type: 'integer' }, 'true', FAILS),
  row('number', { type: 'number' }, '0.9', 0.9),
  row('number', { type: 'number' }, '"0.9"', 0.9),
  row('text', { type: 'string' }, '"a"', 'a'),
  row('text', { type: 'string' }, '5', '5'),
  row('text', { type: 'string' }, '1.5', FAILS),
  row('text', { type: 'string' }, 'true', FAILS),
  row('text', { type: 'string' }, '["a"]', FAILS),
  row('list', texts, '["a", "b"]', ['a', 'b']),
  row('list', texts, '"a,b"', FAILS),
  row('comma list', { ...texts, 'x-comma-list': true }, '"a b, c"', ['a b', ' c']),
  row('comma list', { ...texts, 'x-comma-list': true }, '""', []),
  row('one or many', { ...texts, 'x-one-or-many': true }, '"a,b"', ['a,b']),
  row('true, false or force', token, '"FORCE"', 'force'),
  row('true, false or force', token, '"true"', true),
  row('true, false or force', token, '0', false),
  row('true, false or force', token, '"yes"', 'yes'),
  row('name or number', { type: ['string', 'integer'] }, '"1000"', 1000),
  row('name or number', { type: ['string', 'integer'] }, '"vault"', 'vault'),
  row('block', { type: 'object', properties: { a: { type: 'integer' } } }, '{ a = "1" }', { a: 1 }),
  row('block', { type: 'object' }, '"x"', FAILS),
  row('anything', {}, '[1, "x"]', [1, 'x']),
];

function row(what: string, schema: Schema, text: string, value: unknown): [string, Schema, string, unknown] {
  return [what, schema, text, value];
}

describe('coercion (spec config 1.3)', () => {
  for (const [what, schema, text, value] of ROWS) {
    it(`${what}: ${text} is ${value === FAILS ? 'refused' : JSON.stringify(value)}`, () => {
      expect(coerced(schema, text)).to.deep.equal(value);
    });
  }

  it('defaults are read as an operator would write them', () => {
    const report = new Report(false);
    const root: Schema = {
      properties: {
        wait: { ...duration, default: '1m' },
        mode: { ...octal, default: '0640' },
        on: { type: 'boolean', default: true },
      },
    };
    const map = normalise(readText('', 'a').tree, report);
    expect(coerceMap(map, root, { report, root, prefix: '', broken: new Set() })).to.deep.equal({
      wait: 60_000,
      mode: 0o640,
      on: true,
    });
  });

  it('a decimal mode whose digits were meant to be octal is a warning, and stays what HCL 1 makes of it', () => {
    const warned = (text: string): [unknown, number] => {
      const report = new Report(false);
      const root = { properties: { mode: octal } };
      const map = normalise(readText(`mode = ${text}`, 'a').tree, report);
      const { mode } = coerceMap(map, root, { report, root, prefix: '', broken: new Set() });
      return [mode, report.sorted([]).filter(({ severity }) => severity === 'warning').length];
    };
    for (const text of ['640', '600', '444', '1777']) expect(warned(text), text).to.deep.equal([Number(text), 1]);
    expect(warned('0640')).to.deep.equal([0o640, 0]);
    expect(warned('"640"')).to.deep.equal([0o640, 0]);
    for (const text of ['416', '420', '384', '0']) expect(warned(text), text).to.deep.equal([Number(text), 0]);
  });

  it('what a setting is for is not told as if it were an order', () => {
    const report = new Report(false);
    const root: Schema = { properties: { skip: { type: 'boolean', description: 'Do not verify.' } } };
    coerceMap(normalise(readText('skip = "maybe"', 'a').tree, report), root, {
      report,
      root,
      prefix: '',
      broken: new Set(),
    });
    expect(report.sorted([])[0]?.hint).to.equal('correct the value; what it is for: Do not verify.');
  });

  it('a secret of the wrong type is not shown', () => {
    const report = new Report(false);
    const root: Schema = { properties: { password: { type: 'integer', 'x-secret': true } } };
    const map = normalise(readText('password = "hunter2"', 'a').tree, report);
    coerceMap(map, root, { report, root, prefix: '', broken: new Set() });
    expect(JSON.stringify(report.sorted([]))).to.not.include('hunter2');
  });
});
