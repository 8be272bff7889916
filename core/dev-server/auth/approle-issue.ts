// Turns a request for a secret id into an order, within the limits of its role. Pure.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalDuration, optionalList, optionalNumber } from '../fields.js';
import type { AppRole } from './approle-role.js';
import type { SecretIdOrder } from './approle-secret-ids.js';
import { cidrsWithin, isCidr } from './cidr.js';

/** The order for a new secret id. Throws 400 where the request asks for more than the role allows. */
export function secretIdOrder(role: AppRole, body: Fields): SecretIdOrder {
  if (!role.bindSecretId) throw fault(400, 'bind_secret_id is not set on the role');
  return {
    role: role.name,
    metadata: metadataOf(body['metadata']),
    cidrs: cidrsOf(body, 'cidr_list', role.secretIdBoundCidrs ?? []),
    tokenCidrs: cidrsOf(body, 'token_bound_cidrs', role.token.boundCidrs),
    numUses: usesOf(role, body),
    ttlMs: ttlOf(role, body),
  };
}

function usesOf(role: AppRole, body: Fields): number {
  const asked = optionalNumber(body, 'num_uses');
  if (asked === undefined) return role.secretIdNumUses;
  if (asked < 0) throw fault(400, 'num_uses cannot be negative');
  const most = role.secretIdNumUses;
  if (most > 0 && asked === 0) throw fault(400, "num_uses cannot be 0 as the role's secret_id_num_uses is not 0");
  if (most > 0 && asked > most) throw fault(400, "num_uses cannot be higher than the role's secret_id_num_uses");
  return asked;
}

function ttlOf(role: AppRole, body: Fields): number {
  const asked = optionalDuration(body, 'ttl');
  if (asked === undefined) return role.secretIdTtlMs;
  const most = role.secretIdTtlMs;
  if (most > 0 && asked === 0) throw fault(400, "ttl cannot be 0 as the role's secret_id_ttl is not 0");
  if (most > 0 && asked > most) throw fault(400, "ttl cannot be longer than the role's secret_id_ttl");
  return asked;
}

function cidrsOf(body: Fields, name: string, role: readonly string[]): string[] {
  const cidrs = optionalList(body, name) ?? [];
  if (!cidrs.every(isCidr)) throw fault(400, 'failed to validate CIDR blocks');
  if (role.length > 0 && !cidrsWithin(cidrs, role)) {
    throw fault(
      400,
      `failed to verify subset relationship between CIDR blocks on the role "${role.join(',')}" and CIDR blocks on the secret ID "${cidrs.join(',')}"`,
    );
  }
  return cidrs;
}

function metadataOf(value: unknown): Record<string, string> {
  if (value === undefined || value === null || value === '') return {};
  const map = typeof value === 'string' ? parsed(value) : value;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) throw badMetadata();
  const entries = Object.entries(map);
  if (!entries.every(([, item]) => typeof item === 'string')) throw badMetadata();
  return Object.fromEntries(entries);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw badMetadata();
  }
}

function badMetadata(): Error {
  return fault(400, 'failed to parse metadata: metadata must be a JSON object of texts');
}
