// Web identity (EKS IRSA and the like): a token file and a role, exchanged at STS for temporary credentials. (Spec auth-wire 4.3 c.)
import { Secret, readCredential } from 'claviger/sdk';
import type { AwsCredentials } from './credentials.js';
import { Kept } from './kept.js';
import { variable, type Surroundings } from './settings.js';
import type { Look, Source } from './source.js';
import { ownStsEndpoint } from './sts-endpoint.js';
import { temporaryCredentials } from './sts.js';

/** Whose role, with which token. */
export interface WebIdentity {
  readonly roleArn: string;
  readonly tokenFile: string;
  readonly region?: string | undefined;
  readonly sessionName?: string | undefined;
}

/** Exchanges tokens of one place; the credentials are kept while the token is the same. */
export class WebIdentityExchange {
  readonly #around: Surroundings;
  readonly #kept: Kept;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#kept = new Kept(around.clock);
  }

  /** Throws AUTH_CREDENTIAL_* for the token file and what STS refuses, SERVICE_* for STS itself. */
  async credentials(identity: WebIdentity, signal: AbortSignal): Promise<AwsCredentials> {
    const { env, clock } = this.#around;
    const { text } = await readCredential(identity.tokenFile, { signal, what: 'web identity token file' });
    const { url, region } = ownStsEndpoint(env, identity.region);
    const parameters = {
      RoleArn: identity.roleArn,
      RoleSessionName: identity.sessionName ?? sessionName(env.get('AWS_ROLE_SESSION_NAME')),
      WebIdentityToken: text.reveal(),
    };
    const from = new Secret([identity.roleArn, url.href, text.reveal()].join('\n'));
    return this.#kept.get(from, () =>
      temporaryCredentials({ action: 'AssumeRoleWithWebIdentity', url, region, parameters, clock, signal }),
    );
  }
}

/** The name that a session gets in logs of AWS. */
export function sessionName(wanted: string | undefined): string {
  return wanted === undefined || wanted === '' ? `claviger-${String(process.pid)}` : wanted;
}

/** The source: `web_identity_token_file` and `role_arn` of the configuration, else `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`. */
export function fromWebIdentity(around: Surroundings): Source {
  const exchange = new WebIdentityExchange(around);
  return { name: 'web identity', look: (signal) => look(around, exchange, signal) };
}

async function look(
  { settings, env }: Surroundings,
  exchange: WebIdentityExchange,
  signal: AbortSignal,
): Promise<Look> {
  const tokenFile = settings.web_identity_token_file || variable(env, 'AWS_WEB_IDENTITY_TOKEN_FILE');
  const roleArn = settings.role_arn || variable(env, 'AWS_ROLE_ARN');
  if (tokenFile === undefined) return { none: 'AWS_WEB_IDENTITY_TOKEN_FILE is not set' };
  if (roleArn === undefined)
    return { none: `${tokenFile} is named, but neither role_arn nor AWS_ROLE_ARN says for which role` };
  return {
    credentials: await exchange.credentials({ roleArn, tokenFile }, signal),
    outcome: `read ${tokenFile}; STS gave credentials`,
  };
}
