// The configuration samples of the source documents, and the injector's JSON (spec config 1.13, R20), each with its exact result.
import { expect } from 'chai';
import { check, errorsOf, golden, load, warningsOf } from './checking.js';

describe('samples of the source documents', () => {
  it('agent with aws: the address is a placeholder', async () => {
    const { config, problems } = await check(golden('source-agent-aws.hcl'));
    expect(config).to.equal(undefined);
    expect(errorsOf(problems)).to.deep.equal(['CONFIG_ADDRESS 30:4']);
    expect(warningsOf(problems)).to.deep.equal(['CONFIG_DEPRECATED 21:4']);
  });

  it('with a real address it loads', async () => {
    const config = await load(golden('source-agent-aws.hcl').replace('<vault-server-host>', 'vault.example.com'));
    expect(config.notBuilt).to.deep.equal([]);
    expect(config.identities[0]?.method).to.deep.include({ type: 'aws', mountPath: 'auth/aws' });
    expect(config.identities[0]?.method.settings).to.include({ type: 'iam', role: 'app-role' });
    expect(config.apiProxy.useAutoAuthToken).to.equal('default');
    expect(config.pidFile).to.equal('./pidfile');
  });

  it('the same without tls_disable: the listener has no certificate (told with both cures)', async () => {
    const { problems } = await check(golden('source-agent-aws-request-header.hcl'));
    expect(errorsOf(problems)).to.deep.equal(['CONFIG_LISTENER_TLS 24:1', 'CONFIG_ADDRESS 30:4']);
    expect(problems.find(({ code }) => code === 'CONFIG_LISTENER_TLS')?.hint).to.match(/tls_cert_file.*tls_disable/);
  });

  it('caching with a wrapped token: wrapping and the auto-auth token exclude each other (V4)', async () => {
    const { problems } = await check(golden('source-caching-wrapped.hcl'));
    expect(errorsOf(problems)).to.deep.equal(['CONFIG_CONFLICT 19:3']);
    expect(warningsOf(problems)).to.deep.equal(['CONFIG_DEPRECATED 19:3', 'CONFIG_CONFLICT 28:3']);
  });

  it('caching with persistence: loads, as the reference means it', async () => {
    const { config, problems } = await check(golden('source-caching-persist.hcl'));
    expect(errorsOf(problems)).to.deep.equal([]);
    expect(warningsOf(problems)).to.deep.equal(['CONFIG_DEPRECATED 16:3', 'CONFIG_CONFLICT 23:3']);
    expect(config?.identities[0]?.method.settings).to.deep.equal({
      role: 'foobar',
      token_path: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    });
    expect(config?.listeners[0]).to.deep.include({ type: 'tcp', autoAuth: 'default' });
    expect(config?.cache?.persist).to.deep.include({ keepAfterImport: false, exitOnErr: false });
    expect(config?.cache?.hasher).to.deep.equal({ name: 'canonical', settings: {}, at: 'agent.hcl:15:1' });
  });
});

describe('the JSON of the Kubernetes injector (spec config 1.13, R20)', () => {
  const base = {
    auto_auth: {
      method: {
        type: 'kubernetes',
        mount_path: 'auth/kubernetes',
        config: { role: 'web', token_path: '/var/run/secrets/kubernetes.io/serviceaccount/token' },
        min_backoff: '1s',
        max_backoff: '5m',
        exit_on_err: true,
      },
      sink: [{ type: 'file', config: { path: '/home/vault/.vault-token' } }],
    },
    exit_after_auth: false,
    pid_file: '/home/vault/.pid',
    vault: { address: 'http://vault.vault.svc:8200' },
    template_config: {
      exit_on_retry_failure: true,
      static_secret_render_interval: '5m',
      max_connections_per_host: 10,
      lease_renewal_threshold: 0.9,
    },
    listener: [{ type: 'tcp', address: '127.0.0.1:8200', tls_disable: true, agent_api: { enable_quit: true } }],
    cache: { use_auto_auth_token: 'true' },
    disable_idle_connections: ['auto-auth', ' caching', ''],
    disable_keep_alives: ['templating'],
    telemetry: { prometheus_retention_time: '30s', disable_hostname: true },
  };
  const json = (value: object): Record<string, string> => ({ 'config.json': JSON.stringify(value) });

  it('loads unchanged, and without templates it can start', async () => {
    const { config, problems } = await check(json(base), { strict: true });
    expect(errorsOf(problems)).to.deep.equal([]);
    expect(config?.notBuilt).to.deep.equal([]);
    expect(config?.apiProxy.useAutoAuthToken).to.equal('default');
    expect(config?.identities[0]?.method).to.deep.include({
      exitOnErr: true,
      minBackoffMs: 1_000,
      maxBackoffMs: 300_000,
    });
    expect(config?.listeners[0]?.enableQuit).to.equal(true);
    expect(config?.disableIdleConnections).to.deep.equal(['auto-auth', 'proxying']);
    expect(config?.telemetry).to.deep.include({ prometheusRetentionMs: 30_000, disableHostname: true });
  });

  it('templates load and are not built', async () => {
    const template = [
      {
        destination: '/vault/secrets/a',
        contents: 'x',
        left_delimiter: '{{',
        right_delimiter: '}}',
        command: 'kill -HUP 1',
        perms: '0400',
        error_on_missing_key: false,
        create_dest_dirs: true,
      },
    ];
    const { config, problems } = await check(json({ ...base, template }), { strict: true });
    expect(errorsOf(problems)).to.deep.equal([]);
    expect(config?.notBuilt.map(({ what }) => what)).to.deep.equal(['template']);
  });

  for (const word of ['true', 'false', 'force']) {
    it(`use_auto_auth_token = "${word}" with persist`, async () => {
      const cache = {
        use_auto_auth_token: word,
        persist: { type: 'kubernetes', path: '/vault/agent-cache', exit_on_err: 'true' },
      };
      const config = await load(json({ ...base, cache }));
      expect(config.apiProxy.useAutoAuthToken).to.equal({ true: 'default', false: 'never', force: 'force' }[word]);
      expect(config.notBuilt).to.deep.equal([]);
      expect(config.cache?.persist).to.deep.include({ keepAfterImport: false, exitOnErr: true });
    });
  }

  it('annotations make every value of a method a text', async () => {
    const config = await load(
      json({
        ...base,
        auto_auth: {
          ...base.auto_auth,
          method: {
            type: 'approle',
            config: {
              role_id_file_path: '/r',
              secret_id_file_path: '/s',
              remove_secret_id_file_after_reading: 'false',
            },
          },
        },
      }),
    );
    expect(config.identities[0]?.method.settings.remove_secret_id_file_after_reading).to.equal(false);
  });
});
