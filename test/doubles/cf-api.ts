// A Cloud Foundry API of version 2 with its token endpoint, on loopback. It lets in whom the real one lets in, and counts calls.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';

/** What exists in the cloud. */
export interface CfWorld {
  app: { guid: string; space: string; instances: number };
  space: { guid: string; organization: string };
  organization: { guid: string };
}

/** One running API. */
export class CfApi {
  readonly calls: string[] = [];
  readonly world: CfWorld;
  readonly login = { username: 'vault', password: 'the-cf-api-password' };
  version = '2.200.0';
  readonly #tokens = new Set<string>();
  readonly #server: Server;

  constructor(world: CfWorld) {
    this.world = world;
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(
        ({ status, body }) =>
          response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body)),
        () => response.writeHead(500).end(),
      );
    });
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const path = request.url ?? '';
    this.calls.push(`${request.method ?? ''} ${path}`);
    if (path === '/v2/info') return { status: 200, body: { api_version: this.version, token_endpoint: this.url } };
    if (path === '/oauth/token' && request.method === 'POST') return this.#token(request);
    const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(' ');
    if (scheme.toLowerCase() !== 'bearer' || !this.#tokens.has(token))
      return { status: 401, body: { code: 1000, description: 'Invalid Auth Token' } };
    return this.#entity(path);
  }

  async #token(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const form = new URLSearchParams(await textOf(request));
    const client = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
    const right =
      client === 'cf:' &&
      form.get('grant_type') === 'password' &&
      form.get('username') === this.login.username &&
      form.get('password') === this.login.password;
    if (!right) return { status: 401, body: { error: 'unauthorized' } };
    const token = randomBytes(24).toString('base64url');
    this.#tokens.add(token);
    return { status: 200, body: { access_token: token, token_type: 'bearer', expires_in: 599 } };
  }

  #entity(path: string): { status: number; body: unknown } {
    const { app, space, organization } = this.world;
    const found: Readonly<Record<string, object>> = {
      [`/v2/apps/${app.guid}`]: of(app.guid, { name: 'shop', space_guid: app.space, instances: app.instances }),
      [`/v2/spaces/${space.guid}`]: of(space.guid, { name: 'prod', organization_guid: space.organization }),
      [`/v2/organizations/${organization.guid}`]: of(organization.guid, { name: 'acme' }),
    };
    const body = found[path];
    return body === undefined ? { status: 404, body: { description: 'not found' } } : { status: 200, body };
  }
}

const of = (guid: string, entity: object): object => ({ metadata: { guid }, entity });

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString();
  return text;
}
