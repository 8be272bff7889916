// Fills a dev server with what the quickstart and the examples use: a policy, an AppRole, dynamic secrets, a static secret.
import type { DevServer } from './server.js';

/** What a client of the quickstart needs to know. */
export interface Quickstart {
  /** Credentials of the AppRole `quickstart` at `auth/approle`. */
  readonly roleId: string;
  readonly secretId: string;
  /** Paths to try. */
  readonly secretPath: string;
  readonly awsPath: string;
  readonly databasePath: string;
}

const POLICY = [
  'path "secret/data/*" { capabilities = ["read"] }',
  'path "secret/metadata/*" { capabilities = ["read", "list"] }',
  'path "aws/creds/*" { capabilities = ["read"] }',
  'path "database/creds/*" { capabilities = ["read"] }',
  'path "database/static-creds/*" { capabilities = ["read"] }',
  'path "auth/token/create" { capabilities = ["create", "update"] }',
  'path "sys/leases/revoke" { capabilities = ["update"] }',
].join('\n');

const AWS_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
});

type Step = readonly [path: string, body: unknown];

const STEPS: readonly Step[] = [
  ['sys/policies/acl/quickstart', { policy: POLICY }],
  ['sys/auth/approle', { type: 'approle' }],
  [
    'auth/approle/role/quickstart',
    { token_policies: ['quickstart'], token_ttl: '10m', token_max_ttl: '1h', secret_id_num_uses: 0 },
  ],
  ['sys/mounts/aws', { type: 'aws' }],
  ['aws/config/root', { access_key: 'AKIADEVSERVER', secret_key: 'dev', region: 'us-east-1' }],
  ['aws/config/lease', { lease: '5m', lease_max: '30m' }],
  ['aws/roles/readonly', { credential_type: 'iam_user', policy_document: AWS_POLICY }],
  ['sys/mounts/database', { type: 'database' }],
  [
    'database/config/postgres',
    {
      plugin_name: 'postgresql-database-plugin',
      connection_url: 'postgresql://{{username}}:{{password}}@127.0.0.1:5432/postgres',
      username: 'dev',
      password: 'dev',
      allowed_roles: ['*'],
    },
  ],
  [
    'database/roles/app',
    {
      db_name: 'postgres',
      creation_statements: ['CREATE ROLE "{{name}}" WITH LOGIN PASSWORD \'{{password}}\';'],
      default_ttl: '2m',
      max_ttl: '10m',
    },
  ],
  ['secret/data/quickstart', { data: { greeting: 'hello from the dev server', owner: 'quickstart' } }],
];

/** Sets everything up as the root token. `secret/` must be mounted. Throws when a step fails: that is a bug of the dev server. */
export async function seedQuickstart(server: DevServer): Promise<Quickstart> {
  for (const [path, body] of STEPS) await ask(server, 'POST', path, body);
  const role = await ask(server, 'GET', 'auth/approle/role/quickstart/role-id', undefined);
  const secret = await ask(server, 'POST', 'auth/approle/role/quickstart/secret-id', {});
  return {
    roleId: String(role['role_id']),
    secretId: String(secret['secret_id']),
    secretPath: 'secret/data/quickstart',
    awsPath: 'aws/creds/readonly',
    databasePath: 'database/creds/app',
  };
}

async function ask(server: DevServer, method: string, path: string, body: unknown): Promise<Record<string, unknown>> {
  const answer = await server.call(method, path, { body });
  if (answer.status >= 300) {
    throw new Error(`dev server: ${method} ${path} answered ${String(answer.status)} ${JSON.stringify(answer.body)}`);
  }
  return (answer.body as { data?: Record<string, unknown> } | undefined)?.data ?? {};
}
