// Where the running agent is that a command asks: an option, a listener of its configuration, or the environment.
import { agentError } from '../sdk/index.js';

/** What may say where the agent is; the first that is there counts. */
export interface AddressSources {
  readonly address?: string | undefined;
  /** First serving listener of the configuration that was given. */
  readonly listener?: { readonly type: string; readonly settings: Readonly<Record<string, unknown>> } | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** An agent's address: `https` or plain, over TCP or through a unix socket. */
export interface AgentAddress {
  /** As messages name it. */
  readonly name: string;
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  /** Path of the socket; host and port do not count then. */
  readonly socketPath?: string;
}

const WAYS = 'give -address=http://127.0.0.1:8100 (or unix:///path), -config=<path>, or set CLAVIGER_AGENT_ADDR';

/** The address. Throws CONFIG_USAGE when nothing says it or when it is none. */
export function agentAddress({ address, listener, env }: AddressSources): AgentAddress {
  if (address !== undefined) return fromText(address, '-address');
  if (listener !== undefined) return fromListener(listener);
  for (const name of ['CLAVIGER_AGENT_ADDR', 'BAO_AGENT_ADDR', 'VAULT_AGENT_ADDR']) {
    const value = env[name];
    if (value !== undefined && value !== '') return fromText(value, name);
  }
  throw agentError('CONFIG_USAGE', { detail: 'where is the agent?' }, { hint: WAYS });
}

function fromText(text: string, from: string): AgentAddress {
  if (/^unix:\/\/./.test(text)) return socket(text.slice('unix://'.length), false);
  const url = /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined)
    throw agentError('CONFIG_USAGE', { detail: `${from} is not an http, https or unix address` }, { hint: WAYS });
  const tls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { name: url.origin, tls, host, port: url.port === '' ? (tls ? 443 : 80) : Number(url.port) };
}

const socket = (socketPath: string, tls: boolean): AgentAddress => ({
  name: `unix://${socketPath}`,
  tls,
  host: 'localhost',
  port: 0,
  socketPath,
});

function fromListener({ type, settings }: NonNullable<AddressSources['listener']>): AgentAddress {
  const address = typeof settings.address === 'string' ? settings.address.trim() : '';
  const tls = settings.tls_disable !== true && Boolean(settings.tls_cert_file);
  if (type === 'unix') return socket(address, tls);
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? [];
  if (port === '' || Number(port) === 0)
    throw agentError(
      'CONFIG_USAGE',
      { detail: 'the listener of that configuration has no fixed port' },
      { hint: WAYS },
    );
  const bare = host.replace(/^\[|\]$/g, '');
  const real = bare === '' || bare === '0.0.0.0' ? '127.0.0.1' : bare === '::' ? '::1' : bare;
  const shown = real.includes(':') ? `[${real}]` : real;
  return { name: `${tls ? 'https' : 'http'}://${shown}:${port}`, tls, host: real, port: Number(port) };
}
