// What `claviger auth test` found out, as text and as JSON. Pure.
import { formatGoDuration } from '../kernel/duration.js';
import type { AgentError, Tried } from '../sdk/index.js';
import { shown } from './cache-text.js';
import type { MaskedRequest } from './masked-request.js';

/** A token for people: everything but the token. */
export interface TrialToken {
  readonly policies: readonly string[];
  /** 0: it does not expire, or nobody knows. */
  readonly ttl_seconds: number;
  readonly accessor: string;
  readonly renewable: boolean;
  readonly type: 'service' | 'batch' | 'unknown';
  readonly entity_id: string;
  readonly num_uses: number;
}

/** What became of the token. `kept`: the method held it before; `batch`: it cannot be revoked and ends by itself. */
export type Fate = 'revoked' | 'kept' | 'batch' | 'not revoked';

/** The whole finding; members come as the test goes on. */
export interface TrialReport {
  readonly identity: string;
  readonly method: string;
  readonly mount: string;
  readonly namespace: string;
  readonly server: string;
  sources?: readonly Tried[];
  /** What the login used up. */
  spent?: string;
  request?: MaskedRequest;
  second_factor?: boolean;
  token?: TrialToken;
  fate?: Fate;
  error?: { readonly code: string; readonly message: string; readonly hint: string | undefined };
}

const rows = (pairs: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`).join('');
};

/** First lines: who logs in where. */
export function headText({ identity, method, mount, namespace, server }: TrialReport): string {
  const home = namespace === '' ? '' : `, namespace ${shown(namespace)}`;
  return `Identity "${shown(identity)}": method ${shown(method)} at ${shown(mount)}${home}, server ${shown(server)}\n`;
}

/** The sources of credentials that were looked at, in order. */
export function sourcesText(sources: readonly Tried[]): string {
  if (sources.length === 0) return '\nCredentials: the method does not say where they come from\n';
  return `\nCredentials:\n${rows(sources.map(({ source, outcome }) => [shown(source), shown(outcome)]))}`;
}

/** The request of a dry run. */
export function requestText({ method, url, headers, body, client_certificate }: MaskedRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `  ${shown(name)}: ${shown(value)}\n`);
  const certificate = client_certificate ? '  (with a client certificate)\n' : '';
  const text = body === undefined ? '' : `${JSON.stringify(body, undefined, 2).replace(/^/gm, '  ')}\n`;
  return `\nThe login, which was not sent:\n  ${method} ${shown(url)}\n${lines.join('')}${certificate}${text}`;
}

/** The token that the login gave. */
export function tokenText(token: TrialToken, secondFactor: boolean): string {
  const { policies, ttl_seconds: ttl, accessor, renewable, type, entity_id: entity, num_uses: uses } = token;
  return `\nThe login worked${secondFactor ? ', with a second factor' : ''}:\n${rows([
    ['policies', policies.length === 0 ? 'not known' : shown(policies.join(', '))],
    ['ttl', ttl === 0 ? 'none, or not known' : formatGoDuration(ttl * 1000)],
    ['accessor', accessor === '' ? 'none' : shown(accessor)],
    ['renewable', renewable ? 'yes' : 'no'],
    ['type', type],
    ['entity', entity === '' ? 'none' : shown(entity)],
    ['uses', uses === 0 ? 'no limit' : String(uses)],
  ])}`;
}

const FATES: Readonly<Record<Fate, string>> = {
  revoked: 'The token was revoked.',
  kept: 'The token was there before, so it was not revoked.',
  batch: 'A batch token cannot be revoked: it ends by itself.',
  'not revoked': 'The token was not revoked and lives on.',
};

/** The last line. */
export const fateText = (fate: Fate): string => `\n${FATES[fate]}\n`;

/** An error in a report. */
export const errorIn = ({ code, message, hint }: AgentError): NonNullable<TrialReport['error']> => ({
  code,
  message,
  hint,
});
