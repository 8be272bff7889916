// The list of types that can be mounted. It knows their names and makers and nothing of what they do.
// The built-in mounts (`sys`, `auth/token`, `cubbyhole`, `identity`) are made by the server itself.
import { createAliCloud } from './auth/alicloud.js';
import { createAppRole } from './auth/approle.js';
import { createAwsAuth } from './auth/aws.js';
import { createAzure } from './auth/azure.js';
import { createCert } from './auth/cert.js';
import { createCf } from './auth/cf.js';
import { createGcp } from './auth/gcp.js';
import { createGithub } from './auth/github.js';
import { createJwt } from './auth/jwt.js';
import { createKerberos } from './auth/kerberos.js';
import { createKubernetes } from './auth/kubernetes.js';
import { createLdap } from './auth/ldap.js';
import { createOkta } from './auth/okta.js';
import { createRadius } from './auth/radius.js';
import { createOci } from './auth/oci.js';
import { createUserpass } from './auth/userpass.js';
import type { BackendFactory } from './backend.js';
import { createAws } from './secrets/aws.js';
import { createDatabase } from './secrets/database.js';
import { createKv, createKvV2 } from './secrets/kv.js';
import { createTransit } from './secrets/transit.js';

/** Secret engines by the `type` of `sys/mounts`. */
export const SECRET_ENGINES: Readonly<Record<string, BackendFactory>> = {
  kv: createKv,
  'kv-v2': createKvV2,
  database: createDatabase,
  aws: createAws,
  transit: createTransit,
};

/** Auth methods by the `type` of `sys/auth`. */
export const AUTH_METHODS: Readonly<Record<string, BackendFactory>> = {
  approle: createAppRole,
  aws: createAwsAuth,
  userpass: createUserpass,
  jwt: createJwt,
  kubernetes: createKubernetes,
  kerberos: createKerberos,
  ldap: createLdap,
  github: createGithub,
  radius: createRadius,
  okta: createOkta,
  cert: createCert,
  cf: createCf,
  alicloud: createAliCloud,
  oci: createOci,
  azure: createAzure,
  gcp: createGcp,
};
