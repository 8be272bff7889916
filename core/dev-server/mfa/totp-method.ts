// A TOTP method of the server: its settings as written and as shown.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalDuration, optionalNumber, optionalText } from '../fields.js';
import type { TotpKey } from './totp-check.js';

/** One method. */
export interface TotpMethod {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly algorithm: TotpKey['algorithm'];
  readonly digits: TotpKey['digits'];
  readonly periodS: number;
  readonly skew: number;
  readonly keySize: number;
  readonly mostAttempts: number;
}

/** A method from a body; what the body does not name is as before or has the server's default. Throws 400. */
export function readMethod(id: string, body: Fields, before?: TotpMethod): TotpMethod {
  const issuer = optionalText(body, 'issuer') ?? before?.issuer ?? '';
  if (issuer === '') throw fault(400, 'issuer must be set');
  const digits = optionalNumber(body, 'digits') ?? before?.digits ?? 6;
  if (digits !== 6 && digits !== 8) throw fault(400, 'digits can only be 6 or 8');
  const algorithm = optionalText(body, 'algorithm') ?? before?.algorithm ?? 'SHA1';
  if (algorithm !== 'SHA1' && algorithm !== 'SHA256' && algorithm !== 'SHA512')
    throw fault(400, 'unrecognized algorithm');
  const periodMs = optionalDuration(body, 'period') ?? (before?.periodS ?? 30) * 1000;
  if (periodMs < 1000) throw fault(400, 'period must be greater than zero');
  return {
    ...{ id, issuer, digits, algorithm },
    name: optionalText(body, 'method_name') ?? before?.name ?? '',
    periodS: Math.floor(periodMs / 1000),
    skew: optionalNumber(body, 'skew') ?? before?.skew ?? 1,
    keySize: optionalNumber(body, 'key_size') ?? before?.keySize ?? 20,
    mostAttempts: optionalNumber(body, 'max_validation_attempts') ?? before?.mostAttempts ?? 5,
  };
}

/** What reading a method shows. */
export function shownMethod(method: TotpMethod): Fields {
  const { id, name, issuer, algorithm, digits, periodS, skew, keySize, mostAttempts } = method;
  return {
    ...{ type: 'totp', id, name, issuer, algorithm, digits, skew },
    period: periodS,
    key_size: keySize,
    max_validation_attempts: mostAttempts,
    qr_size: 200,
  };
}
