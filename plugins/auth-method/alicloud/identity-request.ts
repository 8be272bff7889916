// The login body: a signed GetCallerIdentity request that the server sends, not the agent (auth-wire 7.3). Pure.
import type { AccessKey } from './recipes.js';
import { commonParameters, signedQuery, type Stamp } from './rpc-signature.js';

/** Fields of the login beside `role`. */
export interface IdentityRequest {
  readonly identity_request_url: string;
  readonly identity_request_headers: string;
}

// None of them is signed; the server refuses an empty set. No compressed answers: the server would not unpack them.
const HEADERS = {
  'Accept-Encoding': ['identity'],
  'Content-Type': ['application/x-www-form-urlencoded'],
  'User-Agent': ['Claviger'],
  'x-acs-action': ['GetCallerIdentity'],
  'x-acs-version': ['2015-04-01'],
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The request of one login. The host is always the one of the region, because the server accepts no other. */
export function identityRequest(key: AccessKey, region: string, stamp: Stamp): IdentityRequest {
  const parameters = {
    ...commonParameters('GetCallerIdentity', stamp),
    AccessKeyId: key.id,
    RegionId: region,
    ...(key.token !== undefined && { SecurityToken: key.token.reveal() }),
  };
  const url = `https://sts.${region}.aliyuncs.com/?${signedQuery('POST', parameters, key.secret.reveal())}`;
  return { identity_request_url: base64(url), identity_request_headers: base64(JSON.stringify(HEADERS)) };
}
