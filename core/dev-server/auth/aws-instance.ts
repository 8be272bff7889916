// An EC2 instance that proves itself: its identity document, verified with registered certificates, and whether EC2 says that it runs.
// (Spec auth-wire 4.4 "Server".)
import { X509Certificate, verify } from 'node:crypto';
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalText } from '../fields.js';
import type { AwsClientConfig } from './aws-config.js';
import { openPkcs7 } from './aws-pkcs7.js';
import { httpCall } from './http-call.js';

/** A certificate of `config/certificate`. */
export interface AwsCertificate {
  readonly pem: string;
  /** `pkcs7` or `identity`. */
  readonly type: string;
}

/** What of the document matters. */
export interface InstanceDocument {
  readonly instanceId: string;
  readonly imageId: string;
  readonly accountId: string;
  readonly region: string;
  readonly pendingTime: string;
}

const FAILED = 'failed to verify the instance identity document using its SHA256 RSA signature';

/** The verified document of a login body. Throws 400. */
export function provenDocument(body: Fields, certificates: readonly AwsCertificate[]): InstanceDocument {
  const [identity, signature, pkcs7] = ['identity', 'signature', 'pkcs7'].map((name) => optionalText(body, name) ?? '');
  if (pkcs7 && (identity || signature))
    throw fault(
      400,
      'both pkcs7 and a tuple containing the instance identity document and its SHA256 RSA signature is supplied; provide only one',
    );
  if (pkcs7) return read(openPkcs7(Buffer.from(pkcs7, 'base64'), keysOf(certificates, 'pkcs7')));
  if (!identity || !signature)
    throw fault(
      400,
      'either pkcs7 or a tuple containing the instance identity document and its SHA256 RSA signature needs to be provided',
    );
  const document = Buffer.from(identity, 'base64');
  const proof = Buffer.from(signature, 'base64');
  if (!keysOf(certificates, 'identity').some((key) => verify('sha256', document, key, proof))) throw fault(400, FAILED);
  return read(document);
}

function keysOf(certificates: readonly AwsCertificate[], type: string): X509Certificate['publicKey'][] {
  return certificates
    .filter((certificate) => certificate.type === type)
    .map(({ pem }) => new X509Certificate(pem).publicKey);
}

function read(bytes: Buffer): InstanceDocument {
  let found: Fields;
  try {
    found = JSON.parse(bytes.toString('utf8')) as Fields;
  } catch {
    throw fault(400, 'failed to parse the instance identity document');
  }
  const text = (name: string): string => optionalText(found, name) ?? '';
  const [instanceId, imageId, accountId, region, pendingTime] = [
    'instanceId',
    'imageId',
    'accountId',
    'region',
    'pendingTime',
  ].map(text) as [string, string, string, string, string];
  return { instanceId, imageId, accountId, region, pendingTime };
}

/** Asks the EC2 API of the configuration (`endpoint`), without a signature. Rejects with 400 unless the instance runs. */
export async function requireRunning({ instanceId }: InstanceDocument, { endpoint }: AwsClientConfig): Promise<void> {
  const start = `failed to verify instance ID: error fetching description for instance ID "${instanceId}":`;
  if (endpoint === '') throw fault(400, `${start} this server asks only the endpoint that config/client names`);
  const body = new URLSearchParams({
    Action: 'DescribeInstances',
    'InstanceId.1': instanceId,
    Version: '2016-11-15',
  }).toString();
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': String(body.length) };
  const answer = await httpCall({ method: 'POST', url: endpoint, headers, body }).catch((error: unknown) => {
    throw fault(400, `${start} ${error instanceof Error ? error.message : String(error)}`);
  });
  if (answer.status !== 200) throw fault(400, `${start} status code: ${String(answer.status)}`);
  const state = /<instanceState>[\s\S]*?<name>([^<]*)<\/name>/.exec(answer.text)?.[1];
  if (state === undefined) throw fault(400, `failed to verify instance ID: no instance details found in reservation`);
  if (state !== 'running') throw fault(400, "failed to verify instance ID: instance is not in 'running' state");
}
