// Contract of an auth method: it turns ambient credentials into a login request and never talks to the login endpoint itself.
import type { ClientIdentity, Component, RawHeaders } from '../host.js';
import type { Secret } from '../secret.js';

/** What the driver says when it asks for a plan. */
export interface LoginAttempt {
  readonly signal: AbortSignal;
  /** Address of the server that the login will be sent to. */
  readonly address: URL;
  readonly namespace: string;
  /** `test` must not spend one-time credentials and must not remove files. */
  readonly purpose: 'login' | 'test';
}

/** One credential source that was tried. */
export interface Tried {
  readonly source: string;
  readonly outcome: string;
}

/** What to send. One plan, one attempt: a retry calls `prepare` again. */
export type LoginPlan = (
  | {
      /** Path without `v1/`, such as `auth/approle/login`. */
      readonly login: string;
      readonly body: object;
      readonly headers?: RawHeaders;
      /** Client certificate, used for the login and for renew-self of its token. */
      readonly tls?: ClientIdentity;
      readonly timeoutMs?: number;
    }
  | {
      /** A token the method already holds. It is checked by lookup-self and never revoked by the agent. */
      readonly token: Secret;
    }
) & {
  /** Sources that were tried, for `claviger auth test`. */
  readonly trail?: readonly Tried[];
  /** Body keys that may be printed. */
  readonly show?: readonly string[];
  /**
   * What the server judges, when the body differs from attempt to attempt though that is the same (a signature, a nonce): after three refusals of one
   * credential the host waits until it changes. Default: the whole body.
   */
  readonly credential?: Secret;
  /**
   * What a login uses up that cannot be had again, for people: `the wrapped secret id in /run/secret-id`. `claviger auth test` does not log in with such
   * a plan unless it is told to; then it asks for another plan with the purpose `login`.
   */
  readonly spends?: string;
};

/** What the server said yes with; for bookkeeping only. */
export interface LoginAnswer {
  readonly accessor: string;
  readonly policies: readonly string[];
}

/**
 * An auth method.
 *
 * 1. `prepare` reads credentials fresh and says where to log in. Bad material throws an error with `act: 'fix-credential'`; anything else
 *    thrown is taken as transient. What is spent by reading (a wrapped secret id) is unwrapped once per content and kept until it changes.
 * 2. `accepted` runs once the server took the credentials; a one-time file is removed there, only if it is still the file that was read.
 * 3. `changes` yields when better credentials appeared; it is consumed from the first success on, or from the moment that the server refused the
 *    credential so often that it is not sent again, and ends when the signal is aborted.
 * 4. `hint` may explain a refusal in words of this method.
 */
export interface AuthMethod extends Component {
  prepare(attempt: LoginAttempt): Promise<LoginPlan>;
  accepted?(answer: LoginAnswer): Promise<void>;
  changes?(signal: AbortSignal): AsyncIterable<void>;
  hint?(status: number, errors: readonly string[]): string | undefined;
}
