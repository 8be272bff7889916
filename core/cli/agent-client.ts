// One request to a local endpoint of a running agent, with the header that its gate may want. Bounded in time and size; it must not know commands.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { systemClock } from '../kernel/clock.js';
import { agentError } from '../sdk/index.js';
import type { AgentAddress } from './agent-address.js';

/** What is asked. */
export interface AgentQuestion {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** TLS: certificates to trust, and whether to check at all. */
  readonly ca?: string | undefined;
  readonly insecure?: boolean;
}

/** What came back. */
export interface AgentAnswer {
  readonly status: number;
  readonly text: string;
}

const BOUND_MS = 10_000;
const MOST_BYTES = 256 * 1024 * 1024;

/** Throws UPSTREAM_UNREACHABLE or UPSTREAM_TIMEOUT. */
export function askAgent(agent: AgentAddress, question: AgentQuestion): Promise<AgentAnswer> {
  const { method, target, headers = {}, body = '', ca, insecure } = question;
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      cancel();
      sending.destroy();
      reject(error instanceof Error && 'act' in error ? error : unreachable(agent, error));
    };
    const sending = (agent.tls ? httpsRequest : httpRequest)({
      method,
      path: target,
      host: agent.host,
      port: agent.port,
      ...(agent.socketPath !== undefined && { socketPath: agent.socketPath }),
      agent: false,
      headers: { ...headers, 'X-Vault-Request': 'true', 'Content-Length': String(Buffer.byteLength(body)) },
      ...(agent.tls && { rejectUnauthorized: insecure !== true, ...(ca !== undefined && { ca }) }),
    });
    const seconds = BOUND_MS / 1000;
    const cancel = systemClock().after(BOUND_MS, () =>
      failed(agentError('UPSTREAM_TIMEOUT', { address: agent.name, seconds })),
    );
    sending.on('error', failed);
    sending.on('response', (incoming) => {
      collected(incoming).then((text) => (cancel(), resolve({ status: incoming.statusCode ?? 0, text })), failed);
    });
    sending.end(body);
  });
}

async function collected(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MOST_BYTES) throw new Error('the answer is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function unreachable(agent: AgentAddress, cause: Error): Error {
  const why = (cause as NodeJS.ErrnoException).code ?? cause.message;
  const hint = 'is the agent running there? -address or -config says where it is';
  return agentError('UPSTREAM_UNREACHABLE', { address: agent.name, why }, { cause, hint });
}
