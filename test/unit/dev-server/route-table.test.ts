import { expect } from 'chai';
import { isFault } from '../../../core/dev-server/backend.js';
import type { BackendRequest } from '../../../core/dev-server/backend.js';
import { listBelow, routeTable } from '../../../core/dev-server/route-table.js';

const asked = (path: string, operation: BackendRequest['operation'] = 'read'): BackendRequest =>
  ({ path, operation, body: {} }) as unknown as BackendRequest;

describe('dev-server/route-table', () => {
  const table = routeTable([
    { path: 'role', on: { list: () => ({ data: { at: 'list' } }) } },
    {
      path: 'role/:name',
      exists: (call) => call.param('name') === 'old',
      on: { read: (c) => ({ data: { at: c.param('name') } }) },
    },
    { path: 'data/*path', on: { read: (call) => ({ data: { at: call.param('path') } }) } },
  ]);
  const found: readonly (readonly [string, BackendRequest['operation'], string])[] = [
    ['role', 'list', 'list'],
    ['role/', 'list', 'list'],
    ['role/a-b.c', 'read', 'a-b.c'],
    ['data/', 'read', ''],
    ['data/a/b c', 'read', 'a/b c'],
  ];
  for (const [path, operation, at] of found) {
    it(`finds ${operation} ${path}`, () => {
      expect(table.handle(asked(path, operation))).deep.equal({ data: { at } });
    });
  }

  const lost: readonly (readonly [string, BackendRequest['operation'], number])[] = [
    ['nowhere', 'read', 404],
    ['role/a@b', 'read', 404],
    ['role/-a', 'read', 404],
    ['role/a', 'delete', 405],
    ['role/', 'read', 405],
  ];
  for (const [path, operation, status] of lost) {
    it(`answers ${String(status)} to ${operation} ${path}`, () => {
      try {
        void table.handle(asked(path, operation));
        expect.fail('was found');
      } catch (error) {
        if (!isFault(error)) throw error;
        expect(error.fault.status).equal(status);
      }
    });
  }

  it('tells updates from creations', () => {
    expect(table.exists(asked('role/old', 'write'))).equal(true);
    expect(table.exists(asked('role/new', 'write'))).equal(false);
    expect(table.exists(asked('data/x', 'write'))).equal(true);
  });

  it('lists folders once, sorted, and not the folder itself', () => {
    expect(listBelow(['b/x', 'a', 'b/y/z', 'b/'], '')).deep.equal(['a', 'b/']);
    expect(listBelow(['b/x', 'b/y/z', 'b/'], 'b/')).deep.equal(['x', 'y/']);
  });
});
