// The metadata service of an Oracle Cloud instance on loopback (version 2): region, certificate, key and intermediate authority.
import { makeCertificate, type TestCertificate } from '../../core/sdk/testing/certificates.js';
import { Loopback, type Answer, type Asked, type Trouble } from './azure-http.js';

/** Names in the certificates. */
export const OCI_TENANCY = 'ocid1.tenancy.oc1..tenant';

// RSA keys are slow to make: each certificate is made once per run.
const made = new Map<string, TestCertificate>();

function once(name: string, make: () => TestCertificate): TestCertificate {
  const known = made.get(name) ?? make();
  made.set(name, known);
  return known;
}

/** The root authority of the cloud. */
export const ociRoot = (name = 'OCI Root'): TestCertificate =>
  once(name, () => makeCertificate({ name, authority: true, keys: 'rsa' }));

const intermediate = (): TestCertificate =>
  once('intermediate', () =>
    makeCertificate({ name: 'OCI Instance CA', authority: true, keys: 'rsa', issuer: ociRoot() }),
  );

/** A certificate of an instance. */
export const ociInstance = (
  name: string,
  units = ['opc-certtype:instance', `opc-tenant:${OCI_TENANCY}`],
): TestCertificate =>
  once(`${name} ${units.join()}`, () => makeCertificate({ name, keys: 'rsa', issuer: intermediate(), units }));

/** One running service. */
export class OciMetadata {
  region = 'phx';
  instance: TestCertificate = ociInstance('instance-1');
  /** The key, when it is another one than the certificate's. */
  key: string | undefined;
  readonly #loopback = new Loopback((asked) => this.#answer(asked));

  /** Base URL with the version. */
  get url(): string {
    return `${this.#loopback.url}/opc/v2`;
  }

  get asked(): readonly Asked[] {
    return this.#loopback.asked;
  }

  open(): Promise<void> {
    return this.#loopback.open();
  }

  close(): Promise<void> {
    return this.#loopback.close();
  }

  trouble(...troubles: Trouble[]): void {
    this.#loopback.trouble(...troubles);
  }

  #answer({ url, headers }: Asked): Answer {
    if (headers['x-forwarded-for'] !== undefined || headers['via'] !== undefined)
      return { status: 403, body: 'forbidden' };
    if (headers.authorization !== 'Bearer Oracle') return { status: 401, body: 'unauthorized' };
    const found: Readonly<Record<string, string>> = {
      '/opc/v2/instance/region': this.region,
      '/opc/v2/identity/cert.pem': this.instance.cert,
      '/opc/v2/identity/key.pem': this.key ?? this.instance.key,
      '/opc/v2/identity/intermediate.pem': intermediate().cert,
    };
    const body = found[url.pathname];
    return body === undefined ? { status: 404, body: 'not found' } : { status: 200, body };
  }
}
