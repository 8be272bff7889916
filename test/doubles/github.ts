// The part of GitHub's API that a login needs, verifying like the real one: a bearer token that is known and not revoked or expired, a User-Agent, pages of
// at most a hundred, the scope read:org, a rate limit. Counts calls. On loopback, port 0.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A team. */
export interface Team {
  readonly name: string;
  readonly slug: string;
  readonly org: string;
}

/** What a token stands for. */
export interface Person {
  readonly login: string;
  readonly orgs: readonly string[];
  readonly teams: readonly Team[];
  readonly scopes?: readonly string[];
}

/** `html` and `error` are what a broken GitHub or a wall in front of it sends. */
export type GithubMood = 'normal' | 'html' | 'error' | 'limited' | 'silent';

/** The service. */
export class GithubDouble {
  readonly calls: string[] = [];
  mood: GithubMood = 'normal';
  /** Tokens that are good now. */
  readonly tokens = new Map<string, Person>();
  readonly #orgs: readonly string[];
  readonly #server: Server;

  private constructor(orgs: readonly string[]) {
    this.#orgs = orgs;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  /** With organizations of these names; their numbers are 1000, 1001 ... */
  static async open(orgs: readonly string[]): Promise<GithubDouble> {
    const double = new GithubDouble(orgs);
    await new Promise<void>((resolve) => double.#server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  idOf(org: string): number {
    return 1000 + this.#orgs.indexOf(org);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://github');
    this.calls.push(`${request.method ?? ''} ${url.pathname}`);
    if (this.mood === 'silent') return;
    if (this.mood === 'html') return void response.writeHead(200).end('<html>a proxy</html>');
    if (this.mood === 'error') return json(response, 500, { message: 'Server Error' });
    if (this.mood === 'limited') return json(response, 403, { message: 'API rate limit exceeded' });
    if (request.headers['user-agent'] === undefined) return void response.writeHead(403).end('no user agent');
    if (request.method !== 'GET') return json(response, 404, { message: 'Not Found' });
    const org = /^\/orgs\/([^/]+)$/.exec(url.pathname)?.[1];
    if (org !== undefined) return this.#org(response, decodeURIComponent(org));
    const person = this.#personOf(request.headers.authorization);
    if (person === undefined) return json(response, 401, { message: 'Bad credentials' });
    this.#own(response, url, person);
  }

  #personOf(authorization: string | undefined): Person | undefined {
    const token = /^(?:Bearer|token) (\S+)$/.exec(authorization ?? '')?.[1];
    return token === undefined ? undefined : this.tokens.get(token);
  }

  #org(response: ServerResponse, name: string): void {
    if (!this.#orgs.includes(name)) return json(response, 404, { message: 'Not Found' });
    json(response, 200, { id: this.idOf(name), login: name });
  }

  #own(response: ServerResponse, url: URL, person: Person): void {
    if (url.pathname === '/user') return json(response, 200, { login: person.login, id: 7 });
    if (!(person.scopes ?? ['read:org']).includes('read:org'))
      return json(response, 403, { message: 'You need at least read:org scope' });
    const list = this.#lists(person)[url.pathname];
    if (list === undefined) return json(response, 404, { message: 'Not Found' });
    const size = Math.min(Number(url.searchParams.get('per_page') ?? 30), 100);
    const page = Number(url.searchParams.get('page') ?? 1);
    json(response, 200, list.slice((page - 1) * size, page * size));
  }

  #lists(person: Person): Readonly<Record<string, readonly object[]>> {
    const org = (login: string): object => ({ id: this.idOf(login), login });
    return {
      '/user/orgs': person.orgs.map(org),
      '/user/teams': person.teams.map(({ name, slug, org: own }) => ({ name, slug, organization: org(own) })),
    };
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
