// Health of a plugin under test: remembers every report in order.
import { describeError, type AgentError } from '../errors.js';
import type { Health } from '../host.js';

/** One report. */
export interface HealthReport {
  readonly state: 'ok' | 'degraded' | 'failed';
  readonly error?: AgentError;
}

/** Stand-in of the `Report` slot. */
export class HealthSpy implements Health {
  readonly reports: HealthReport[] = [];

  /** The last state that was reported; undefined before the first report. */
  get state(): HealthReport['state'] | undefined {
    return this.reports.at(-1)?.state;
  }

  ok(): void {
    this.reports.push({ state: 'ok' });
  }

  degraded(error: AgentError): void {
    this.reports.push({ state: 'degraded', error });
  }

  failed(error: AgentError): void {
    this.reports.push({ state: 'failed', error });
  }

  /** Everything a person could see of the reports. */
  text(): string {
    return this.reports.map(({ state, error }) => `${state} ${error ? describeError(error) : ''}`).join('\n');
  }
}
