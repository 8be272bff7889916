// The kinds of Google credentials. Types only.
import type { Secret } from 'claviger/sdk';

/** A key of a service account. */
export interface ServiceAccountKey {
  readonly kind: 'service_account';
  readonly email: string;
  readonly privateKey: Secret;
  readonly keyId: string;
  readonly tokenUri: string;
}

/** A person who logged in with gcloud. */
export interface AuthorizedUser {
  readonly kind: 'authorized_user';
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly refreshToken: Secret;
  readonly tokenUri: string;
}

/** Where a federated token comes from; `field` when it is a member of a JSON object. */
export interface SubjectSource {
  readonly file?: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly field: string | undefined;
}

/** An identity of another provider (workload identity federation). */
export interface ExternalAccount {
  readonly kind: 'external_account';
  readonly audience: string;
  readonly subjectTokenType: string;
  readonly tokenUrl: string;
  readonly subject: SubjectSource;
  readonly impersonation: Impersonation | undefined;
}

/** Another account in whose name the token is wanted. */
export interface Impersonation {
  readonly url: string;
  readonly delegates: readonly string[];
  readonly lifetimeS: number;
}

/** An account that is used in the name of another one. */
export interface ImpersonatedAccount {
  readonly kind: 'impersonated_service_account';
  readonly source: GoogleCredential;
  readonly impersonation: Impersonation;
}

/** The machine's own account; it has no file. */
export interface MachineCredential {
  readonly kind: 'metadata';
}

/** A credential that can be used. */
export type GoogleCredential =
  ServiceAccountKey | AuthorizedUser | ExternalAccount | ImpersonatedAccount | MachineCredential;
