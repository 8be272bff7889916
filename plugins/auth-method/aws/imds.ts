// The metadata service of EC2: session tokens (version 2), the fall back to version 1, and where it is. Knows no credentials. (Spec auth-wire 4.3 f.)
import { AgentError, agentError, callService, refusalText, type Secret, type ServiceAnswer } from 'claviger/sdk';
import { variable, type Surroundings } from './settings.js';
import { checkedUrl } from './sts-endpoint.js';

const TTL_SECONDS = 21_600;
const EARLY_MS = 30_000;
const TIMEOUT_MS = 1_000;
// An absent service: one time-out for the token and one for the question. That is the bound of 2 s.
const HOP_HINT = 'in a container the hop limit of the instance must be 2 or more (http-put-response-hop-limit)';

/** One metadata service; keeps its session token. */
export class Imds {
  readonly #around: Surroundings;
  #token: { readonly text: Secret; readonly untilMs: number } | undefined;
  #isVersion1 = false;
  #hasAnswered = false;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Why it must not be asked; undefined when it may be. */
  get off(): string | undefined {
    return isTrue(this.#around.env.get('AWS_EC2_METADATA_DISABLED')) ? 'AWS_EC2_METADATA_DISABLED is true' : undefined;
  }

  /** True once it has answered anything, so that this is an instance. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** The answer to a GET: 200 or 404. Throws SERVICE_UNREACHABLE, SERVICE_TIMEOUT, or SERVICE_BAD_ANSWER for any other status. */
  async get(path: string, signal: AbortSignal): Promise<ServiceAnswer> {
    let answer = await this.#ask(path, signal);
    if (answer.status === 401) {
      // the token is not (or no longer) good, or version 1 was switched off meanwhile
      this.#token = undefined;
      this.#isVersion1 = false;
      answer = await this.#ask(path, signal);
    } else if (answer.status >= 500) answer = await this.#ask(path, signal);
    if (answer.status === 200 || answer.status === 404) return answer;
    throw badAnswer(answer, refusalText(answer, this.#token === undefined ? [] : [this.#token.text]));
  }

  async #ask(path: string, signal: AbortSignal): Promise<ServiceAnswer> {
    const token = await this.#sessionToken(signal);
    const headers = token === undefined ? {} : { 'X-aws-ec2-metadata-token': token.reveal() };
    return this.#call({ path, method: 'GET', headers, signal });
  }

  async #sessionToken(signal: AbortSignal): Promise<Secret | undefined> {
    const { clock } = this.#around;
    if (this.#isVersion1) return undefined;
    if (this.#token !== undefined && clock.now() < this.#token.untilMs) return this.#token.text;
    const answer = await this.#askToken(signal);
    if (answer === undefined) return undefined;
    if (answer.status === 200) {
      if (!/^[\x21-\x7e]+$/.test(answer.body.reveal())) throw badAnswer(answer, 'it is not a session token');
      const seconds = Number(answer.headers['x-aws-ec2-metadata-token-ttl-seconds']) || TTL_SECONDS;
      this.#token = { text: answer.body, untilMs: clock.now() + seconds * 1000 - EARLY_MS };
      return answer.body;
    }
    if (![403, 404, 405].includes(answer.status) || !this.#mayFallBack) throw badAnswer(answer);
    this.#isVersion1 = true;
    return undefined;
  }

  // Undefined after a time-out: version 1 for this call only, because a later one may get through.
  async #askToken(signal: AbortSignal): Promise<ServiceAnswer | undefined> {
    const headers = { 'X-aws-ec2-metadata-token-ttl-seconds': String(TTL_SECONDS) };
    try {
      return await this.#call({ path: '/latest/api/token', method: 'PUT', headers, signal });
    } catch (error) {
      if (error instanceof AgentError && error.code === 'SERVICE_TIMEOUT' && this.#mayFallBack) return undefined;
      throw error;
    }
  }

  async #call(call: {
    readonly path: string;
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  }): Promise<ServiceAnswer> {
    const url = new URL(call.path, this.#base);
    try {
      const answer = await callService({ ...call, url, clock: this.#around.clock, timeoutMs: TIMEOUT_MS });
      this.#hasAnswered = true;
      return answer;
    } catch (error) {
      if (!(error instanceof AgentError) || error.code !== 'SERVICE_TIMEOUT') throw error;
      throw new AgentError(error.code, error.act, error.message, { hint: HOP_HINT, cause: error });
    }
  }

  get #base(): URL {
    const { env } = this.#around;
    const name = 'AWS_EC2_METADATA_SERVICE_ENDPOINT';
    const endpoint = variable(env, name);
    if (endpoint !== undefined) return checkedUrl(endpoint, name);
    const isV6 = env.get('AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE')?.toLowerCase() === 'ipv6';
    return new URL(isV6 ? 'http://[fd00:ec2::254]' : 'http://169.254.169.254');
  }

  get #mayFallBack(): boolean {
    const { settings, env } = this.#around;
    return settings.imds_v1_fallback !== false && !isTrue(env.get('AWS_EC2_METADATA_V1_DISABLED'));
  }
}

function badAnswer(answer: ServiceAnswer, why = refusalText(answer)): AgentError {
  return agentError('SERVICE_BAD_ANSWER', { url: answer.from, why });
}

const isTrue = (text: string | undefined): boolean => text?.trim().toLowerCase() === 'true';
