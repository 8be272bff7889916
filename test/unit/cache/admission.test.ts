import { expect } from 'chai';
import { bypassReason } from '../../../core/cache/admission.js';

describe('bypassReason', () => {
  const rows: [string, string, string[], string | undefined][] = [
    ['GET', '/v1/db/creds/app', [], undefined],
    ['POST', '/v1/auth/approle/login', [], undefined],
    ['PUT', '/v1/auth/token/create', [], undefined],
    ['POST', '/v1/auth/token/create-orphan', [], undefined],
    ['LIST', '/v1/secret/metadata', [], 'method'],
    ['DELETE', '/v1/db/creds/app', [], 'method'],
    ['GET', '/ui/', [], 'path'],
    ['GET', '/v1', [], 'path'],
    ['GET', '/v1/a/../sys/x', [], 'path'],
    ['PUT', '/v1/sys/leases/renew', [], 'system'],
    ['PUT', '/v1/sys/renew/db/creds/x', [], 'system'],
    ['POST', '/v1/sys/wrapping/unwrap', [], 'system'],
    ['POST', '/v1/ns1/sys/wrapping/rewrap', [], 'system'],
    ['POST', '/v1//sys/wrapping/unwrap', [], 'system'],
    ['POST', '/v1/s%79s/wrapping/unwrap', [], 'system'],
    ['GET', '/v1/cubbyhole/response', [], 'system'],
    ['POST', '/v1/auth/token/renew', [], 'token-upkeep'],
    ['POST', '/v1/ns1/auth/token/renew-self', [], 'token-upkeep'],
    ['POST', '/v1/auth/token/renew-accessor', [], 'token-upkeep'],
    ['GET', '/v1/auth/token/lookup-self', [], 'token-upkeep'],
    ['POST', '/v1/auth/token/%72enew-self', [], 'token-upkeep'],
    ['POST', '/v1/auth/token/create', ['x-vault-wrap-TTL', '5m'], 'wrapped'],
    ['GET', '/v1/db/creds/app', ['Cache-Control', 'max-age=0, No-Cache'], 'no-store'],
    ['GET', '/v1/db/creds/app', ['Cache-Control', 'max-age=0'], undefined],
  ];
  for (const [method, path, headers, want] of rows) {
    it(`${method} ${path} ${headers.join(' ')}: ${want ?? 'a candidate'} (D-1, D-2, D-55)`, () => {
      expect(bypassReason({ method, path, headers })).to.equal(want);
    });
  }
});
