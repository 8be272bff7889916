// accountNumber: users and groups by name or number.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { accountNumber } from '../../../core/sdk/index.js';

describe('accountNumber', () => {
  let dir: string;
  let file: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-account-'));
    file = join(dir, 'group');
    await writeFile(file, 'root:x:0:\n# comment\nnobody:x:65534:\nbroken:x:\napp:x:1001:a,b\n');
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const cases: readonly [string | number | undefined, number | undefined][] = [
    [undefined, undefined],
    ['', undefined],
    [-1, undefined],
    ['-1', undefined],
    [0, 0],
    ['1000', 1000],
    ['root', 0],
    ['app', 1001],
  ];
  for (const [value, number] of cases) {
    it(`takes ${JSON.stringify(value) ?? 'nothing'} as ${String(number)}`, async () => {
      expect(await accountNumber('group', value, file)).to.equal(number);
    });
  }

  for (const name of ['stranger', 'broken', 'x']) {
    it(`refuses the unknown name ${name} in words`, async () => {
      const error: unknown = await accountNumber('group', name, file).catch((reason: unknown) => reason);
      expect(error)
        .to.be.instanceOf(RangeError)
        .and.include({ message: `there is no group "${name}" in ${file}` });
    });
  }
});
