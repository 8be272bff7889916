// What the conformance suite cannot know of listener unix: ownership, odd places, live sockets.
import { expect } from 'chai';
import { mkdir, readdir, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { call } from '../../../../core/sdk/testing/http-client.js';
import { bind, bindFault, inFolder } from '../listening.js';

describe('unix listener', () => {
  const faults: readonly (readonly [string, (dir: string) => object | Promise<object>, RegExp])[] = [
    [
      'a folder that does not exist',
      (dir) => ({ address: join(dir, 'no', 's') }),
      /^LISTEN_ADDRESS: .*folder .* does not exist/,
    ],
    ['a path that is too long', (dir) => ({ address: join(dir, 'x'.repeat(110)) }), /^LISTEN_ADDRESS: .*longer than/],
    ['no path', () => ({ address: '' }), /^LISTEN_ADDRESS: .*needs a path/],
    [
      'a group that does not exist',
      (dir) => ({ address: join(dir, 's'), socket_group: 'no-such-group' }),
      /^LISTEN_ADDRESS: .*no group "no-such-group"/,
    ],
    [
      'a file at the path',
      async (dir) => (await writeFile(join(dir, 's'), ''), { address: join(dir, 's') }),
      /^LISTEN_ADDRESS: .*not a socket/,
    ],
    [
      'a folder at the path',
      async (dir) => (await mkdir(join(dir, 's')), { address: join(dir, 's') }),
      /^LISTEN_ADDRESS: .*not a socket/,
    ],
    [
      'a link at the path',
      async (dir) => (await symlink(join(dir, 'elsewhere'), join(dir, 's')), { address: join(dir, 's') }),
      /^LISTEN_ADDRESS: .*not a socket/,
    ],
    [
      'a key without a certificate',
      (dir) => ({ address: join(dir, 's'), tls_key_file: join(dir, 'k') }),
      /^LISTEN_TLS: .*tls_cert_file is not set/,
    ],
  ];
  for (const [name, settings, expected] of faults) {
    it(`${name} stops the start in words and leaves nothing behind`, () =>
      inFolder(async (dir) => {
        const given = await settings(dir);
        const before = await readdir(dir);
        expect(await bindFault('unix', given)).to.match(expected);
        expect(await readdir(dir)).to.deep.equal(before);
      }));
  }

  it('leaves nothing but the socket in the folder, and nothing after close, twice', () =>
    inFolder(async (dir) => {
      const bound = await bind('unix', { address: join(dir, 's') });
      expect(await readdir(dir)).to.deep.equal(['s']);
      expect((await call(bound.url)).body).to.equal('served');
      await bound.close(0);
      await bound.close(0);
      expect(await readdir(dir)).to.deep.equal([]);
    }));

  it('D-48 socket_group and socket_user are applied without a mode (skipped unless root, who alone may give a file away)', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    await inFolder(async (dir) => {
      const bound = await bind('unix', { address: join(dir, 's'), socket_group: '12345', socket_user: 54321 });
      const { uid, gid } = await stat(join(dir, 's'));
      expect([uid, gid]).to.deep.equal([54321, 12345]);
      await bound.close(0);
    });
  });

  it('close does not remove a socket that another agent made meanwhile', () =>
    inFolder(async (dir) => {
      const address = join(dir, 's');
      const first = await bind('unix', { address });
      await rename(address, join(dir, 'moved'));
      const second = await bind('unix', { address });
      await first.close(0);
      expect((await call(second.url)).body).to.equal('served');
      await second.close(0);
    }));
});
