// What sinks may have besides a place: child tokens, reuse, pauses, notifications; and revoking at the end (issue 5).
import { expect } from 'chai';
import { check, load } from './checking.js';

const METHOD = 'method "approle" { config = { role_id_file_path = "/r" } }';
const sink = (keys: string, identity = '', method = METHOD): string =>
  `auto_auth { ${identity} ${method} sink "file" { ${keys} config = { path = "/t" } } }\n`;
const WRAPPED = 'method "approle" { wrap_ttl = "5m" config = { role_id_file_path = "/r" } }';

describe('sinks: how tokens are handed over', () => {
  it('a plain sink delivers the identity token, tells nobody and is not revoked', async () => {
    const [identity] = (await load(sink(''))).identities;
    expect(identity!.revokeOnShutdown).to.equal(false);
    const [{ reuse, child, retry, notify } = {}] = identity!.sinks;
    expect({ reuse, child, retry, notify }).to.deep.equal({
      reuse: false,
      child: undefined,
      retry: { minMs: 2_000, maxMs: 20_000 },
      notify: undefined,
    });
  });

  it('everything that is written arrives, in milliseconds and with defaults', async () => {
    const text = sink(`
      token {
        policies = ["a", "b"]
        ttl = "10m"
        num_uses = 3
        role = "r"
        allow_identity_policies = true
      }
      retry { min_backoff = "1s" }
      notify {
        signal { pid_file = "/run/app.pid" signal = "sigusr1" }
        command { argv = ["/bin/true", "x"] timeout = 5 }
        http { url = "unix:///run/app.sock" }
      }`);
    const [{ child, retry, notify } = {}] = (await load(text)).identities[0]!.sinks;
    expect(child).to.deep.equal({
      ...{ policies: ['a', 'b'], noDefaultPolicy: false, ttlMs: 600_000, periodMs: 0, numUses: 3, type: 'service' },
      ...{ role: 'r', orphan: false, displayName: 'claviger-sink', allowIdentityPolicies: true },
    });
    expect(retry).to.deep.equal({ minMs: 1_000, maxMs: 20_000 });
    expect(notify).to.deep.equal({
      signal: { pidFile: '/run/app.pid', signal: 'SIGUSR1' },
      command: { argv: ['/bin/true', 'x'], timeoutMs: 5_000 },
      http: { url: 'unix:///run/app.sock', method: 'POST', caCert: '', timeoutMs: 10_000 },
    });
  });

  it('one policy may be written as a text, an empty token block asks for nothing', async () => {
    const [{ child } = {}] = (await load(sink('token { policies = "a" }'))).identities[0]!.sinks;
    expect(child?.policies).to.deep.equal(['a']);
    const [{ child: empty } = {}] = (await load(sink('token {}'))).identities[0]!.sinks;
    expect(empty?.policies).to.equal(undefined);
  });

  it('mfa of a method arrives with its defaults', async () => {
    const method = 'method "approle" { mfa { totp { secret_file = "/s" } } config = { role_id_file_path = "/r" } }';
    expect((await load(sink('', '', method))).identities[0]!.method.mfa).to.deep.equal({
      totp: { secretFile: '/s', method: '', digits: 6, periodMs: 30_000, algorithm: 'SHA1' },
    });
  });

  const S = 'auto_auth.sink[0]';
  const REVOKE = 'auto_auth.revoke_on_shutdown';
  for (const [name, text, errors] of [
    [
      'revoke_on_shutdown with exit_after_auth',
      `exit_after_auth = true\n${sink('', 'revoke_on_shutdown = true')}`,
      [REVOKE],
    ],
    [
      'revoke_on_shutdown with persist',
      `${sink('', 'revoke_on_shutdown = true')}cache { persist "file" { path = "/p" } }\nlistener "tcp" { address = "127.0.0.1:1" tls_disable = true }`,
      [REVOKE],
    ],
    ['revoke_on_shutdown with a wrapped login', sink('', 'revoke_on_shutdown = true', WRAPPED), [REVOKE]],
    ['a child of a token that the agent never sees', sink('token {}', '', WRAPPED), [`${S}.token`]],
    ['a batch child with a period', sink('token { type = "batch" period = "1h" }'), [`${S}.token`]],
    ['a batch child with limited uses', sink('token { type = "batch" num_uses = 1 }'), [`${S}.token`]],
    [
      'an orphan batch child, which nobody could revoke',
      sink('token { type = "batch" orphan = true }'),
      [`${S}.token`],
    ],
    ['reuse of what is wrapped', sink('wrap_ttl = "5m" reuse = true'), [`${S}.reuse`]],
    ['reuse of what is encrypted', sink('dh_type = "curve25519" dh_path = "/d" reuse = true'), [`${S}.reuse`]],
    ['reuse of a child token', sink('token {} reuse = true'), [`${S}.reuse`]],
    ['a first pause above the longest', sink('retry { min_backoff = "1m" }'), [`${S}.retry`]],
    [
      'a program without an absolute path',
      sink('notify { command { argv = ["kill", "1"] } }'),
      [`${S}.notify.command`],
    ],
    ['plain http to another machine', sink('notify { http { url = "http://example.com/" } }'), [`${S}.notify.http`]],
    ['a socket without an absolute path', sink('notify { http { url = "unix:run/a" } }'), [`${S}.notify.http`]],
    ['a socket path that cannot be read', sink('notify { http { url = "unix:///a%zz" } }'), [`${S}.notify.http`]],
    ['a password in a URL', sink('notify { http { url = "https://u:p@example.com/" } }'), [`${S}.notify.http`]],
    ['a signal without a process', sink('notify { signal { signal = "SIGHUP" } }'), [`${S}.notify.signal.pid_file`]],
    [
      'a signal that is none',
      sink('notify { signal { pid_file = "/p" signal = "SIGKILL" } }'),
      [`${S}.notify.signal.signal`],
    ],
    [
      '5.2: mfa with wrap_ttl of the method',
      sink('', '', WRAPPED.replace('config', 'mfa { totp { secret_file = "/s" } } config')),
      ['auto_auth.method.mfa'],
    ],
    [
      'mfa without a secret',
      sink('', '', 'method "approle" { mfa { totp {} } config = { role_id_file_path = "/r" } }'),
      ['auto_auth.method.mfa.totp.secret_file'],
    ],
  ] as const) {
    it(`refuses ${name}`, async () => {
      const { problems } = await check(text);
      expect(problems.filter(({ severity }) => severity === 'error').map(({ key }) => key)).to.deep.equal(errors);
    });
  }

  it('takes plain http to this machine', async () => {
    for (const host of ['127.0.0.1:1', 'localhost', '[::1]:80'])
      expect((await check(sink(`notify { http { url = "http://${host}/" } }`))).problems).to.deep.equal([]);
  });
});
