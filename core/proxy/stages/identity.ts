// Stage 3: whose token a request carries, and its namespace (spec cache 3.2, D-22). A Bearer token is a client's token like X-Vault-Token.
import type { ApiProxyConfig } from '../../contracts/agent-config.js';
import type { Exchange, Stage } from '../../contracts/exchange.js';
import type { Identity, TokenState } from '../../contracts/token-feed.js';
import { inOrder } from '../../kernel/in-order.js';
import { headerOf, sameName } from '../../kernel/raw-headers.js';
import { Secret, agentError, type Clock, type Logger } from '../../sdk/index.js';
import { canonicalNamespace, joinNamespaces } from '../../vault/namespace.js';
import { isUsable } from '../usable-token.js';

/** What the stage needs. `identity` is the listener's; without one, requests carry what their clients sent. */
export interface IdentityOptions {
  readonly apiProxy: Pick<ApiProxyConfig, 'useAutoAuthToken' | 'tokenWaitMs' | 'prependConfiguredNamespace'>;
  readonly identity: Identity | undefined;
  /** The configured namespace, for `prepend_configured_namespace` (U-4). */
  readonly namespaceDefault: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Makes the stage. While the identity has no token that can be used (none yet, a wrapped one, an expired one) a request waits up to `tokenWaitMs`, then
 * throws REQUEST_NOT_READY; what needs no token goes on without.
 */
export function identityStage(options: IdentityOptions): Stage {
  const { apiProxy, identity, log } = options;
  const namespaceFor = namespaceReader(apiProxy.prependConfiguredNamespace ? options.namespaceDefault : '');
  const force = apiProxy.useAutoAuthToken === 'force';
  const source = apiProxy.useAutoAuthToken === 'never' ? undefined : identity;
  const give = (exchange: Exchange, state: TokenState): void => {
    exchange.token = state.token;
    exchange.identity = state.identity;
    if (log.enabled?.('debug') ?? true)
      log.debug({ method: exchange.method, path: exchange.path }, 'using auto auth token');
  };
  return function identityOf(exchange, next) {
    exchange.namespace = namespaceFor(exchange);
    if (force) exchange.headers = withoutClientTokens(exchange.headers);
    const own = force ? undefined : clientToken(exchange);
    if (own !== undefined) exchange.token = new Secret(own);
    if (own !== undefined || source === undefined) return next();
    const state = source.feed.current;
    if (isUsable(state, options.clock)) give(exchange, state);
    else if (!needsNoToken(exchange.path)) {
      return usableToken(exchange, source, options).then((first) => {
        give(exchange, first);
        return next();
      });
    }
    return next();
  };
}

/** The client's own token: the first X-Vault-Token, else a Bearer token; undefined when both are absent or empty. */
export function clientToken({ headers }: Exchange): string | undefined {
  let own: string | undefined;
  let bearer: string | undefined;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    if (name.length !== 13) continue;
    if (sameName(name, 'x-vault-token')) own ??= headers[at + 1]!;
    else if (sameName(name, 'authorization')) bearer ??= bearerOf(headers[at + 1]!);
  }
  return own === undefined || own === '' ? bearer : own;
}

const bearerOf = (value: string): string | undefined => /^bearer +(\S+)\s*$/i.exec(value)?.[1];

function withoutClientTokens(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    const value = headers[at + 1]!;
    if (sameName(name, 'x-vault-token')) continue;
    if (sameName(name, 'authorization') && /^bearer(\s|$)/i.test(value)) continue;
    kept.push(name, value);
  }
  return kept;
}

// Logging in, and asking how the server fares, works without a token; it must also work before there is one.
const STATE = /^\/v1\/(?:.*\/)?sys\/(?:health|seal-status|leader|init)\/?$/;

function needsNoToken(path: string): boolean {
  return STATE.test(path) || (path.startsWith('/v1/') && inOrder(`${path}/`, '/auth/', '/login/'));
}

function namespaceReader(configured: string): (exchange: Exchange) => string {
  let lastText = '';
  let last = canonicalNamespace(configured);
  return ({ headers }) => {
    const text = headerOf(headers, 'x-vault-namespace') ?? '';
    if (text === lastText) return last;
    lastText = text;
    return (last = configured === '' ? canonicalNamespace(text) : joinNamespaces(configured, text));
  };
}

function usableToken(
  exchange: Exchange,
  identity: Identity,
  { apiProxy, clock }: IdentityOptions,
): Promise<TokenState> {
  const { signal } = exchange;
  const { feed } = identity;
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      unsubscribe();
      cancel();
      signal.removeEventListener('abort', leave);
    };
    const leave = (): void => (settle(), reject(signal.reason as Error));
    const look = (): void => {
      // a renewal moves the end of a token and is told to nobody, so the feed is asked and not the listener's argument
      if (!isUsable(feed.current, clock)) return;
      settle();
      resolve(feed.current);
    };
    // a moment later, so that the cache knows the token too
    const unsubscribe = feed.subscribe(() => queueMicrotask(look));
    const cancel = clock.after(apiProxy.tokenWaitMs, () => {
      look();
      settle();
      reject(agentError('REQUEST_NOT_READY', {}));
    });
    signal.addEventListener('abort', leave);
    if (signal.aborted) leave();
  });
}
