// The steps of `claviger auth test`: prepare, say what would be spent, log in, tell, revoke. What was found is printed also when a later step fails.
import { serverWords } from '../auto-auth/server-words.js';
import type { LoginTrial, TrialGrant } from '../boot/login-trial.js';
import type { IdentityConfig } from '../contracts/agent-config.js';
import { AgentError, agentError, describeError, type LoginPlan } from '../sdk/index.js';
import { maskedRequest } from './masked-request.js';
import type { Terminal } from './terminal.js';
import {
  errorIn,
  fateText,
  headText,
  requestText,
  sourcesText,
  tokenText,
  type Fate,
  type TrialReport,
  type TrialToken,
} from './trial-text.js';

/** What a test needs. */
export interface LoginTestParts {
  readonly trial: LoginTrial;
  readonly identity: IdentityConfig;
  readonly terminal: Terminal;
  readonly json: boolean;
  /** Credentials that are good once may be used up. */
  readonly spend: boolean;
}

/** One test. */
export class LoginTest {
  readonly #parts: LoginTestParts;
  readonly #report: TrialReport;

  constructor(parts: LoginTestParts) {
    const { trial, identity } = parts;
    const { type, mountPath, namespace } = identity.method;
    this.#parts = parts;
    this.#report = { identity: identity.name, method: type, mount: mountPath, namespace, server: bare(trial.address) };
  }

  /** Runs it and closes the trial. Resolves to the exit code. */
  async run(dryRun: boolean): Promise<number> {
    const { trial, terminal, json } = this.#parts;
    try {
      this.#say(headText(this.#report));
      const failure = await (dryRun ? this.#show() : this.#logIn());
      return failure === undefined ? 0 : this.#failed(failure);
    } catch (error) {
      return this.#failed(error);
    } finally {
      if (json) terminal.out(`${JSON.stringify(this.#report, undefined, 2)}\n`);
      await trial.close();
    }
  }

  async #show(): Promise<undefined> {
    const { trial, identity } = this.#parts;
    const plan = await this.#prepare();
    const { namespace, wrapTtlMs } = identity.method;
    this.#report.request = maskedRequest(plan, { address: trial.address, namespace, wrapTtlMs });
    if (plan.spends !== undefined) this.#say(`\nA login spends ${plan.spends}.\n`);
    this.#say(requestText(this.#report.request));
  }

  async #logIn(): Promise<AgentError | undefined> {
    const { trial } = this.#parts;
    const made = await trial.login(await this.#plan());
    this.#report.fate = 'not revoked';
    this.#report.token = tokenOf(made);
    this.#report.second_factor = made.secondFactor;
    this.#say(tokenText(this.#report.token, made.secondFactor));
    const failure = await trial.revoke(made);
    if (failure === undefined) this.#report.fate = fateOf(made);
    this.#say(fateText(this.#report.fate));
    return failure;
  }

  // A plan for a test spends nothing and may lack what would be spent for it.
  async #plan(): Promise<LoginPlan> {
    const plan = await this.#prepare();
    if (plan.spends === undefined) return plan;
    if (!this.#parts.spend)
      throw agentError('AUTH_TEST_REFUSED', { why: `it spends ${plan.spends}` }, { hint: SPEND_HINT });
    this.#report.spent = plan.spends;
    this.#say(`\nThis login spends ${plan.spends}.\n`);
    return this.#parts.trial.prepare('login');
  }

  async #prepare(): Promise<LoginPlan> {
    const plan = await this.#parts.trial.prepare('test');
    this.#report.sources = plan.trail ?? [];
    this.#say(sourcesText(this.#report.sources));
    return plan;
  }

  #failed(error: unknown): number {
    const known =
      error instanceof AgentError
        ? error
        : agentError('AUTH_METHOD_FAILED', { why: serverWords([describeError(error)]) });
    this.#report.error = errorIn(known);
    this.#parts.terminal.err(`${describeError(known)}\n`);
    return 1;
  }

  #say(text: string): void {
    if (!this.#parts.json) this.#parts.terminal.out(text);
  }
}

const SPEND_HINT = 'add -spend to log in all the same, or -dry-run to see the login without sending it';

function bare(address: URL): string {
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url.href.replace(/\/$/, '');
}

function tokenOf({ grant }: TrialGrant): TrialToken {
  const { policies, ttlMs, accessor, renewable, kind, entityId, numUses } = grant;
  return {
    ...{ policies, accessor, renewable, type: kind },
    ttl_seconds: Math.round(ttlMs / 1000),
    entity_id: entityId ?? '',
    num_uses: numUses ?? 0,
  };
}

function fateOf({ grant, minted }: TrialGrant): Fate {
  if (!minted) return 'kept';
  return grant.kind === 'batch' ? 'batch' : 'revoked';
}
