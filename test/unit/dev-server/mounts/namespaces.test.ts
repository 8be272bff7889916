// Where a path lies: namespace by header and path, then mount.
import { expect } from 'chai';
import { keysBelow } from '../../../../core/dev-server/mounts/keys.js';
import { canonicalNamespace } from '../../../../core/dev-server/mounts/namespaces.js';
import { makeWorld } from '../../../../core/dev-server/make-world.js';
import { VirtualClock } from '../../../../core/sdk/testing/virtual-clock.js';

describe('dev server: places', () => {
  const tree = () => {
    const { namespaces } = makeWorld(new VirtualClock(), 'root');
    namespaces.create('a/');
    namespaces.create('a/b/');
    return namespaces;
  };

  const table: readonly (readonly [string, string, string | undefined, string])[] = [
    ['', 'sys/mounts', '', 'sys/mounts'],
    ['root', 'sys/mounts', '', 'sys/mounts'],
    ['', 'a/sys/mounts', 'a/', 'sys/mounts'],
    ['a', 'b/sys/mounts', 'a/b/', 'sys/mounts'],
    ['/a/b/', 'sys/mounts', 'a/b/', 'sys/mounts'],
    ['', 'a/b/kv/x', 'a/b/', 'kv/x'],
    ['', 'a', '', 'a'],
    ['nope/', 'x', undefined, ''],
  ];
  for (const [header, path, namespace, rest] of table) {
    it(`header "${header}", path "${path}" -> ${namespace === undefined ? 'not found' : `"${namespace}" and "${rest}"`}`, () => {
      const placed = tree().place(header, path);
      expect(placed?.namespace.path).to.equal(namespace);
      expect(placed?.path ?? '').to.equal(rest);
    });
  }

  it('writes namespaces with one slash at the end', () => {
    expect(['', 'root', 'a', '/a//', 'a/b'].map(canonicalNamespace)).to.deep.equal(['', '', 'a/', 'a/', 'a/b/']);
  });

  it('finds the mount by the longest path, also without its slash', () => {
    const { mounts } = tree().root;
    expect(mounts.locate('auth/token/create')).to.deep.include({ path: 'create' });
    expect(mounts.locate('auth/token')?.mount.path).to.equal('auth/token/');
    expect(mounts.locate('system/x')).to.equal(undefined);
    expect(mounts.locate('auth/nowhere/login')).to.equal(undefined);
  });

  it('lists stored paths as folders', () => {
    const paths = ['a', 'dir/b', 'dir/c/d', 'dirx'];
    expect(keysBelow(paths, '')).to.deep.equal(['a', 'dir/', 'dirx']);
    expect(keysBelow(paths, 'dir/')).to.deep.equal(['b', 'c/']);
    expect(keysBelow(paths, 'none/')).to.deep.equal([]);
  });
});
