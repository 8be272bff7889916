// Auth method kerberos: a SPNEGO token made from a keytab, with a ticket of its own for each attempt (rule 5.6). Nothing is remembered but how often
// the KDC refused the key.
import {
  Mount,
  Secret,
  Settings,
  Time,
  agentError,
  plugin,
  type AuthMethod,
  type Clock,
  type LoginAttempt,
  type LoginPlan,
} from 'claviger/sdk';
import { chooseKeys } from './choose-keys.js';
import { enctypeName } from './enctypes.js';
import { exchangeOf } from './exchange-of.js';
import { KeyRefusals, keyDigest } from './key-refusals.js';
import { parseKeytab, type KeytabEntry } from './keytab.js';
import type { Krb5Settings } from './krb5-settings.js';
import { parsePrincipal, principalText, type Principal } from './principal.js';
import { readBytes } from './read-file.js';
import { readKrb5Conf } from './read-krb5-conf.js';
import { askForServiceTicket, type ServiceTicket, type TicketOrder } from './service-ticket.js';
import { spnegoToken } from './spnego.js';

interface KerberosSettings {
  readonly username: string;
  readonly service: string;
  readonly realm: string;
  readonly keytab_path: string;
  readonly krb5conf_path: string;
  readonly disable_fast_negotiation?: boolean;
  readonly remove_instance_name?: boolean;
}

@plugin()
export default class Kerberos implements AuthMethod {
  readonly #settings: KerberosSettings;
  readonly #mount: string;
  readonly #clock: Clock;
  readonly #user: Principal;
  readonly #refusals: KeyRefusals;

  constructor(@Settings settings: KerberosSettings, @Mount mount: string, @Time clock: Clock) {
    this.#settings = settings;
    this.#mount = mount;
    this.#clock = clock;
    this.#user = parsePrincipal(settings.username, settings.realm);
    this.#refusals = new KeyRefusals(clock);
  }

  async prepare({ signal }: LoginAttempt): Promise<LoginPlan> {
    const { keytab_path, krb5conf_path } = this.#settings;
    const conf = await readKrb5Conf(krb5conf_path, signal);
    const keys = await this.#keys(conf, signal);
    const { ticket, granted, trail } = await this.#ticket(conf, keys, signal);
    const token = spnegoToken(ticket, this.#clock.now()).toString('base64');
    const read = `read, ${principalText(this.#user)}, ${enctypeName(granted.entry.key.etype)}, kvno ${String(granted.entry.kvno)}`;
    return {
      login: `${this.#mount}/login`,
      body: {},
      headers: ['Authorization', `Negotiate ${token}`],
      credential: new Secret(this.#digest(granted.entry)),
      trail: [{ source: krb5conf_path, outcome: 'read' }, { source: keytab_path, outcome: read }, ...trail],
    };
  }

  hint(status: number, errors: readonly string[]): string | undefined {
    if (status === 401) return refusedToken(errors.join(' '), this.#mount, this.#settings.service);
    if (status === 400) return `check the upndomain of ${this.#mount}/config/ldap: it must be ${this.#settings.realm}`;
    if (status === 403) return `check that ${this.#mount} is enabled`;
    return undefined;
  }

  async #keys(conf: Krb5Settings, signal: AbortSignal): Promise<readonly KeytabEntry[]> {
    const { keytab_path: path, remove_instance_name: removeInstanceName = false } = this.#settings;
    const bytes = await readBytes(path, 'keytab_path', signal);
    try {
      return chooseKeys(parseKeytab(bytes), { user: this.#user, etypes: conf.etypes, removeInstanceName });
    } catch (error) {
      const facts = { at: path, hint: 'write a keytab with AES keys of the user' };
      const why = (error as Error).message;
      throw agentError('AUTH_CREDENTIAL_INVALID', { what: `keytab_path ${path}`, why }, facts);
    }
  }

  async #ticket(conf: Krb5Settings, keys: readonly KeytabEntry[], signal: AbortSignal): Promise<ServiceTicket> {
    const { keytab_path: keytabPath, disable_fast_negotiation, service } = this.#settings;
    const digest = keys.map((entry) => this.#digest(entry)).join();
    this.#refusals.check(digest, keytabPath);
    const order = {
      user: this.#user,
      keys,
      keytabPath,
      mayNegotiate: disable_fast_negotiation !== true,
      isWrongKey: () => this.#refusals.refused(digest),
    };
    const path = this.#settings.krb5conf_path;
    const exchange = exchangeOf({ settings: conf, path, clock: this.#clock, signal });
    const found = await askForServiceTicket(exchange, { ...order, ...serviceOf(service, conf) });
    this.#refusals.taken();
    return { ...found, trail: [...exchange.silent, ...found.trail] };
  }

  #digest({ key }: KeytabEntry): string {
    return keyDigest(principalText(this.#user), key.etype, key.bytes);
  }
}

// `HTTP/vault.example.com:8200` is at vault.example.com; a realm behind the name wins over [domain_realm].
function serviceOf(service: string, conf: Krb5Settings): Pick<TicketOrder, 'serviceNames' | 'serviceRealm'> {
  const { names, realm } = parsePrincipal(service, '');
  const host = names[1]?.split(':')[0] ?? '';
  return { serviceNames: names, serviceRealm: realm === '' ? conf.realmOf(host) : realm };
}

// The detail of a 401 comes in the words of the server's Kerberos library; without any, it has seen no token at all.
function refusedToken(said: string, mount: string, service: string): string {
  if (/skew/i.test(said))
    return 'synchronise the clocks of this machine and the server (NTP): Kerberos tolerates five minutes';
  if (/repeat|replay/i.test(said)) return 'the server has seen this ticket before; the next attempt uses a new one';
  if (/KRB|decrypt|keytab|key /i.test(said)) return `give ${mount} a keytab with the present key (kvno) of ${service}`;
  return `tune ${mount} with passthrough_request_headers=Authorization, and check that its keytab has the key of ${service}`;
}
