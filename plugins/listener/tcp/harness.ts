// How the conformance suite makes a tcp listener: any free port, certificates of a made-up authority.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificate, type ListenerHarness } from 'claviger/sdk/testing';

const harness: ListenerHarness = {
  settings: () => ({ address: '127.0.0.1:0', tls_disable: true }),
  sameAddress: (_bench, url, settings) => ({ ...settings, address: new URL(url).host }),
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
      settings: { address: '127.0.0.1:0', tls_cert_file: certFile, tls_key_file: keyFile },
      ca: authority.cert,
      rotate,
      spoil: async () => writeFile(keyFile, (await readFile(keyFile, 'utf8')).slice(0, 60)),
    };
  },
};

export default harness;
