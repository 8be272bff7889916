// Where STS is: for the request that the server will send, and for our own calls. Pure. (Spec auth-wire 4.2, 4.3 c.)
import { agentError, type EnvAccess } from 'claviger/sdk';
import { variable } from './settings.js';

const GLOBAL = 'us-east-1';

// The isolated and sovereign partitions have domains of their own.
const SUFFIXES: readonly [start: string, suffix: string][] = [
  ['cn-', 'amazonaws.com.cn'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['us-iso-', 'c2s.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
  ['eusc-', 'amazonaws.eu'],
];

/** The endpoint of a region as the reference chooses it: `us-east-1` is the global one. */
export function stsEndpoint(region: string): URL {
  if (region === GLOBAL) return new URL('https://sts.amazonaws.com/');
  const suffix = SUFFIXES.find(([start]) => region.startsWith(start))?.[1] ?? 'amazonaws.com';
  return new URL(`https://sts.${region}.${suffix}/`);
}

/** A text that may stand in a host name and in a scope. Throws AUTH_CREDENTIAL_INVALID. */
export function checkedRegion(region: string, what: string): string {
  if (/^[a-z][a-z0-9-]{1,40}$/.test(region)) return region;
  throw agentError('AUTH_CREDENTIAL_INVALID', { what, why: 'that is not the name of a region, such as eu-west-1' });
}

/** An address for requests without a query. Throws AUTH_CREDENTIAL_INVALID. */
export function checkedUrl(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWeb = url !== undefined && (url.protocol === 'https:' || url.protocol === 'http:');
  if (isWeb && url.search === '' && url.username === '' && url.password === '') return url;
  throw agentError('AUTH_CREDENTIAL_INVALID', {
    what,
    why: 'that is no http or https address without user, password and query',
  });
}

/** Where and for which region our own calls to STS are made: the official variables, else the region's endpoint, else the global one. */
export function ownStsEndpoint(env: EnvAccess, profileRegion?: string): { readonly url: URL; readonly region: string } {
  const found = variable(env, 'AWS_REGION', 'AWS_DEFAULT_REGION');
  const region =
    found !== undefined ? checkedRegion(found, 'AWS_REGION') : checkedRegion(profileRegion ?? GLOBAL, 'region');
  const override = variable(env, 'AWS_ENDPOINT_URL_STS', 'AWS_ENDPOINT_URL');
  return { url: override === undefined ? stsEndpoint(region) : checkedUrl(override, 'AWS_ENDPOINT_URL_STS'), region };
}
