// One attempt's way to the KDCs: they are looked up once per realm, the one that has answered is asked first from then on, and those that did not are noted.
import type { Clock, Tried } from 'claviger/sdk';
import type { Exchange } from './exchange.js';
import { findKdcs, type KdcAddress } from './kdc-address.js';
import { callKdcs, type KdcAnswer } from './kdc-call.js';
import type { Krb5Settings } from './krb5-settings.js';

/** What an attempt is made of. */
export interface Attempt {
  readonly settings: Krb5Settings;
  /** Path of krb5.conf, for messages. */
  readonly path: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The exchange, and the KDCs that did not answer so far. */
export interface WatchedExchange extends Exchange {
  readonly silent: readonly Tried[];
}

/** Makes the exchange of one attempt. */
export function exchangeOf(attempt: Attempt): WatchedExchange {
  const { settings, clock, signal } = attempt;
  const known = new Map<string, readonly KdcAddress[]>();
  const silent: Tried[] = [];
  const onSilence = (from: string, why: string): void => void silent.push({ source: `KDC ${from}`, outcome: why });
  const ask = async (realm: string, message: Buffer): Promise<KdcAnswer> => {
    const kdcs = known.get(realm) ?? (await findKdcs(realm, attempt));
    const answer = await callKdcs({ realm, kdcs, mayUseUdp: settings.mayUseUdp, clock, signal, onSilence }, message);
    const { host, port } = answer.kdc;
    known.set(realm, [answer.kdc, ...kdcs.filter((kdc) => kdc.host !== host || kdc.port !== port)]);
    return answer;
  };
  return { settings, clock, ask, silent };
}
