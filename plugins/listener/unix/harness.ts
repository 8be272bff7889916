// How the conformance suite makes a unix listener: a socket in the bench's folder, certificates of a made-up authority.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificate, type ListenerHarness } from 'claviger/sdk/testing';

const socket = (dir: string): string => join(dir, 'agent.sock');

const harness: ListenerHarness = {
  settings: ({ dir }) => ({ address: socket(dir), tls_disable: true }),
  sameAddress: (_bench, _url, settings) => settings,
  async secure({ dir }) {
    const authority = makeCertificate({ name: 'suite authority', authority: true });
    const [certFile, keyFile] = [join(dir, 'tls.crt'), join(dir, 'tls.key')];
    const rotate = async (): Promise<void> => {
      const { cert, key } = makeCertificate({ name: 'suite server', issuer: authority });
      await writeFile(certFile, cert);
      await writeFile(keyFile, key, { mode: 0o600 });
    };
    await rotate();
    return {
      settings: { address: socket(dir), tls_cert_file: certFile, tls_key_file: keyFile },
      ca: authority.cert,
      rotate,
      spoil: async () => writeFile(keyFile, (await readFile(keyFile, 'utf8')).slice(0, 60)),
    };
  },
  socket: {
    path: ({ dir }) => socket(dir),
    settings: ({ dir }, mode) => ({ address: socket(dir), tls_disable: true, socket_mode: mode }),
  },
};

export default harness;
