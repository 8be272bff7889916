// What the exchanges with a KDC share: the settings, the time, a way to ask a realm, and the words for answers that are no good.
import { agentError, failureText, type AgentError, type Clock } from 'claviger/sdk';
import type { KdcAnswer } from './kdc-call.js';
import type { Asked } from './kdc-error.js';
import type { Krb5Settings } from './krb5-settings.js';
import { principalText, type Principal } from './principal.js';

/** One attempt's way to the KDCs. */
export interface Exchange {
  readonly settings: Krb5Settings;
  readonly clock: Clock;
  /** Asks the KDCs of a realm. Throws SERVICE_UNREACHABLE or AUTH_CREDENTIAL_INVALID. */
  ask(realm: string, message: Buffer): Promise<KdcAnswer>;
}

/** Whom an exchange is about, for messages. */
export interface About {
  readonly user: Principal;
  readonly keytabPath: string;
  /** Absent: the ticket-granting service of the user's realm. */
  readonly service?: Principal;
}

/** The facts of a question, for the message about a refusal. */
export function asked(exchange: Exchange, about: About, from: string): Asked {
  const { user, keytabPath, service = { names: ['krbtgt', user.realm], realm: user.realm } } = about;
  return {
    from,
    realm: service.realm,
    user: principalText(user),
    service: principalText(service),
    keytabPath,
    nowMs: exchange.clock.now(),
  };
}

/** SERVICE_BAD_ANSWER of a KDC; nothing of the answer is quoted. */
export const badReply = ({ from }: KdcAnswer, why: unknown): AgentError =>
  agentError('SERVICE_BAD_ANSWER', { url: `the KDC ${from}`, why: typeof why === 'string' ? why : failureText(why) });
