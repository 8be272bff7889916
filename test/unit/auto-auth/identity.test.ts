import { expect } from 'chai';
import { setMaxListeners } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIdentity, type IdentityOptions, type RunningIdentity } from '../../../core/auto-auth/identity.js';
import { keyPair, openEnvelope } from '../../../core/auto-auth/dh.js';
import type { IdentityConfig, MethodConfig, SinkConfig } from '../../../core/contracts/agent-config.js';
import type { SinkSlot } from '../../../core/auto-auth/sink-loop.js';
import {
  agentError,
  Secret,
  type AuthMethod,
  type Delivery,
  type LoginPlan,
  type VaultAnswer,
} from '../../../core/sdk/index.js';
import { makeFakes } from '../../../core/sdk/testing/fakes.js';
import { settle } from '../../../core/sdk/testing/virtual-clock.js';
import { Counts } from '../vault/rig.js';

const LOGIN = 'auth/approle/login';
const PLAN: LoginPlan = { login: LOGIN, body: { role_id: 'role-id-value', secret_id: 'secret-id-value' } };
const auth = (token: string, seconds = 3600, more: object = {}) => ({
  status: 200,
  body: {
    auth: {
      client_token: token,
      accessor: `acc-${token}`,
      policies: ['p'],
      lease_duration: seconds,
      renewable: true,
      token_type: 'service',
      ...more,
    },
  },
});
const answer = (scripted: { status: number; body?: unknown }): VaultAnswer => ({
  headers: {},
  body: undefined,
  ...scripted,
});

async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000 && !done(); turn++) await settle(1);
  expect(done(), 'it never happened').to.equal(true);
}

class MethodFake implements AuthMethod {
  plan: LoginPlan | Error = PLAN;
  prepared = 0;
  accepted_: unknown[] = [];
  wake: (() => void)[] = [];
  prepare(): Promise<LoginPlan> {
    this.prepared += 1;
    return this.plan instanceof Error ? Promise.reject(this.plan) : Promise.resolve(this.plan);
  }
  accepted(given: unknown): Promise<void> {
    this.accepted_.push(given);
    return Promise.resolve();
  }
  async *changes(signal: AbortSignal): AsyncGenerator<void> {
    while (!signal.aborted) {
      await new Promise<void>((resolve) => this.wake.push(resolve));
      yield;
    }
  }
  changed(): void {
    for (const wake of this.wake.splice(0)) wake();
  }
  hint(status: number): string | undefined {
    return status === 400 ? 'look at the role' : undefined;
  }
}

class SinkFake {
  readonly writes: Delivery[] = [];
  fail: ((delivery: Delivery) => boolean) | undefined;
  tries = 0;
  write(delivery: Delivery): Promise<void> {
    this.tries += 1;
    if (this.fail?.(delivery)) return Promise.reject(agentError('SINK_WRITE_FAILED', { path: '/x', why: 'full' }));
    this.writes.push(delivery);
    return Promise.resolve();
  }
  get payloads(): string[] {
    return this.writes.map((write) => write.payload.reveal());
  }
}

const slot = (id: string, sink: SinkFake, over: Partial<SinkConfig> = {}): SinkSlot => ({
  id,
  sink,
  config: {
    ...{ type: 'fake', wrapTtlMs: 0, reuse: false, child: undefined, notify: undefined, settings: {}, at: '' },
    retry: { minMs: 2_000, maxMs: 20_000 },
    ...over,
  },
});

