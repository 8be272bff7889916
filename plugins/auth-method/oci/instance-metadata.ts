// What the metadata service of an Oracle Cloud instance knows: region, certificate, key and intermediate authority (auth-wire 9.3).
import { X509Certificate, type KeyObject } from 'node:crypto';
import { agentError, callService, refusalText, type AgentError, type Clock, type Secret } from 'claviger/sdk';
import { regionName } from './regions.js';
import { rsaKey } from './rsa-key.js';

/** Where the service is. */
export interface MetadataService {
  readonly base: string;
  readonly clock: Clock;
}

/** The identity of the instance. */
export interface InstanceIdentity {
  readonly region: string;
  readonly tenancy: string;
  readonly leaf: X509Certificate;
  readonly leafPem: string;
  readonly key: KeyObject;
  readonly intermediatePem: string;
}

/** Asks for everything. Throws SERVICE_* (nobody there, no usable answer) or AUTH_CREDENTIAL_INVALID (a certificate that its key does not fit). */
export async function instanceIdentity(service: MetadataService, signal: AbortSignal): Promise<InstanceIdentity> {
  const get = (path: string): Promise<Answered> => asked(service, path, signal);
  const regionAnswer = await get('/instance/region');
  const region = regionName(regionAnswer.body.reveal());
  if (region === undefined) throw bad(regionAnswer.from, 'it is not the name of a region');
  const leafAnswer = await get('/identity/cert.pem');
  const keyAnswer = await get('/identity/key.pem');
  const intermediateAnswer = await get('/identity/intermediate.pem');
  const leaf = certificate(leafAnswer);
  certificate(intermediateAnswer);
  const key = rsaKey(keyAnswer.body, keyAnswer.from);
  if (!leaf.checkPrivateKey(key)) {
    const why = 'the key belongs to another certificate; it was replaced between two questions';
    throw agentError('AUTH_CREDENTIAL_INVALID', { what: leafAnswer.from, why });
  }
  const [leafPem, intermediatePem] = [leafAnswer.body.reveal(), intermediateAnswer.body.reveal()];
  return { region, tenancy: tenancyOf(leaf, leafAnswer.from), leaf, leafPem, key, intermediatePem };
}

interface Answered {
  readonly from: string;
  readonly body: Secret;
}

async function asked({ base, clock }: MetadataService, path: string, signal: AbortSignal): Promise<Answered> {
  const headers = { Authorization: 'Bearer Oracle' };
  const answer = await callService({ url: `${base.replace(/\/$/, '')}${path}`, clock, headers, signal });
  if (answer.status !== 200) throw bad(answer.from, refusalText(answer));
  return answer;
}

function certificate({ from, body }: Answered): X509Certificate {
  try {
    return new X509Certificate(body.reveal());
  } catch {
    throw bad(from, 'it is not a PEM certificate');
  }
}

function tenancyOf(leaf: X509Certificate, from: string): string {
  const tenancy = /^[^=\n]+=opc-tenant:(.+)$/m.exec(leaf.subject)?.[1];
  if (tenancy === undefined) throw bad(from, 'the certificate names no tenancy (opc-tenant)');
  return tenancy;
}

function bad(url: string, why: string): AgentError {
  return agentError('SERVICE_BAD_ANSWER', { url, why });
}
