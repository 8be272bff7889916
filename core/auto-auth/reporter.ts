// Tells people, metrics and health what the machine reports. The log messages are markers that operators grep for (spec config 3.9).
import type { Metrics } from '../contracts/metrics.js';
import { formatGoDuration } from '../kernel/duration.js';
import { agentError, describeError, type AgentError, type Logger } from '../sdk/index.js';
import type { HealthBoard } from './health-board.js';
import type { Report } from './machine.js';

/** Where reports go. */
export interface ReporterParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly board: HealthBoard;
  readonly identity: string;
  readonly wrapped: boolean;
  /** First word of the metrics of the handler (spec config 3.8); default `agent`. */
  readonly product?: 'agent' | 'proxy' | undefined;
}

/** The part of health that speaks about logins. */
export const AUTH_PART = 'auth';

/** The reporter of one identity. */
export class Reporter {
  readonly #parts: ReporterParts;
  readonly #success;
  readonly #failure;
  readonly #authenticated;

  constructor(parts: ReporterParts) {
    const labels = parts.identity === 'default' ? {} : { identity: parts.identity };
    this.#parts = parts;
    const product = parts.product ?? 'agent';
    this.#success = parts.metrics.series(`${product}.auth.success`, labels);
    this.#failure = parts.metrics.series(`${product}.auth.failure`, labels);
    this.#authenticated = parts.metrics.series(`${product}.authenticated`, labels);
    this.#authenticated.set(0);
  }

  /** One report of the machine. */
  tell(report: Report): void {
    switch (report.what) {
      case 'granted':
        return this.#granted();
      case 'resumed':
        this.#success.add();
        this.#authenticated.set(1);
        this.#parts.board.set(AUTH_PART, undefined);
        return this.#parts.log.info(this.#fields(), 'the token of the last run is still valid, no login needed');
      case 'offer-refused':
        return this.#parts.log.info(this.#fields(), 'the token of the last run is no longer valid, authenticating');
      case 'renewed':
        this.#success.add();
        this.#authenticated.set(1);
        this.#parts.board.set(AUTH_PART, undefined);
        return this.#parts.log.info(this.#fields(), 'renewed auth token');
      case 'login-failed':
        return this.#failed('error authenticating', report.error, {
          backoff: formatGoDuration(Math.trunc(report.backoffMs / 10) * 10),
        });
      case 'locked-out':
        return this.#failed('error authenticating', report.error, { backoff: formatGoDuration(report.waitMs) });
      case 'still-locked-out':
        return this.#parts.board.set(AUTH_PART, report.error);
      case 'renewal-failed':
        return this.#failed('error renewing token', report.error, {});
      case 'ended':
        return this.#ended(report.reason);
      case 'new-credentials':
        return this.#parts.log.info(this.#fields(), 'auth method found new credentials, re-authenticating');
    }
  }

  /** `authenticating` before each login, and the rest of the life of the handler. */
  say(
    message:
      | 'starting auth handler'
      | 'authenticating'
      | 'auth handler stopped'
      | 'shutdown triggered, stopping lifetime watcher',
  ): void {
    if (message === 'auth handler stopped') this.#authenticated.set(0);
    this.#parts.log.info(this.#fields(), message);
  }

  #fields(): Record<string, unknown> {
    return this.#parts.identity === 'default' ? {} : { identity: this.#parts.identity };
  }

  // No success is counted for a wrapped token (spec config 3.6).
  #granted(): void {
    const { log, board, wrapped } = this.#parts;
    board.set(AUTH_PART, undefined);
    if (wrapped)
      return log.info(this.#fields(), 'authentication successful, sending wrapped token to sinks and pausing');
    this.#success.add();
    this.#authenticated.set(1);
    log.info(this.#fields(), 'authentication successful, sending token to sinks');
    log.info(this.#fields(), 'starting renewal process');
  }

  #failed(
    message: 'error authenticating' | 'error renewing token',
    error: AgentError,
    more: Record<string, unknown>,
  ): void {
    this.#failure.add();
    if (message === 'error authenticating') this.#authenticated.set(0);
    this.#parts.log.error({ ...this.#fields(), error: describeError(error), ...more }, message);
    this.#parts.board.set(AUTH_PART, error);
  }

  #ended(reason: string): void {
    const { log, board } = this.#parts;
    if (reason !== 'refused') {
      return log.info({ ...this.#fields(), reason }, 'lifetime watcher done channel triggered, re-authenticating');
    }
    this.#authenticated.set(0);
    log.info(this.#fields(), 'invalid token found, re-authenticating');
    board.set(AUTH_PART, agentError('AUTH_REFUSED', { status: 403, errors: 'the server no longer takes the token' }));
  }
}
