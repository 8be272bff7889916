// The stage of a soak: a dev server with short lives, and agents that keep their cache in a store.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDevServer, type DevServer } from '../../../core/dev-server/server.js';
import { systemClock } from '../../../core/kernel/clock.js';
import { AgentProcess, freePort } from './agent-process.js';

/** How many agents on which store. `persist` is the block; it may name the agent's own folder. */
export interface StageOptions {
  readonly agents: number;
  readonly persist: (folder: string) => string;
}

/** The stage. */
export interface Stage {
  readonly server: DevServer;
  readonly agents: readonly AgentProcess[];
  readonly users: readonly string[];
  close(): Promise<void>;
}

const SLOW_MS = 25;
const ROOT = 'root-of-the-soak';
/** An entry that nothing has confirmed for so long is looked up before its next hit. */
export const REVALIDATE_S = 2;

/** Opens the stage; all agents are up when it resolves. */
export async function openStage({ agents: count, persist }: StageOptions): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'claviger-soak-'));
  const server = createDevServer({ rootToken: ROOT, clock: systemClock() });
  const { url } = await server.listen('127.0.0.1', 0);
  const users = ['ann', 'bob', 'cid'];
  const role = await furnish(server, users);
  // an answer takes a while now and then, so that requests, revocations and kills overlap
  server.inject({ trouble: { kind: 'delay', delayMs: SLOW_MS }, times: Infinity, when: () => Math.random() < 0.2 });
  const agents: AgentProcess[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(agents.map((agent) => agent.end('SIGTERM')));
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (let n = 0; n < count; n++) {
      const own = mkdtempSync(join(folder, `agent-${String(n)}-`));
      const port = await freePort();
      const config = join(own, 'agent.hcl');
      writeFileSync(config, agentConfig({ url, own, port, role, persist: persist(own) }), { mode: 0o600 });
      agents.push(new AgentProcess({ config, folder: own, port }));
    }
    await Promise.all(agents.map((agent) => agent.start()));
    return { server, agents, users, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Role {
  readonly roleId: string;
  readonly secretId: string;
}

async function furnish(server: DevServer, users: readonly string[]): Promise<Role> {
  const admin = async (method: string, path: string, body?: unknown): Promise<ReturnType<typeof JSON.parse>> => {
    const answer = await server.call(method, path, { body });
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${String(answer.status)}`);
    return answer.body;
  };
  const policy = 'path "*" {\n capabilities = ["create", "read", "update", "delete", "list", "sudo"]\n}\n';
  await admin('POST', 'sys/policies/acl/all', { policy });
  await admin('POST', 'sys/mounts/aws', { type: 'aws' });
  await admin('POST', 'aws/config/root', { access_key: 'AKIADEV', secret_key: 'dev', region: 'us-east-1' });
  await admin('POST', 'aws/config/lease', { lease: '5s', lease_max: '15s' });
  await admin('POST', 'aws/roles/app', { credential_type: 'iam_user', policy_document: '{}' });
  await admin('POST', 'sys/auth/userpass', { type: 'userpass' });
  for (const user of users) {
    const life = { token_ttl: '8s', token_max_ttl: '30s' };
    await admin('POST', `auth/userpass/users/${user}`, { password: 'pw', token_policies: ['all'], ...life });
  }
  await admin('POST', 'sys/auth/approle', { type: 'approle' });
  const role = { token_policies: ['all'], token_ttl: '10s', token_max_ttl: '40s' };
  await admin('POST', 'auth/approle/role/app', role);
  const { role_id } = (await admin('GET', 'auth/approle/role/app/role-id')).data;
  const { secret_id } = (await admin('POST', 'auth/approle/role/app/secret-id', {})).data;
  return { roleId: role_id, secretId: secret_id };
}

function agentConfig(given: {
  readonly url: string;
  readonly own: string;
  readonly port: number;
  readonly role: Role;
  readonly persist: string;
}): string {
  const { url, own, port, role, persist } = given;
  writeFileSync(join(own, 'role-id'), role.roleId, { mode: 0o600 });
  writeFileSync(join(own, 'secret-id'), role.secretId, { mode: 0o600 });
  return `
vault {
  address = "${url}"
}
auto_auth {
  method "approle" {
    min_backoff = "1s"
    config = {
      role_id_file_path = "${own}/role-id"
      secret_id_file_path = "${own}/secret-id"
      remove_secret_id_file_after_reading = false
    }
  }
}
api_proxy {
  use_auto_auth_token = true
}
cache {
  revalidate_after = "${String(REVALIDATE_S)}s"
  ${persist}
}
listener "tcp" {
  address = "127.0.0.1:${String(port)}"
  tls_disable = true
}
`;
}
