// What the `github` method asks GitHub: the user of a token, its organizations and its teams. Reads the answers strictly; knows no policies.
import { httpCall } from './http-call.js';

/** An organization that a user is in. */
export interface GithubOrg {
  readonly id: number;
  readonly login: string;
}

/** A team that a user is in. */
export interface GithubTeam {
  readonly name: string;
  readonly slug: string;
  readonly orgId: number;
}

/** Where to ask and with which token; an empty token sends none. */
export interface GithubCaller {
  /** Ends in a slash. */
  readonly base: string;
  readonly token: string;
}

const PAGE = 100;
const MOST_PAGES = 20;

/** Login name of the token's user. Rejects with a plain Error in GitHub's words. */
export async function userOf(caller: GithubCaller): Promise<string> {
  const user = await asked(caller, 'user');
  return textAt(user, 'login');
}

/** Organizations of the token's user. */
export async function orgsOf(caller: GithubCaller): Promise<GithubOrg[]> {
  const list = await pages(caller, 'user/orgs');
  return list.map((org) => ({ id: numberAt(org, 'id'), login: textAt(org, 'login') }));
}

/** Teams of the token's user, of all organizations. */
export async function teamsOf(caller: GithubCaller): Promise<GithubTeam[]> {
  const list = await pages(caller, 'user/teams');
  return list.map((team) => ({
    name: textAt(team, 'name'),
    slug: textAt(team, 'slug'),
    orgId: numberAt((team as { organization?: unknown }).organization, 'id'),
  }));
}

/** Number of an organization by its name. */
export async function orgIdOf(caller: GithubCaller, organization: string): Promise<number> {
  return numberAt(await asked(caller, `orgs/${encodeURIComponent(organization)}`), 'id');
}

async function pages(caller: GithubCaller, path: string): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let page = 1; page <= MOST_PAGES; page++) {
    const list = await asked(caller, `${path}?per_page=${String(PAGE)}&page=${String(page)}`);
    if (!Array.isArray(list)) throw new Error(`GET ${caller.base}${path}: the answer is no list`);
    all.push(...(list as unknown[]));
    if (list.length < PAGE) break;
  }
  return all;
}

async function asked({ base, token }: GithubCaller, path: string): Promise<unknown> {
  const url = `${base}${path}`;
  const headers = { Accept: 'application/vnd.github+json', 'User-Agent': 'claviger-dev-server' };
  const authorization = token === '' ? {} : { Authorization: `Bearer ${token}` };
  const { status, text } = await httpCall({ method: 'GET', url, headers: { ...headers, ...authorization } });
  const body = parsed(text);
  if (status >= 200 && status <= 299 && body !== undefined) return body;
  const { message } = (body ?? {}) as { message?: unknown };
  throw new Error(`GET ${url}: ${String(status)} ${typeof message === 'string' ? message : ''} []`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function textAt(value: unknown, key: string): string {
  const found = (value as Readonly<Record<string, unknown>> | null | undefined)?.[key];
  if (typeof found === 'string' && found !== '') return found;
  throw new Error(`the answer of GitHub has no ${key}`);
}

function numberAt(value: unknown, key: string): number {
  const found = (value as Readonly<Record<string, unknown>> | null | undefined)?.[key];
  if (typeof found === 'number') return found;
  throw new Error(`the answer of GitHub has no ${key}`);
}
