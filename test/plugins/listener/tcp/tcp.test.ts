// What the conformance suite cannot know of listener tcp: TLS rules and each way of not being able to bind.
import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import type { Serve } from '../../../../core/sdk/index.js';
import { call, dial, readToEnd } from '../../../../core/sdk/testing/http-client.js';
import { makeCertificate, makeFakes, settle, type CertificateWishes } from '../../../../core/sdk/testing/index.js';
import { bind, bindFault, inFolder } from '../listening.js';

const authority = makeCertificate({ name: 'authority', authority: true });

async function files(dir: string, wishes: Partial<CertificateWishes> = {}): Promise<Record<string, string>> {
  const { cert, key } = makeCertificate({ name: 'server', issuer: authority, ...wishes });
  await writeFile(join(dir, 'crt'), cert);
  await writeFile(join(dir, 'key'), key);
  await writeFile(join(dir, 'ca'), authority.cert);
  return { address: '127.0.0.1:0', tls_cert_file: join(dir, 'crt'), tls_key_file: join(dir, 'key') };
}

function handshake(url: string, options: ConnectionOptions): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname,
      port: Number(port),
      ca: authority.cert,
      servername: 'localhost',
      ...options,
    });
    socket.on('error', (error) => resolve(`error ${error.message}`));
    socket.on('secureConnect', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
    socket.on('data', () => resolve(`${socket.getProtocol()} ${socket.getCipher().standardName}`));
    socket.on('close', () => resolve('closed'));
  });
}

