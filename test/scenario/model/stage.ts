// A cache with the whole request path and the dev server, in this process and on one virtual clock, without sockets.
import { createLeaseCache } from '../../../core/cache/lease-cache.js';
import type { ClearRequest } from '../../../core/contracts/lease-cache.js';
import type { Exchange, Handler, Reply } from '../../../core/contracts/exchange.js';
import { createDevServer, type DevServer } from '../../../core/dev-server/server.js';
import { assemble } from '../../../core/proxy/assemble.js';
import { BodyBudget } from '../../../core/proxy/body-budget.js';
import { compose } from '../../../core/proxy/compose.js';
import { Secret, type RequestHasher, type Vault, type VaultAnswer } from '../../../core/sdk/index.js';
import { LogSpy, VirtualClock } from '../../../core/sdk/testing/index.js';
import { MetricRegistry } from '../../../core/telemetry/metrics.js';

/** One request of a client. */
export interface Asked {
  readonly method: string;
  /** Without `/v1/`. */
  readonly path: string;
  readonly query?: string;
  readonly token: string;
  readonly namespace: string;
  readonly body?: object | undefined;
  readonly headers?: readonly string[];
}

/** What came back. `body` is parsed JSON. */
export interface Got {
  readonly status: number;
  readonly hit: boolean;
  readonly body: ReturnType<typeof JSON.parse>;
}

const ROOT = 'root-of-the-model';
const POLICY = 'path "*" {\n capabilities = ["create", "read", "update", "delete", "list", "sudo"]\n}\n';

const hasher: RequestHasher = {
  digest: ({ method, path, query, body }) => `${method}${path}?${query}#${Buffer.from(body).toString('base64url')}`,
};

/** The stage. */
export class ModelStage {
  readonly clock = new VirtualClock();
  readonly server: DevServer = createDevServer({ rootToken: ROOT, clock: this.clock });
  readonly #cache = createLeaseCache({
    ...{ hasher, clock: this.clock, random: () => 0.5, verbatimHits: false, revalidateAfterMs: 300_000 },
    vault: this.#vault(),
    metrics: new MetricRegistry(),
    log: { named: () => new LogSpy() },
  });
  readonly #handler: Handler = this.#pipeline();

  /** Engines, users and policies in the root and in `team/`. */
  async open(): Promise<void> {
    await this.#admin('', 'POST', 'sys/namespaces/team', {});
    for (const namespace of ['', 'team/']) {
      const admin = (path: string, body: object): Promise<unknown> => this.#admin(namespace, 'POST', path, body);
      await admin('sys/policies/acl/all', { policy: POLICY });
      await admin('sys/mounts/aws', { type: 'aws' });
      await admin('aws/config/root', { access_key: 'AKIADEV', secret_key: 'dev', region: 'us-east-1' });
      await admin('aws/config/lease', { lease: '60s', lease_max: '180s' });
      for (const role of ['app', 'web'])
        await admin(`aws/roles/${role}`, { credential_type: 'iam_user', policy_document: '{}' });
      await admin('sys/auth/userpass', { type: 'userpass' });
      const life = { token_policies: ['all'], token_ttl: '100s', token_max_ttl: '400s' };
      for (const user of ['ann', 'bob']) await admin(`auth/userpass/users/${user}`, { password: 'pw', ...life });
    }
  }

  async close(): Promise<void> {
    this.#cache.stop();
    await this.server.close();
  }

  /** A client asks through the agent. */
  async ask({ method, path, query = '', token, namespace, body, headers = [] }: Asked): Promise<Got> {
    const sent: string[] = [...headers];
    if (token !== '') sent.push('X-Vault-Token', token);
    if (namespace !== '') sent.push('X-Vault-Namespace', namespace);
    const reply = await this.#handler({
      ...{ id: 'x', method, path: `/v1/${path}`, query, headers: sent, identity: undefined, namespace: '', notes: {} },
      signal: new AbortController().signal,
      token: undefined,
      body: body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body)),
    } satisfies Exchange);
    const at = reply.headers.indexOf('X-Cache');
    const text = Buffer.from(reply.body as Uint8Array).toString();
    return {
      status: reply.status,
      hit: reply.headers[at + 1] === 'HIT',
      body: text === '' ? undefined : JSON.parse(text),
    };
  }

  clear(request: ClearRequest): void {
    this.#cache.clear(request);
  }

  /** The agent gets a (new) token of its own, which is the result. */
  async logIn(sequence: number): Promise<{ readonly token: string; readonly accessor: string }> {
    const body = { policies: ['all'], no_parent: true, ttl: '1h' };
    const { auth } = (await this.#admin('', 'POST', 'auth/token/create', body)) as {
      auth: { client_token: string; accessor: string };
    };
    this.#cache.adopt({
      ...{ identity: 'default', form: 'plain', policies: [], renewable: true, kind: 'service', expiresAt: 0, sequence },
      token: new Secret(auth.client_token),
      accessor: auth.accessor,
    });
    return { token: auth.client_token, accessor: auth.accessor };
  }

  async #admin(namespace: string, method: string, path: string, body: object): Promise<unknown> {
    const answer = await this.server.call(method, path, { body, headers: { 'X-Vault-Namespace': namespace } });
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${String(answer.status)}`);
    return answer.body;
  }

  #vault(): Vault {
    return {
      request: async (method, path, call = {}): Promise<VaultAnswer> => {
        const headers = { 'X-Vault-Namespace': call.namespace ?? '' };
        const token = call.token?.reveal() ?? '';
        return { ...(await this.server.call(method, path, { token, headers, body: call.body })), headers: {} };
      },
    };
  }

  #pipeline(): Handler {
    const log = new LogSpy();
    return compose(
      assemble({
        ...{ requireRequestHeader: false, identity: undefined, namespaceDefault: '', instance: 'model' },
        ...{ statics: undefined, proof: undefined, clock: this.clock, cache: this.#cache },
        apiProxy: { useAutoAuthToken: 'never', tokenWaitMs: 0, prependConfiguredNamespace: false } as never,
        budget: new BodyBudget(),
        metrics: new MetricRegistry(),
        logs: { proxy: log, client: log, cache: log },
        forward: (exchange) => this.#forward(exchange),
      }),
    );
  }

  async #forward({ method, path, query, token, namespace, body }: Exchange): Promise<Reply> {
    const text = Buffer.from(body as Uint8Array).toString();
    const target = `${path.slice('/v1/'.length)}${query === '' ? '' : `?${query}`}`;
    const answer = await this.server.call(method, target, {
      token: token?.reveal() ?? '',
      headers: { 'X-Vault-Namespace': namespace },
      body: text === '' ? undefined : JSON.parse(text),
    });
    const bytes = answer.body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(answer.body));
    const headers = ['Content-Type', 'application/json', 'Content-Length', String(bytes.length)];
    return { status: answer.status, headers, body: bytes };
  }
}
