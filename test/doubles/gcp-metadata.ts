// Double of the metadata server of a Google machine: its header is required and given back, forwarded requests are refused, unknown accounts are answered
// with an HTML page. (Spec auth-wire 6.2, 11.4.)
import { htmlPage, Loopback, type Answer, type Asked } from './azure-http.js';
import type { GoogleDouble, Instance } from './gcp.js';

const FLAVOR = { 'Metadata-Flavor': 'Google' };
const BASE = '/computeMetadata/v1/instance/service-accounts/';

/** The double. */
export class MetadataDouble {
  readonly http = new Loopback((asked) => this.#answer(asked));
  /** Accounts of the machine; the first is the default. */
  accounts: readonly string[];
  /** False: no claims of the instance, as on GKE. */
  isInstance = true;
  readonly #google: GoogleDouble;
  readonly #machine: Instance;
  readonly #now: () => number;

  constructor(google: GoogleDouble, machine: Instance, accounts: readonly string[], now: () => number) {
    this.#google = google;
    this.#machine = machine;
    this.accounts = accounts;
    this.#now = now;
  }

  #answer({ url, headers }: Asked): Answer {
    if (headers['metadata-flavor'] !== 'Google') return { ...htmlPage(403), headers: { 'Content-Type': 'text/html' } };
    if (headers['x-forwarded-for'] !== undefined) return htmlPage(403);
    const path = decodeURIComponent(url.pathname);
    const [name = '', what] = path.startsWith(BASE) ? path.slice(BASE.length).split('/') : [];
    const email = name === 'default' ? this.accounts[0] : this.accounts.find((one) => one === name);
    if (email === undefined) return { ...htmlPage(404), headers: { ...FLAVOR, 'Content-Type': 'text/html' } };
    if (what === 'email') return { status: 200, body: email, headers: FLAVOR };
    if (what === 'token') {
      const access_token = this.#google.issue(email);
      return { status: 200, body: { access_token, expires_in: 3599, token_type: 'Bearer' }, headers: FLAVOR };
    }
    return what === 'identity' ? this.#identity(url.searchParams, email) : { ...htmlPage(404), headers: FLAVOR };
  }

  #identity(query: URLSearchParams, email: string): Answer {
    const audience = query.get('audience');
    if (audience === null) return { status: 400, body: 'non-empty audience parameter required', headers: FLAVOR };
    const { project, zone, name, id } = this.#machine;
    const now = Math.floor(this.#now() / 1000);
    const sub = this.#google.accounts.get(email)?.id ?? '0';
    const claims = { aud: audience, iss: 'https://accounts.google.com', sub, iat: now, exp: now + 3600 };
    const compute_engine = { project_id: project, zone, instance_name: name, instance_id: id, project_number: 1 };
    const full = query.get('format') === 'full' && this.isInstance ? { google: { compute_engine } } : {};
    const token = this.#google.sign({ ...claims, email, email_verified: true, ...full });
    return { status: 200, body: `${token}\n`, headers: FLAVOR };
  }
}
