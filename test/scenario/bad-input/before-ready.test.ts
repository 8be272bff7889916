// Faults of the host before the agent is ready: one line with code, place and cure, exit code 1, nothing written and nothing listening.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { makeCertificate } from '../../../core/sdk/testing/index.js';
import { ask } from '../client.js';
import { fileSink, LISTENER, onRig } from '../rig.js';
import { call } from '../terminal.js';
import { inFolder, type Folder } from './folder.js';

const listener = (address: string, ...settings: string[]): string =>
  `listener "tcp" {\n  address = "${address}"\n  ${settings.join('\n  ')}\n}\n`;

const PLAIN = 'tls_disable = true';

describe('bad input: before the agent is ready', function () {
  this.timeout(20_000);

  it('an unwritable sink folder: exit code 1, and no server was asked', () =>
    onRig({}, async (rig) => {
      const { method } = await rig.approle('app');
      const path = rig.path('no/token');
      const config = rig.config(`auto_auth {\n${method}${fileSink(path)}}\n${LISTENER}`);
      const agent = rig.command(['agent', '-config', config]);
      expect(await agent.code()).to.equal(1);
      expect(agent.err).to.include(
        `SINK_NOT_WRITABLE: sink "file" (sink.default.1): cannot write ${path}: no such file or folder (ENOENT)`,
      );
      expect(agent.err).to.include('; create the folder or give this user write permission\n');
      expect(agent.out, 'it never said that it listens').to.not.include('Api Address');
      expect(agent.text, 'no stack').to.not.match(/^\s+at /m);
      expect(rig.server.requests.all.filter((one) => one.path.startsWith('auth/'))).to.deep.equal([]);
    }));

  it('an address in use: exit code 1, the other program keeps running, the sink is not written', () =>
    onRig({}, async (rig) => {
      const other = await listening();
      try {
        const address = addressOf(other);
        const { method } = await rig.approle('app');
        const config = rig.config(`auto_auth {\n${method}${fileSink(rig.path('token'))}}\n${listener(address, PLAIN)}`);
        const agent = rig.command(['agent', '-config', config]);
        expect(await agent.code()).to.equal(1);
        expect(agent.err).to.include(
          `LISTEN_ADDRESS_IN_USE: listener "tcp" (listener.1): ${address} is already in use; stop the other program or choose another address\n`,
        );
        expect((await ask(`http://${address}`, '/')).text).to.equal('still here');
        expect(() => rig.read('token')).to.throw('ENOENT');
      } finally {
        other.close();
      }
    }));

  it('certificates that cannot be served: expired, missing, with the key of another, no PEM', () =>
    inFolder(async (folder) => {
      writeCertificates(folder);
      const rows: readonly (readonly [cert: string, key: string, text: string])[] = [
        [
          'expired.pem',
          'expired.key',
          `the certificate in ${folder.at('expired.pem')} expired on 2021-01-01T00:00:00.000Z; put a renewed`,
        ],
        [
          'none.pem',
          'good.key',
          `tls_cert_file ${folder.at('none.pem')}: no such file or folder (ENOENT); check the path`,
        ],
        [
          'good.pem',
          'expired.key',
          `the key in ${folder.at('expired.key')} does not belong to the certificate in ${folder.at('good.pem')}; give`,
        ],
        ['good.key', 'good.key', `tls_cert_file ${folder.at('good.key')} does not hold a PEM certificate`],
      ];
      for (const [cert, key, text] of rows) {
        const tls = [`tls_cert_file = "${folder.at(cert)}"`, `tls_key_file = "${folder.at(key)}"`];
        const { code, out, err } = await call([
          'agent',
          '-config',
          folder.write('a.hcl', listener('127.0.0.1:0', ...tls)),
        ]);
        expect(code).to.equal(1);
        expect(err).to.include(`LISTEN_TLS: listener "tcp" (listener.1): TLS of 127.0.0.1:0 cannot be set up: ${text}`);
        expect(out).to.not.include('Api Address');
      }
    }));

  it('a pid file or log file that cannot be written stops the start before anything is bound or logged in', () =>
    inFolder(async (folder) => {
      const rows = [
        ['pid_file', 'HOST_PID_FILE: cannot write the pid file', 'no/x', 'no such file or folder (ENOENT)'],
        ['pid_file', 'HOST_PID_FILE: cannot write the pid file', '', 'it is a folder (EISDIR)'],
        ['log_file', 'HOST_LOG_FILE: cannot write the log file', 'no/x', 'no such file or folder (ENOENT)'],
      ] as const;
      for (const [key, text, name, why] of rows) {
        const path = name === '' ? folder.path : folder.at(name);
        const config = folder.write('a.hcl', `${key} = "${path}"\n${LISTENER}`);
        const { code, out, err } = await call(['agent', '-config', config]);
        expect(code).to.equal(1);
        expect(err).to.equal(
          `${text} ${path}: ${why}; create the folder, give this user write permission, or choose another ${key}\n`,
        );
        expect(out).to.not.include('Api Address');
        expect(folder.names()).to.deep.equal(['a.hcl']);
      }
    }));

  it('whatever was started is stopped again: the second of two listeners fails, the first one is gone', () =>
    inFolder(async (folder) => {
      const other = await listening();
      const free = await listening();
      const address = addressOf(free);
      await new Promise((resolve) => free.close(resolve));
      try {
        mkdirSync(folder.at('sub'));
        const pid = folder.at('pid');
        const config = folder.write(
          'a.hcl',
          `pid_file = "${pid}"\n${listener(address, PLAIN)}${listener(addressOf(other), PLAIN)}`,
        );
        const { code, err } = await call(['agent', '-config', config]);
        expect(code).to.equal(1);
        expect(err).to.include(`listener "tcp" (listener.2): ${addressOf(other)} is already in use`);
        const refused = await ask(`http://${address}`, '/').catch((error: NodeJS.ErrnoException) => error.code);
        expect(refused).to.equal('ECONNREFUSED');
        expect(folder.names()).to.deep.equal(['a.hcl', 'sub']);
      } finally {
        other.close();
      }
    }));

  it('"config validate" opens nothing: the same faults are warnings about missing files at most', () =>
    inFolder(async (folder) => {
      const config = folder.write(
        'a.hcl',
        `pid_file = "${folder.at('no/pid')}"\n` +
          listener('127.0.0.1:0', `tls_cert_file = "${folder.at('none.pem')}"`, `tls_key_file = "${folder.at('key')}"`),
      );
      folder.write('key', 'not a key');
      chmodSync(folder.at('key'), 0);
      const { code, err } = await call(['config', 'validate', config]);
      expect(code).to.equal(0);
      expect(err).to.include(
        `${config}:4:3: CONFIG_FILE_MISSING warning: listener[0].tls_cert_file: ${folder.at('none.pem')} does not exist`,
      );
      expect(err).to.match(/\n1 warning\n$/);
    }));
});

function writeCertificates(folder: Folder): void {
  const issuer = makeCertificate({ name: 'authority', authority: true });
  const good = makeCertificate({ name: 'agent', issuer });
  const expired = makeCertificate({ name: 'agent', issuer, toMs: Date.UTC(2021, 0, 1) });
  for (const [name, pair] of Object.entries({ good, expired })) {
    writeFileSync(folder.at(`${name}.pem`), pair.cert);
    writeFileSync(folder.at(`${name}.key`), pair.key, { mode: 0o600 });
  }
}

function listening(): Promise<Server> {
  const server = createServer((_request, response) => response.end('still here'));
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

const addressOf = (server: Server): string => `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