describe('tcp listener', () => {
  const faults: readonly (readonly [string, (dir: string) => Promise<object>, RegExp])[] = [
    [
      'no certificate and no tls_disable',
      async () => ({ address: '127.0.0.1:0' }),
      /^LISTEN_TLS: .*tls_cert_file is not set/,
    ],
    [
      'a missing certificate file',
      async (dir) => ({ ...(await files(dir)), tls_cert_file: join(dir, 'none') }),
      /^LISTEN_TLS: .*tls_cert_file .*none: no such file/,
    ],
    [
      'a missing key file',
      async (dir) => ({ ...(await files(dir)), tls_key_file: join(dir, 'none') }),
      /^LISTEN_TLS: .*tls_key_file .*none: no such file/,
    ],
    [
      'a key of another certificate',
      async (dir) => {
        const settings = await files(dir);
        await writeFile(join(dir, 'key'), makeCertificate({ name: 'other' }).key);
        return settings;
      },
      /^LISTEN_TLS: .*does not belong/,
    ],
    [
      'a file that is no certificate',
      async (dir) => ({ ...(await files(dir)), tls_cert_file: join(dir, 'key') }),
      /^LISTEN_TLS: .*does not hold a PEM certificate/,
    ],
    [
      'an expired certificate',
      (dir) => files(dir, { toMs: Date.UTC(2025, 11, 31) }),
      /^LISTEN_TLS: .*expired on 2025-12-31/,
    ],
    [
      'a certificate of the future',
      (dir) => files(dir, { fromMs: Date.UTC(2026, 0, 2) }),
      /^LISTEN_TLS: .*not valid before 2026-01-02/,
    ],
    [
      'an unknown suite',
      async (dir) => ({ ...(await files(dir)), tls_cipher_suites: 'TLS_NOT_A_SUITE' }),
      /^LISTEN_TLS: .*"TLS_NOT_A_SUITE" is not a known suite/,
    ],
    [
      'versions the wrong way round',
      async (dir) => ({ ...(await files(dir)), tls_min_version: 'tls13', tls_max_version: 'tls12' }),
      /^LISTEN_TLS: .*below/,
    ],
    [
      'contradicting client certificate settings',
      async (dir) => ({
        ...(await files(dir)),
        tls_disable_client_certs: true,
        tls_require_and_verify_client_cert: true,
      }),
      /^LISTEN_TLS: .*exclude each other/,
    ],
    [
      'a host that does not exist',
      async () => ({ address: 'no-such-host.invalid:0', tls_disable: true }),
      /^LISTEN_ADDRESS: .*cannot be resolved/,
    ],
    [
      'an address of another machine',
      async () => ({ address: '192.0.2.1:0', tls_disable: true }),
      /^LISTEN_ADDRESS: .*does not have that address/,
    ],
  ];
  for (const [name, settings, expected] of faults) {
    it(`${name} stops the start in words`, () =>
      inFolder(async (dir) => {
        expect(await bindFault('tcp', await settings(dir))).to.match(expected);
      }));
  }

  it('asks the clock, not the machine, whether a certificate has expired', () =>
    inFolder(async (dir) => {
      const settings = await files(dir, { toMs: Date.UTC(2026, 5, 1) });
      expect(await bindFault('tcp', settings, makeFakes(Date.UTC(2026, 5, 2)))).to.match(/expired/);
    }));

  it('speaks TLS 1.2 and 1.3 and refuses 1.1 by default', () =>
    inFolder(async (dir) => {
      const bound = await bind('tcp', await files(dir));
      const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
      expect(await handshake(bound.url, { maxVersion: 'TLSv1.2' })).to.match(/^TLSv1.2/);
      expect(await handshake(bound.url, {})).to.match(/^TLSv1.3/);
      expect(await handshake(bound.url, old)).to.match(/^error|^closed/);
      await bound.close(0);
    }));

  it('tls_min_version tls10 really serves TLS 1.0', () =>
    inFolder(async (dir) => {
      const bound = await bind('tcp', { ...(await files(dir)), tls_min_version: 'tls10' });
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
      expect(await handshake(bound.url, old)).to.match(/^TLSv1 /);
      await bound.close(0);
    }));

  it('D-49 tls_cipher_suites picks the suite of TLS 1.2', () =>
    inFolder(async (dir) => {
      const suite = 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384';
      const bound = await bind('tcp', { ...(await files(dir)), tls_cipher_suites: [suite] });
      expect(await handshake(bound.url, { maxVersion: 'TLSv1.2' })).to.equal(`TLSv1.2 ${suite}`);
      await bound.close(0);
    }));

  it('a required client certificate is checked against tls_client_ca_file', () =>
    inFolder(async (dir) => {
      const settings = {
        ...(await files(dir)),
        tls_require_and_verify_client_cert: true,
        tls_client_ca_file: join(dir, 'ca'),
      };
      const bound = await bind('tcp', settings);
      const good = makeCertificate({ name: 'client', issuer: authority });
      const stranger = makeCertificate({ name: 'stranger' });
      expect(await handshake(bound.url, good)).to.match(/^TLSv1.3/);
      expect(await handshake(bound.url, {})).to.match(/^error|^closed/);
      expect(await handshake(bound.url, stranger)).to.match(/^error|^closed/);
      await bound.close(0);
    }));

  it('a client certificate that is not required may be of anybody', () =>
    inFolder(async (dir) => {
      const bound = await bind('tcp', await files(dir));
      expect(await handshake(bound.url, makeCertificate({ name: 'stranger' }))).to.match(/^TLSv1.3/);
      await bound.close(0);
    }));

  it('a plain client on a TLS port harms nobody', () =>
    inFolder(async (dir) => {
      const bound = await bind('tcp', await files(dir));
      await call(bound.url.replace('https:', 'http:'));
      expect((await call(bound.url, { ca: authority.cert })).body).to.equal('served');
      await bound.close(0);
    }));

  it('close does not wait for a handshake that never ends', () =>
    inFolder(async (dir) => {
      const bound = await bind('tcp', await files(dir));
      const silent = readToEnd(await dial(bound.url.replace('https:', 'http:')));
      // One complete TLS request later the server has certainly accepted the silent connection.
      await call(bound.url, { ca: authority.cert });
      await bound.close(3_600_000);
      await silent;
    }));

  it('close lets a TLS request in flight finish', () =>
    inFolder(async (dir) => {
      let open: (() => void) | undefined;
      const slow: Serve = { request: (_, response) => void (open = () => response.end('late')) };
      const bound = await bind('tcp', await files(dir), makeFakes(), slow);
      const answer = call(bound.url, { ca: authority.cert, headers: { Connection: 'keep-alive' } });
      while (open === undefined) await settle();
      const closing = bound.close(3_600_000);
      open();
      expect((await answer).body).to.equal('late');
      await closing;
    }));
});
