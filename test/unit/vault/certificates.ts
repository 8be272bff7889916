// Real certificates for tests, made by the openssl command in a folder of their own.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths of one certificate and its key. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** An authority in a temporary folder. */
export class Authority {
  readonly folder = mkdtempSync(join(tmpdir(), 'claviger-ca-'));
  readonly cert = join(this.folder, 'ca.pem');
  readonly #key = join(this.folder, 'ca.key');
  #count = 0;

  constructor(name = 'test ca') {
    this.#run(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '30',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      this.#key,
      '-out',
      this.cert,
    );
  }

  /** Issues a certificate; `expired` ones ended in 2020. */
  issue(options: { readonly names?: string; readonly expired?: boolean } = {}): Issued {
    const base = join(this.folder, `leaf${++this.#count}`);
    const [key, csr, cert, ext] = [`${base}.key`, `${base}.csr`, `${base}.pem`, `${base}.ext`];
    writeFileSync(ext, `subjectAltName=${options.names ?? 'IP:127.0.0.1,DNS:localhost'}\n`);
    this.#run(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      '/CN=leaf',
      '-keyout',
      key,
      '-out',
      csr,
    );
    if (options.expired) this.#runExpired(csr, cert, ext);
    else
      this.#run(
        'x509',
        '-req',
        '-in',
        csr,
        '-CA',
        this.cert,
        '-CAkey',
        this.#key,
        '-CAcreateserial',
        '-days',
        '30',
        '-extfile',
        ext,
        '-out',
        cert,
      );
    return { cert, key };
  }

  // `openssl x509` cannot date back; `openssl ca` can.
  #runExpired(csr: string, cert: string, ext: string): void {
    const database = join(this.folder, 'index.txt');
    const settings = join(this.folder, 'ca.cnf');
    writeFileSync(database, '');
    writeFileSync(join(this.folder, 'serial'), '77\n');
    writeFileSync(
      settings,
      `[ca]\ndefault_ca=d\n[d]\ndatabase=${database}\nserial=${join(this.folder, 'serial')}\nnew_certs_dir=${this.folder}\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n`,
    );
    this.#run(
      'ca', '-batch', '-config', settings, '-in', csr, '-cert', this.cert, '-keyfile', this.#key, '-extfile', ext, '-notext',
      '-startdate', '20190101000000Z', '-enddate', '20200101000000Z', '-out', cert,
    ); // prettier-ignore
  }

  #run(...args: string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' });
  }

  /** Removes everything. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The texts of an issued pair. */
export const textsOf = (issued: Issued): { cert: string; key: string } => ({
  cert: readFileSync(issued.cert, 'utf8'),
  key: readFileSync(issued.key, 'utf8'),
});
