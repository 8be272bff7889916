// One question to the KDCs of a realm: each in order, TCP first, UDP where TCP does not work, until one answers. Bounded per KDC (spec auth-wire 10.3).
import { agentError, failureText, type Clock } from 'claviger/sdk';
import { bounded } from './bounded.js';
import type { KdcAddress } from './kdc-address.js';
import { askTcp } from './kdc-tcp.js';
import { askUdp } from './kdc-udp.js';

/** Whom to ask and within what. */
export interface KdcCall {
  readonly realm: string;
  readonly kdcs: readonly KdcAddress[];
  readonly mayUseUdp: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called for each one that did not answer, with why. */
  readonly onSilence?: (from: string, why: string) => void;
}

/** What a KDC said and which one it was. */
export interface KdcAnswer {
  readonly bytes: Buffer;
  /** `tcp://host:port`. */
  readonly from: string;
  /** Where the next question of this attempt should go first. */
  readonly kdc: KdcAddress;
}

type Way = 'tcp' | 'udp';

const TCP_MS = 3_000;
const UDP_MS = 2_000;
/** First bytes of AS-REP, TGS-REP and KRB-ERROR. */
const KERBEROS = [0x6b, 0x6d, 0x7e];
const SERVICE_UNAVAILABLE = Buffer.from([0xa6, 0x03, 0x02, 0x01, 29]);
const TOO_BIG_FOR_UDP = Buffer.from([0xa6, 0x03, 0x02, 0x01, 52]);

/** The first usable answer. Throws SERVICE_UNREACHABLE, which names every KDC that was tried and what came of it. */
export async function callKdcs(call: KdcCall, message: Buffer): Promise<KdcAnswer> {
  const tried: string[] = [];
  for (const kdc of call.kdcs) {
    for (const way of waysTo(kdc, call)) {
      const from = `${way}://${kdc.host.includes(':') ? `[${kdc.host}]` : kdc.host}:${String(kdc.port)}`;
      try {
        return { bytes: usable(await ask(call, { kdc, way }, message), way), from, kdc: { ...kdc, only: way } };
      } catch (error) {
        call.signal.throwIfAborted();
        const why = reasonOf(error);
        call.onSilence?.(from, why);
        tried.push(`${from}: ${why}`);
      }
    }
  }
  const hint = 'check the kdc entries of krb5.conf, and that port 88 is open';
  throw agentError('SERVICE_UNREACHABLE', { url: `the KDC of ${call.realm}`, why: tried.join('; ') }, { hint });
}

// A name with several addresses fails with one error for all of them.
const reasonOf = (error: unknown): string => failureText(error);

function waysTo(kdc: KdcAddress, call: KdcCall): readonly Way[] {
  if (kdc.only !== undefined) return [kdc.only];
  return call.mayUseUdp ? ['tcp', 'udp'] : ['tcp'];
}

function ask(
  { clock, signal }: KdcCall,
  { kdc, way }: { readonly kdc: KdcAddress; readonly way: Way },
  message: Buffer,
): Promise<Buffer> {
  return bounded({ clock, signal, boundMs: way === 'tcp' ? TCP_MS : UDP_MS }, (within) =>
    way === 'tcp' ? askTcp(kdc, message, within) : askUdp(kdc, message, { clock, signal: within }),
  );
}

function usable(bytes: Buffer, way: Way): Buffer {
  if (!KERBEROS.includes(bytes[0] ?? 0)) throw new Error('what listens there does not speak Kerberos');
  if (bytes[0] !== 0x7e) return bytes;
  if (bytes.includes(SERVICE_UNAVAILABLE)) throw new Error('it says that it cannot serve now (error 29)');
  if (way === 'udp' && bytes.includes(TOO_BIG_FOR_UDP)) throw new Error('its answer does not fit into UDP (error 52)');
  return bytes;
}
