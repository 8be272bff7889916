// A role assumed with other credentials (`role_arn` without a token file, `source_profile`, `credential_source`). Never assumed once for good: the
// reference's agent did, and could not log in after an hour. (Spec auth-wire 4.3 d, 14.14.)
import { Secret } from 'claviger/sdk';
import { fingerprint, type AwsCredentials } from './credentials.js';
import { Kept } from './kept.js';
import type { Surroundings } from './settings.js';
import { ownStsEndpoint } from './sts-endpoint.js';
import { temporaryCredentials } from './sts.js';
import { sessionName } from './web-identity.js';

/** Which role. */
export interface Role {
  readonly roleArn: string;
  readonly region?: string | undefined;
  readonly sessionName?: string | undefined;
  readonly externalId?: string | undefined;
}

/** Assumes one role; the credentials are kept while those they are made with are the same. */
export class RoleAssumption {
  readonly #around: Surroundings;
  readonly #kept: Kept;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#kept = new Kept(around.clock);
  }

  /** Throws AUTH_CREDENTIAL_INVALID for what STS refuses, SERVICE_* for STS itself. */
  async credentials(role: Role, signer: AwsCredentials, signal: AbortSignal): Promise<AwsCredentials> {
    const { env, clock } = this.#around;
    const { url, region } = ownStsEndpoint(env, role.region);
    const parameters = {
      RoleArn: role.roleArn,
      RoleSessionName: role.sessionName ?? sessionName(env.get('AWS_ROLE_SESSION_NAME')),
      ...(role.externalId !== undefined && { ExternalId: role.externalId }),
    };
    const from = new Secret([role.roleArn, url.href, fingerprint(signer).reveal()].join('\n'));
    return this.#kept.get(from, () =>
      temporaryCredentials({ action: 'AssumeRole', url, region, parameters, signer, clock, signal }),
    );
  }
}