describe('auto-auth/identity', () => {
  let running: RunningIdentity[] = [];
  afterEach(async () => {
    await Promise.all(running.map((identity) => identity.stop()));
    running = [];
  });

  function rig(
    own: {
      method?: Partial<MethodConfig>;
      identity?: Partial<IdentityConfig>;
      sinks?: SinkSlot[];
      random?: () => number;
    } = {},
  ) {
    const fakes = makeFakes();
    const method = new MethodFake();
    const metrics = new Counts();
    const config: IdentityConfig = {
      name: 'default',
      method: {
        type: 'approle', mountPath: 'auth/approle', namespace: 'ns1/', wrapTtlMs: 0, minBackoffMs: 1000, maxBackoffMs: 300_000,
        exitOnErr: false, mfa: undefined, settings: {}, at: '', ...own.method,
      }, // prettier-ignore
      sinks: [],
      reauthOnNewCredentials: false,
      revokeOnShutdown: false,
      at: '',
      ...own.identity,
    };
    const options: IdentityOptions = {
      config, method, sinks: own.sinks ?? [], vault: fakes.vault, address: new URL('http://127.0.0.1:8200'), clock: fakes.clock,
      log: { named: () => fakes.log }, metrics, health: fakes.health, random: own.random ?? (() => 0),
    }; // prettier-ignore
    const identity = createIdentity(options);
    running.push(identity);
    const logins = () => fakes.vault.calls.filter((call) => call.path === LOGIN).length;
    const renewals = () => fakes.vault.calls.filter((call) => call.path === 'auth/token/renew-self').length;
    const go = async () => {
      identity.start();
      await settle();
    };
    return { ...fakes, method, metrics, identity, logins, renewals, go };
  }

  it('logs in with PUT, without a token, in the namespace of the method, and publishes', async () => {
    const it_ = rig();
    it_.vault.on('PUT', LOGIN, auth('t1'));
    await it_.go();
    const [call] = it_.vault.calls;
    expect(call?.call.token).to.equal(undefined);
    expect(call?.call.namespace).to.equal('ns1/');
    const current = it_.identity.feed.current;
    expect([current?.token.reveal(), current?.accessor, current?.sequence, current?.expiresAt]).to.deep.equal([
      't1', 'acc-t1', 1, it_.clock.now() + 3_600_000,
    ]); // prettier-ignore
    expect(it_.method.accepted_).to.deep.equal([{ accessor: 'acc-t1', policies: ['p'] }]);
    expect(it_.health.state).to.equal('ok');
  });

  describe('a token of the last run (spec cache 10.3)', () => {
    const LOOKUP = 'auth/token/lookup-self';
    const living = (ttl: number) => ({
      status: 200,
      body: { data: { id: 'kept', ttl, renewable: true, type: 'service', accessor: 'acc-kept', policies: ['p'] } },
    });
    const preloaded = (own: Parameters<typeof rig>[0] = {}) => {
      const it_ = rig(own);
      it_.vault.on('PUT', LOGIN, auth('new'));
      it_.identity.preload(new Secret('kept'));
      return it_;
    };

    it('lives: used without a login, renewed like any other; the method has accepted nothing', async () => {
      const it_ = preloaded();
      it_.vault.on('GET', LOOKUP, living(3600)).on('PUT', 'auth/token/renew-self', auth('kept'));
      await it_.go();
      expect(it_.identity.feed.current?.token.reveal()).to.equal('kept');
      expect(it_.identity.feed.current?.expiresAt).to.equal(it_.clock.now() + 3_600_000);
      expect([it_.logins(), it_.method.prepared, it_.method.accepted_.length]).to.deep.equal([0, 0, 0]);
      expect(it_.method.wake).to.have.length(1);
      expect(it_.vault.calls[0]?.call.token?.reveal()).to.equal('kept');
      expect(it_.vault.calls[0]?.call.namespace).to.equal('ns1/');
      await it_.clock.advance(2_520_000);
      expect([it_.renewals(), it_.logins()]).to.deep.equal([1, 0]);
      expect(it_.log.leaks(['kept-'])).to.deep.equal([]);
    });

    const dead: [string, { status: number; body?: unknown }][] = [
      ['is refused with 403', { status: 403, body: { errors: ['permission denied'] } }],
      ['is unknown (404)', { status: 404 }],
      ['has no life left: 200 with ttl 0 (R-8)', living(0)],
    ];
    for (const [what, scripted] of dead) {
      it(`${what}: a login follows at once`, async () => {
        const it_ = preloaded();
        it_.vault.on('GET', LOOKUP, scripted);
        await it_.go();
        expect(it_.identity.feed.current?.token.reveal()).to.equal('new');
        expect(it_.health.reports.every(({ state }) => state === 'ok')).to.equal(true);
      });
    }

    for (const [what, script] of [
      ['cannot be reached', agentError('UPSTREAM_UNREACHABLE', { address: 'x', why: 'refused' })],
      ['answers 503', { status: 503, body: { errors: ['sealed'] } }],
      ['answers 200 with nonsense', { status: 200, body: {} }],
    ] as const) {
      it(`the server ${what}: asked again after the back-off, no login meanwhile`, async () => {
        const it_ = preloaded();
        it_.vault.once('GET', LOOKUP, script).on('GET', LOOKUP, living(60));
        await it_.go();
        expect([it_.identity.feed.current, it_.logins()]).to.deep.equal([undefined, 0]);
        await it_.clock.advance(1_000);
        expect(it_.identity.feed.current?.token.reveal()).to.equal('kept');
        expect(it_.logins()).to.equal(0);
      });
    }

    it('is offered once: when it is refused later, a normal login follows', async () => {
      const it_ = preloaded();
      it_.vault.on('GET', LOOKUP, living(3600));
      await it_.go();
      await it_.clock.advance(60_000);
      const next = it_.identity.reauthenticate(1, new AbortController().signal);
      await settle();
      expect((await next).token.reveal()).to.equal('new');
    });

    it('is not used where wrapped tokens are asked for, nor when it comes after the start', async () => {
      const wrapped = preloaded({ method: { wrapTtlMs: 60_000 } });
      await wrapped.go();
      const late = rig();
      late.vault.on('PUT', LOGIN, auth('new'));
      await late.go();
      late.identity.preload(new Secret('kept'));
      await settle();
      for (const it_ of [wrapped, late]) {
        const paths = it_.vault.calls.map(({ path }) => path);
        expect(paths).to.include(LOGIN);
        expect(paths).not.to.include(LOOKUP);
      }
    });

    it('a stop while it is looked up ends everything, and nothing is published', async () => {
      const it_ = preloaded();
      it_.vault.on('GET', LOOKUP, ({ call }) => {
        return new Promise<VaultAnswer>((_, reject) =>
          call.signal?.addEventListener('abort', () => reject(new Error('aborted'))),
        );
      });
      await it_.go();
      await it_.identity.stop();
      expect([it_.identity.state().phase, it_.identity.feed.current]).to.deep.equal(['stopped', undefined]);
    });
  });

  it('keeps the markers of spec 3.9', async () => {
    const it_ = rig();
    it_.vault.on('PUT', LOGIN, auth('t1')).on('PUT', 'auth/token/renew-self', auth('t1'));
    await it_.go();
    await it_.clock.advance(2_520_000);
    await it_.identity.stop();
    expect(it_.log.lines.map((line) => line.message)).to.deep.equal([
      'starting auth handler',
      'authenticating',
      'authentication successful, sending token to sinks',
      'starting renewal process',
      'renewed auth token',
      'shutdown triggered, stopping lifetime watcher',
      'auth handler stopped',
    ]);
  });

  it('renews within 70.0 to 73.3 % of the life and extends what is current (R7)', async () => {
    for (const [random, seconds] of [[() => 0, 2520], [() => 0.999999, 2640]] as const) {
      const it_ = rig({ random });
      it_.vault.on('PUT', LOGIN, auth('t1')).on('PUT', 'auth/token/renew-self', auth('t1'));
      await it_.go();
      await it_.clock.advance(seconds * 1000 - 1000);
      expect(it_.renewals()).to.equal(0);
      await it_.clock.advance(1100);
      expect(it_.renewals()).to.equal(1);
      expect(it_.identity.feed.current?.expiresAt).to.be.closeTo(it_.clock.now() + 3_600_000, 1200);
      expect(it_.metrics.by.get('agent.auth.success')).to.equal(2);
    } // prettier-ignore
  });

  it('renews for ever without a new login while the server extends', async () => {
    const it_ = rig();
    it_.vault.on('PUT', LOGIN, auth('t1')).on('PUT', 'auth/token/renew-self', auth('t1'));
    await it_.go();
    await it_.clock.advance(10 * 2_520_000);
    expect([it_.logins(), it_.renewals()]).to.deep.equal([1, 10]);
  });

  it('backs off from failing renewals: 10 s doubled, no hot loop, then logs in before death (R8)', async () => {
    const it_ = rig({ random: () => 0.5 });
    it_.vault.on('PUT', LOGIN, auth('t1')).on('PUT', 'auth/token/renew-self', { status: 500, body: { errors: ['x'] } });
    await it_.go();
    await it_.clock.advance(2_580_000);
    const times: number[] = [];
    const start = it_.clock.now();
    for (let second = 0; second < 200; second++) {
      const before = it_.renewals();
      await it_.clock.advance(1000);
      if (it_.renewals() > before) times.push(Math.round((it_.clock.now() - start) / 1000));
    }
    expect(times).to.deep.equal([10, 30, 70, 150]);
    await it_.clock.advance(900_000);
    expect(it_.logins()).to.equal(2);
    expect(it_.renewals()).to.be.lessThan(20);
  });

  it('a denied renewal leads to one login; the old token stays published until then (R8)', async () => {
    const it_ = rig();
    it_.vault.once('PUT', LOGIN, auth('t1')).on('PUT', LOGIN, { status: 503, body: { errors: ['sealed'] } });
    it_.vault.on('PUT', 'auth/token/renew-self', { status: 403, body: { errors: ['permission denied'] } });
    await it_.go();
    await it_.clock.advance(2_520_000 + 500);
    expect([it_.renewals(), it_.logins()]).to.deep.equal([1, 1]);
    await it_.clock.advance(1000);
    expect(it_.logins()).to.equal(2);
    expect(it_.identity.feed.current?.token.reveal()).to.equal('t1');
    it_.vault.on('PUT', LOGIN, auth('t2'));
    await it_.clock.advance(2000);
    expect(it_.identity.feed.current?.token.reveal()).to.equal('t2');
  });

  for (const [what, seconds, most] of [['0 s', 0, 1], ['1 s, not renewable', 1, 9]] as const) {
    it(`tokens of ${what} are no storm of logins (R9)`, async () => {
      const it_ = rig();
      it_.vault.on('PUT', LOGIN, auth('t1', seconds, { renewable: false }));
      await it_.go();
      await it_.clock.advance(60_000);
      expect(it_.logins()).to.be.within(1, most);
    });
  } // prettier-ignore

  for (const [what, scripted, code] of [
    ['no auth block', { status: 204 }, 'AUTH_BAD_ANSWER'],
    ['an empty token', auth(''), 'AUTH_BAD_ANSWER'],
    ['a refusal', { status: 400, body: { errors: ['invalid role'] } }, 'AUTH_REFUSED'],
    ['a dead server', agentError('UPSTREAM_UNREACHABLE', { address: 'x', why: 'refused' }), 'UPSTREAM_UNREACHABLE'],
  ] as const) {
    it(`exit_on_err ends with an error on ${what} (R11)`, async () => {
      const it_ = rig({ method: { exitOnErr: true } });
      it_.vault.on('PUT', LOGIN, scripted);
      await it_.go();
      expect((await it_.identity.failed).code).to.equal(code);
      await it_.clock.advance(600_000);
      expect(it_.logins()).to.equal(1);
    });
  }

  it('a refusal without errors is told by its warnings, where kerberos says why (auth-wire 10.2)', async () => {
    const it_ = rig();
    it_.vault.on('PUT', LOGIN, { status: 401, body: { errors: [], warnings: ['clock skew too great'], auth: null } });
    await it_.go();
    const line = it_.log.lines.find((l) => l.message === 'error authenticating');
    expect(String(line?.fields.error)).to.contain('the server refused the login with 401: clock skew too great');
  });

  it('a refusal is told with the hint of the method, and without what was sent or certificates', async () => {
    const it_ = rig();
    const blob = 'A'.repeat(200);
    const errors = [
      'bad secret-id-value \u0000\u0001\u0002',
      `-----BEGIN CERTIFICATE-----\n${blob}\n-----END CERTIFICATE-----`,
      'x'.repeat(50_000),
    ];
    it_.vault.on('PUT', LOGIN, { status: 400, body: { errors } });
    await it_.go();
    const line = it_.log.lines.find((l) => l.message === 'error authenticating');
    const text = String(line?.fields.error);
    expect(text).to.match(/^AUTH_REFUSED: the server refused the login with 400: bad \[secret\] ; \[\.\.\.\]/);
    expect(text).to.match(/look at the role$/);
    expect(text.length).to.be.lessThan(500);
    expect(line?.fields.backoff, 'as Go prints it (3.9)').to.equal('1s');
    expect(it_.log.leaks(['secret-id-value', blob])).to.deep.equal([]);
    expect(it_.health.state).to.equal('degraded');
    expect(it_.metrics.by.get('agent.auth.failure')).to.equal(1);
    expect(it_.metrics.by.get('agent.authenticated')).to.equal(0);
  });

  describe('5.1 lock-out of a refused credential', () => {
    const refusedThrice = async (own: Parameters<typeof rig>[0] = {}) => {
      const it_ = rig(own);
      it_.vault.on('PUT', LOGIN, { status: 400, body: { errors: ['invalid secret-id-value'] } });
      await it_.go();
      for (const pause of [1_000, 2_000]) await it_.clock.advance(pause);
      expect(it_.logins()).to.equal(3);
      return it_;
    };

    it('three refusals: nothing is sent for fifteen minutes, then one login, then fifteen minutes again', async () => {
      const it_ = await refusedThrice();
      await it_.clock.advance(15 * 60_000 - 1);
      expect(it_.logins()).to.equal(3);
      await it_.clock.advance(1);
      expect(it_.logins()).to.equal(4);
      await it_.clock.advance(14 * 60_000);
      expect(it_.logins()).to.equal(4);
    });

    it('one line says why and until when, health is degraded with it, the credential is in neither', async () => {
      const it_ = await refusedThrice();
      await it_.clock.advance(14 * 60_000);
      const lines = it_.log.lines.filter(({ fields }) => String(fields.error).startsWith('AUTH_LOCKED_OUT'));
      expect(lines.map(({ message, fields }) => [message, fields.backoff])).to.deep.equal([
        ['error authenticating', '15m0s'],
      ]);
      const until = new Date(it_.clock.now() + 60_000).toISOString();
      const [line] = lines;
      expect(line?.fields.error).to.equal(
        `AUTH_LOCKED_OUT: the server refused the login with 400: invalid [secret] (3 times with the same credential, which is not sent again before ${until}); look at the role`,
      );
      expect(it_.log.lines.filter(({ message }) => message === 'authenticating')).to.have.length(3);
      expect(it_.health.reports.at(-1)).to.nested.include({ state: 'degraded', 'error.code': 'AUTH_LOCKED_OUT' });
      expect(it_.log.leaks(['secret-id-value', 'role-id-value'])).to.deep.equal([]);
    });

    it('another credential is noticed within the longest back-off, though the method tells of no change', async () => {
      const it_ = await refusedThrice();
      it_.method.plan = { login: LOGIN, body: { role_id: 'role-id-value', secret_id: 'another-value' } };
      it_.vault.on('PUT', LOGIN, auth('t1'));
      await it_.clock.advance(300_000);
      expect(it_.identity.feed.current?.token.reveal()).to.equal('t1');
      expect(it_.health.state).to.equal('ok');
    });

    it('a change of the source ends it at once, before the first success and without enable_reauth_on_new_credentials', async () => {
      const it_ = await refusedThrice();
      await settle();
      it_.vault.on('PUT', LOGIN, auth('t1'));
      it_.method.changed();
      await settle();
      expect(it_.identity.feed.current?.token.reveal()).to.equal('t1');
    });

    it('a method that had nothing to watch yet is asked again after the first success', async () => {
      const it_ = rig();
      const watch = it_.method.changes.bind(it_.method);
      let asked = 0;
      it_.method.changes = (signal) => (asked++ === 0 ? (async function* () {})() : watch(signal));
      it_.vault.on('PUT', LOGIN, { status: 400, body: { errors: [] } });
      await it_.go();
      for (const pause of [1_000, 2_000]) await it_.clock.advance(pause);
      expect(asked).to.equal(1);
      it_.vault.on('PUT', LOGIN, auth('t1'));
      it_.method.plan = { login: LOGIN, body: { secret_id: 'another' } };
      await it_.clock.advance(300_000);
      expect([asked, it_.method.wake.length]).to.deep.equal([2, 1]);
    });

    it('a signature that differs each time is the same credential when the plan says so', async () => {
      const it_ = rig();
      it_.vault.on('PUT', LOGIN, { status: 403, body: { errors: [] } });
      let count = 0;
      it_.method.prepare = () =>
        Promise.resolve({ login: LOGIN, body: { signature: String(++count) }, credential: new Secret('the-key') });
      await it_.go();
      await it_.clock.advance(600_000);
      expect(it_.logins()).to.equal(3);
    });

    for (const status of [429, 500, 503, 404])
      it(`${String(status)} is no verdict on the credential: tried again and again`, async () => {
        const it_ = rig({ method: { maxBackoffMs: 4_000 } });
        it_.vault.on('PUT', LOGIN, { status, body: { errors: ['later'] } });
        await it_.go();
        await it_.clock.advance(60_000);
        expect(it_.logins()).to.be.greaterThan(10);
      });
  });

  it('5.2 a wrapped login without anything wrapped is refused: under MFA the token inside is empty', async () => {
    const it_ = rig({ method: { exitOnErr: true, wrapTtlMs: 300_000 } });
    const wrap_info = { token: 'w', accessor: 'a', ttl: 300, creation_time: '', creation_path: LOGIN };
    it_.vault.on('PUT', LOGIN, { status: 200, body: { auth: null, wrap_info } });
    await it_.go();
    const error = await it_.identity.failed;
    expect([error.code, error.message]).to.deep.equal([
      'AUTH_MFA_REQUIRED', 'the server wants a second factor for this login: it wrapped an empty token, so its methods cannot be seen',
    ]); // prettier-ignore
    expect(error.hint).to.contain('remove wrap_ttl');
    expect(it_.identity.feed.current).to.equal(undefined);
  });

  it('a login that wants a second factor says so and names it', async () => {
    const it_ = rig({ method: { exitOnErr: true } });
    const mfa_requirement = { mfa_request_id: 'x', mfa_constraints: { c: { any: [{ type: 'totp', id: 'i' }] } } };
    it_.vault.on('PUT', LOGIN, { status: 200, body: { auth: { client_token: '', mfa_requirement } } });
    await it_.go();
    const error = await it_.identity.failed;
    expect([error.code, error.message, error.hint]).to.deep.equal([
      'AUTH_MFA_REQUIRED', 'the server wants a second factor for this login: totp (i)',
      'give the method an mfa { totp { secret_file = "..." } } block, or exempt this role from the login enforcement',
    ]); // prettier-ignore
  });

  it('wrap_ttl at the method publishes the wrap_info JSON with a newline and renews nothing (spec 3.6)', async () => {
    const sink = new SinkFake();
    const it_ = rig({ method: { wrapTtlMs: 300_000 }, sinks: [slot('s', sink)] });
    const wrap_info = {
      creation_path: 'auth/approle/login', wrapped_accessor: 'wa', token: 'wrapping', creation_time: '2026-01-01T00:00:00.123456789Z', ttl: 300, accessor: 'a',
    }; // prettier-ignore
    it_.vault.on('PUT', LOGIN, { status: 200, body: { auth: null, wrap_info } });
    await it_.go();
    expect(it_.vault.calls[0]?.call.headers).to.deep.equal({ 'X-Vault-Wrap-TTL': '5m0s' });
    expect(sink.payloads).to.deep.equal([
      '{"token":"wrapping","accessor":"a","ttl":300,"creation_time":"2026-01-01T00:00:00.123456789Z","creation_path":"auth/approle/login","wrapped_accessor":"wa"}\n',
    ]);
    expect(sink.writes[0]?.form).to.equal('wrapped');
    await it_.clock.advance(3_600_000);
    expect([it_.logins(), it_.metrics.by.get('agent.auth.success') ?? 0]).to.deep.equal([1, 0]);
  });

  it('new credentials are always consumed, and lead to a login only where asked for', async () => {
    for (const [asked, logins] of [[false, 1], [true, 3]] as const) {
      const it_ = rig({ identity: { reauthOnNewCredentials: asked } });
      it_.vault.on('PUT', LOGIN, auth('t1'));
      await it_.go();
      for (let turn = 0; turn < 2; turn++) {
        it_.method.changed();
        await settle();
      }
      expect(it_.logins()).to.equal(logins);
      expect(it_.method.wake).to.have.length(1);
    } // prettier-ignore
  });

  it('the certificate of the login also renews its token', async () => {
    const it_ = rig();
    const tls = { cert: 'c', key: new Secret('k') };
    it_.method.plan = { login: LOGIN, body: {}, tls };
    it_.vault.on('PUT', LOGIN, auth('t1')).on('PUT', 'auth/token/renew-self', auth('t1'));
    await it_.go();
    await it_.clock.advance(2_520_000);
    const renewal = it_.vault.calls.find((call) => call.path === 'auth/token/renew-self');
    expect([renewal?.call.tls, renewal?.call.body]).to.deep.equal([tls, { increment: 0 }]);
  });

  describe('a token that the method holds', () => {
    const held = async (more: Record<string, { status: number; body?: unknown }>) => {
      const it_ = rig();
      it_.method.plan = { token: new Secret('held') };
      for (const [path, scripted] of Object.entries(more)) it_.vault.on('GET', path, scripted);
      await it_.go();
      return it_;
    };
    it('is looked up and published with its life', async () => {
      const data = { id: 'held', accessor: 'a', ttl: 100, renewable: true, policies: ['p'], type: 'service' };
      const it_ = await held({ 'auth/token/lookup-self': { status: 200, body: { data } } });
      expect(it_.identity.feed.current?.expiresAt).to.equal(it_.clock.now() + 100_000);
      expect(it_.vault.calls[0]?.call.token?.reveal()).to.equal('held');
    });
    it('without the default policy is taken as alive when sys/internal/ui/mounts answers (corrections)', async () => {
      const it_ = await held({
        'auth/token/lookup-self': { status: 403, body: { errors: ['permission denied'] } },
        'sys/internal/ui/mounts': { status: 200 },
      });
      expect([it_.identity.feed.current?.token.reveal(), it_.identity.feed.current?.expiresAt]).to.deep.equal([
        'held',
        0,
      ]);
    });
    it('is refused when both say 403', async () => {
      const it_ = await held({
        'auth/token/lookup-self': { status: 403, body: { errors: ['permission denied'] } },
        'sys/internal/ui/mounts': { status: 403 },
      });
      expect(it_.identity.feed.current).to.equal(undefined);
      expect(it_.health.state).to.equal('degraded');
    });
  });

  describe('reauthenticate', () => {
    it('is one login for all that ask (R10)', async () => {
      const it_ = rig();
      it_.vault.once('PUT', LOGIN, auth('t1')).on('PUT', LOGIN, auth('t2'));
      await it_.go();
      await it_.clock.advance(60_000);
      const { signal } = new AbortController();
      setMaxListeners(30, signal);
      const asked = Array.from({ length: 20 }, () => it_.identity.reauthenticate(1, signal));
      const got = await Promise.all(asked);
      expect(new Set(got.map((state) => state.token.reveal()))).to.deep.equal(new Set(['t2']));
      expect(it_.logins()).to.equal(2);
    });
    it('gives a newer token at once, also when the login gave the same one again', async () => {
      const it_ = rig();
      it_.vault.on('PUT', LOGIN, auth('t1'));
      await it_.go();
      await it_.clock.advance(60_000);
      const { signal } = new AbortController();
      expect((await it_.identity.reauthenticate(1, signal)).sequence).to.equal(2);
      expect((await it_.identity.reauthenticate(1, signal)).sequence).to.equal(2);
      expect(it_.logins()).to.equal(2);
    });
    it('rejects when the asker gives up first', async () => {
      const it_ = rig();
      it_.vault.on('PUT', LOGIN, { status: 500 });
      await it_.go();
      const control = new AbortController();
      const asked = it_.identity.reauthenticate(0, control.signal).then(
        () => 'token',
        () => 'gave up',
      );
      control.abort(new Error('enough'));
      expect(await asked).to.equal('gave up');
    });
  });

  describe('sinks', () => {
    it('all get the token; a failing one is tried again after 1 to 3 s and delays nobody (R13)', async () => {
      const good = new SinkFake();
      const bad = new SinkFake();
      bad.fail = () => bad.tries < 3;
      const it_ = rig({ sinks: [slot('bad', bad), slot('good', good)], random: () => 0.5 });
      it_.vault.on('PUT', LOGIN, auth('t1'));
      let delivered = false;
      void it_.identity.delivered.then(() => (delivered = true));
      await it_.go();
      expect([good.payloads, bad.tries, delivered]).to.deep.equal([['t1'], 1, false]);
      expect(it_.health.state).to.equal('degraded');
      await it_.clock.advance(1999);
      expect(bad.tries).to.equal(1);
      await it_.clock.advance(1);
      expect(bad.tries).to.equal(2);
      await it_.clock.advance(3000);
      expect([bad.payloads, delivered, it_.health.state]).to.deep.equal([['t1'], true, 'ok']);
      expect([it_.metrics.by.get('agent.sink.success'), it_.metrics.by.get('agent.sink.failure')]).to.deep.equal([
        2, 2,
      ]);
    });

    it('the newest token wins: the old one is not tried any more (R13)', async () => {
      const sink = new SinkFake();
      sink.fail = (delivery) => delivery.payload.reveal() === 'bad';
      const it_ = rig({ sinks: [slot('s', sink)] });
      it_.vault.once('PUT', LOGIN, auth('bad')).on('PUT', LOGIN, auth('good'));
      await it_.go();
      await it_.clock.advance(20_000);
      const before = sink.tries;
      expect(before).to.be.greaterThan(2);
      await it_.identity.reauthenticate(1, new AbortController().signal);
      await settle();
      expect(sink.payloads).to.deep.equal(['good']);
      await it_.clock.advance(60_000);
      expect(sink.tries).to.equal(before + 1);
    });

    it('the same token again is not written again', async () => {
      const sink = new SinkFake();
      const it_ = rig({ sinks: [slot('s', sink)] });
      it_.vault.on('PUT', LOGIN, auth('t1'));
      await it_.go();
      await it_.clock.advance(60_000);
      await it_.identity.reauthenticate(1, new AbortController().signal);
      await settle();
      expect(sink.payloads).to.deep.equal(['t1']);
    });

    it('without sinks the first token is the delivery (exit_after_auth)', async () => {
      const it_ = rig();
      it_.vault.on('PUT', LOGIN, auth('t1'));
      await it_.go();
      await it_.identity.delivered;
    });

    it('wraps for a sink with wrap_ttl, afresh on each try (spec 4.4)', async () => {
      const sink = new SinkFake();
      sink.fail = () => sink.tries < 2;
      const it_ = rig({ sinks: [slot('s', sink, { wrapTtlMs: 60_000 })] });
      let wraps = 0;
      it_.vault.on('PUT', LOGIN, auth('t1')).on('PUT', 'sys/wrapping/wrap', () => {
        wraps += 1;
        const wrap_info = {
          token: `w${wraps}`,
          accessor: 'a',
          ttl: 60,
          creation_time: 'now',
          creation_path: 'sys/wrapping/wrap',
        };
        return answer({ status: 200, body: { wrap_info } });
      });
      await it_.go();
      await it_.clock.advance(5000);
      const call = it_.vault.calls.find((seen) => seen.path === 'sys/wrapping/wrap')?.call;
      expect([call?.token?.reveal(), call?.body, call?.headers]).to.deep.equal([
        't1', { token: 't1' }, { 'X-Vault-Wrap-TTL': '1m0s' },
      ]); // prettier-ignore
      expect(sink.payloads).to.deep.equal([
        '{"token":"w2","accessor":"a","ttl":60,"creation_time":"now","creation_path":"sys/wrapping/wrap","wrapped_accessor":""}\n',
      ]);
    });

    it('a wrap that fails is a failed try in words, without the token', async () => {
      const sink = new SinkFake();
      const it_ = rig({ sinks: [slot('s', sink, { wrapTtlMs: 60_000 })] });
      it_.vault
        .on('PUT', LOGIN, auth('token-value'))
        .on('PUT', 'sys/wrapping/wrap', { status: 403, body: { errors: ['token-value denied'] } });
      await it_.go();
      const line = it_.log.lines.find((l) => l.message === 'error writing to sink, will retry');
      expect(line?.fields.error).to.equal(
        'SINK_WRAP_FAILED: the token could not be wrapped: the server answered 403 [secret] denied',
      );
      expect(it_.log.leaks(['token-value'])).to.deep.equal([]);
    });

    it('encrypts for the reader once the key file is there, and keeps the first key (spec 4.5)', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'claviger-'));
      try {
        const dhPath = join(folder, 'pub.json');
        const sink = new SinkFake();
        const encryption = { dhPath, deriveKey: true, aad: 'foobar' };
        const it_ = rig({ sinks: [slot('s', sink, { encryption })] });
        it_.vault.once('PUT', LOGIN, auth('t1')).on('PUT', LOGIN, auth('t2'));
        await it_.go();
        const failed = () => it_.log.lines.find((line) => line.message === 'error writing to sink, will retry');
        await until(() => failed() !== undefined);
        expect(String(failed()?.fields.error)).to.match(/SINK_ENCRYPT_FAILED: .*pub\.json cannot be read \(ENOENT\)/);
        const reader = Buffer.alloc(32, 7);
        const publicKey = keyPair(reader).publicKey.toString('base64');
        await writeFile(dhPath, JSON.stringify({ curve25519_public_key: publicKey }));
        await it_.clock.advance(1000);
        await until(() => sink.writes.length === 1);
        await writeFile(dhPath, 'changed');
        await it_.clock.advance(60_000);
        await it_.identity.reauthenticate(1, new AbortController().signal);
        await until(() => sink.writes.length === 2);
        const open = (text: string): string => openEnvelope(text, reader, encryption);
        expect(sink.payloads.map(open)).to.deep.equal(['t1', 't2']);
        expect(sink.writes[0]?.form).to.equal('encrypted');
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  });

  it('stop ends everything, also a method that hangs, and revokes nothing', async () => {
    const it_ = rig();
    it_.method.prepare = () => new Promise(() => undefined);
    await it_.go();
    await it_.identity.stop();
    await it_.identity.stop();
    expect(it_.clock.pending).to.equal(0);
    expect(it_.vault.calls).to.deep.equal([]);
  });

  it('a method that throws something else is tried again, and its words show', async () => {
    const it_ = rig();
    it_.method.plan = new Error('metadata service is silent');
    await it_.go();
    it_.method.plan = PLAN;
    it_.vault.on('PUT', LOGIN, auth('t1'));
    await it_.clock.advance(1000);
    expect(it_.identity.feed.current?.token.reveal()).to.equal('t1');
    expect(it_.log.text()).to.contain('AUTH_METHOD_FAILED: the auth method failed: metadata service is silent');
  });
});
