// An agent in front of a dev server, both in this process on free ports, as compatibility tests need them: AppRole logins of its own, the cache
// on, requests without a token carry the agent's.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDevServer, type StartedDevServer } from '../../core/dev-server/start.js';
import { createAgent } from '../../core/index.js';
import { systemClock } from '../../core/kernel/clock.js';

/** What a compatibility test works with. */
export interface Served {
  /** Address of the agent. */
  readonly url: string;
  readonly server: StartedDevServer['server'];
  /** Credentials of the role `app`, whose policy allows the engines and what belongs to leases. */
  readonly roleId: string;
  readonly secretId: string;
  close(): Promise<void>;
}

const POLICY = ['secret/*', 'kv/*', 'database/*', 'aws/*', 'sys/leases/*', 'auth/token/create']
  .map((path) => `path "${path}" { capabilities = ["create", "read", "update", "delete", "list", "patch"] }`)
  .join('\n');

/** Starts both. */
export async function serve(): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'claviger-compat-'));
  const started = await startDevServer({ listenAddress: '127.0.0.1:0', clock: systemClock(), seed: true });
  const { server } = started;
  const { roleId, secretId } = await makeRole(server);
  await Promise.all([writeFile(join(folder, 'role'), roleId), writeFile(join(folder, 'secret'), secretId)]);
  const config = join(folder, 'agent.hcl');
  await writeFile(config, configuration(started.url, folder));
  const agent = await createAgent({ config: [config] });
  await agent.start();
  const close = async (): Promise<void> => {
    await agent.stop();
    await started.close();
    await rm(folder, { recursive: true });
  };
  return { url: agent.urls[0] as string, server, roleId, secretId, close };
}

async function makeRole(server: StartedDevServer['server']): Promise<{ roleId: string; secretId: string }> {
  const post = async (path: string, body: object): Promise<Record<string, string>> =>
    ((await server.call('POST', path, { body })).body as { data?: Record<string, string> } | undefined)?.data ?? {};
  await post('sys/policies/acl/app', { policy: POLICY });
  await post('sys/mounts/kv', { type: 'kv' });
  await post('auth/approle/role/app', { token_policies: ['app'], token_ttl: '1h' });
  const { secret_id: secretId } = await post('auth/approle/role/app/secret-id', {});
  const role = (await server.call('GET', 'auth/approle/role/app/role-id')).body as { data: { role_id: string } };
  return { roleId: role.data.role_id, secretId: secretId as string };
}

const configuration = (url: string, folder: string): string => `
vault {
  address = "${url}"
}
auto_auth {
  method "approle" {
    config = {
      role_id_file_path = "${folder}/role"
      secret_id_file_path = "${folder}/secret"
      remove_secret_id_file_after_reading = false
    }
  }
}
api_proxy {
  use_auto_auth_token = true
}
cache {
}
listener "tcp" {
  address = "127.0.0.1:0"
  tls_disable = true
}
`;
