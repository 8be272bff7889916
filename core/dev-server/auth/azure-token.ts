// Proves an access token of Entra: signature by the keys of the tenant's discovery document, issuer, audience, times. (Spec auth-wire 5.4.)
import { fault } from '../backend.js';
import type { AzureConfig } from './azure-config.js';
import { httpCall } from './http-call.js';
import { parseJws } from './jws.js';
import type { Jws } from './jws.js';
import { claimProblem } from './jwt-claims.js';
import { RemoteKeys } from './jwt-keys.js';

/** The claims of a proven token. Rejects with 400. */
export async function provenAzureClaims(jwt: string, config: AzureConfig, nowMs: number): Promise<Jws['claims']> {
  const token = parsed(jwt);
  if (token.algorithm !== 'RS256')
    throw fault(400, `oidc: id token signed with unsupported algorithm, expected ["RS256"] got "${token.algorithm}"`);
  const { issuer, keys } = await discovered(config);
  await keys.prove(token).catch((error: unknown) => {
    throw fault(400, `failed to verify signature: ${(error as Error).message}`);
  });
  const expected = {
    issuer,
    subject: '',
    audiences: [config.resource],
    expirationLeewayMs: 0,
    notBeforeLeewayMs: 0,
    clockSkewLeewayMs: 0,
  };
  const problem = claimProblem(token.claims, expected, nowMs);
  if (problem !== undefined) throw fault(400, problem);
  return token.claims;
}

function parsed(jwt: string): Jws {
  try {
    return parseJws(jwt);
  } catch {
    throw fault(400, 'oidc: malformed jwt');
  }
}

async function discovered({ authority, tenantId }: AzureConfig): Promise<{ issuer: string; keys: RemoteKeys }> {
  try {
    const url = `${authority}/${encodeURIComponent(tenantId)}/.well-known/openid-configuration`;
    const answer = await httpCall({ method: 'GET', url });
    if (answer.status !== 200) throw new Error(String(answer.status));
    const { issuer, jwks_uri } = JSON.parse(answer.text) as { issuer: string; jwks_uri: string };
    return { issuer, keys: new RemoteKeys(jwks_uri, '') };
  } catch (error) {
    throw fault(500, `error looking up the keys of the tenant: ${(error as Error).message}`);
  }
}
