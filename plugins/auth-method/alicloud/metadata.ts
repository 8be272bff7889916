// The metadata service of an instance of Alibaba Cloud: which role it has and that role's credentials (auth-wire 7.2). Knows nothing of logins.
import { AgentError, agentError, callService, refusalText, type Clock, type ServiceAnswer } from 'claviger/sdk';
import { badAnswer, issuedByMetadata, type Issued } from './answers.js';

/** Where the service is and how it may be asked. */
export interface MetadataService {
  readonly endpoint: string;
  readonly clock: Clock;
  /** Whether to go on without a session token when none can be had; false with `ALIBABA_CLOUD_IMDSV1_DISABLED=true`. */
  readonly allowsV1: boolean;
}

const CREDENTIALS = '/latest/meta-data/ram/security-credentials/';
// The reference hangs for half a minute outside of the cloud.
const TIMEOUT_MS = 1_000;

/** Credentials of the role, or of the first one of this instance. Throws SERVICE_* (no service, no usable answer) or AUTH_SOURCE_NONE (no role). */
export async function instanceCredentials(
  service: MetadataService,
  role: string | undefined,
  signal: AbortSignal,
): Promise<Issued> {
  const headers = await sessionHeaders(service, signal);
  const get = (path: string): Promise<ServiceAnswer> => asked(service, path, { headers, signal });
  const name = role ?? (await roleName(get));
  return issuedByMetadata(successful(await get(`${CREDENTIALS}${encodeURIComponent(name)}`)));
}

async function roleName(get: (path: string) => Promise<ServiceAnswer>): Promise<string> {
  const answer = await get(CREDENTIALS);
  const name = answer.status === 404 ? '' : (successful(answer).body.reveal().split('\n')[0] ?? '').trim();
  if (name === '') throw agentError('AUTH_SOURCE_NONE', { what: 'RAM role of this instance', tried: answer.from });
  // an HTML page of a proxy must not become a path
  if (!/^[\w.@-]{1,128}$/.test(name)) throw badAnswer(answer, 'it is not the name of a role');
  return name;
}

// Without a token the old protocol is tried, as with the reference; but nobody there is nobody there.
async function sessionHeaders(service: MetadataService, signal: AbortSignal): Promise<Record<string, string>> {
  const headers = { 'X-aliyun-ecs-metadata-token-ttl-seconds': '21600' };
  try {
    const answer = await asked(service, '/latest/api/token', { method: 'PUT', headers, signal });
    const token = successful(answer).body.reveal().trim();
    if (!/^[\x21-\x7e]{1,1024}$/.test(token)) throw badAnswer(answer, 'it is not a session token');
    return { 'X-aliyun-ecs-metadata-token': token };
  } catch (error) {
    signal.throwIfAborted();
    const isAway = error instanceof AgentError && error.code === 'SERVICE_UNREACHABLE';
    if (isAway || !service.allowsV1) throw error;
    return {};
  }
}

interface Question {
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

function asked({ endpoint, clock }: MetadataService, path: string, question: Question): Promise<ServiceAnswer> {
  return callService({ url: `${endpoint.replace(/\/$/, '')}${path}`, clock, timeoutMs: TIMEOUT_MS, ...question });
}

function successful(answer: ServiceAnswer): ServiceAnswer {
  if (answer.status === 200) return answer;
  throw badAnswer(answer, refusalText(answer));
}
