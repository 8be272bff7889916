import { expect } from 'chai';
import { guardAuthMethod } from '../../../core/boot/guards/auth-method.js';
import { guardStore } from '../../../core/boot/guards/cache-store.js';
import { guardListener } from '../../../core/boot/guards/listener.js';
import { guardHasher } from '../../../core/boot/guards/request-hasher.js';
import { guardSink } from '../../../core/boot/guards/sink.js';
import {
  Secret,
  agentError,
  type AgentError,
  type AuthMethod,
  type CacheStore,
  type Delivery,
  type LoginAttempt,
} from '../../../core/sdk/index.js';
import { VirtualClock, settle } from '../../../core/sdk/testing/virtual-clock.js';

const failure = async (work: Promise<unknown>): Promise<AgentError> => {
  try {
    await work;
  } catch (error) {
    return error as AgentError;
  }
  throw new Error('it did not fail');
};
const attempt = (signal: AbortSignal): LoginAttempt => ({
  signal,
  address: new URL('http://h'),
  namespace: '',
  purpose: 'login',
});
const delivery: Delivery = {
  payload: new Secret('x'),
  form: 'plain',
  identity: 'default',
  accessor: '',
  expiresAt: 0,
  sequence: 1,
};
const never = new AbortController().signal;

describe('guards around plugins', () => {
  it('a prepare that hangs is ended after a minute with the name of the plugin, and its signal is aborted', async () => {
    const clock = new VirtualClock();
    let seen: AbortSignal | undefined;
    const method: AuthMethod = { prepare: ({ signal }) => new Promise(() => void (seen = signal)) };
    const guarded = guardAuthMethod({ label: 'auth-method "slow"', clock }, method);
    const pending = failure(guarded.prepare(attempt(never)));
    await clock.advance(60_000);
    const error = await pending;
    expect(error.code).to.equal('PLUGIN_CALL_TIMEOUT');
    expect(error.message).to.equal('auth-method "slow" did not finish prepare within 60 s');
    expect(seen!.aborted).to.equal(true);
  });

  it('recover of a sink is ended after ten seconds; a sink without it has none', async () => {
    const guarded = { label: 'sink "mine"', clock: new VirtualClock() };
    const write = (): Promise<void> => Promise.resolve();
    expect(guardSink(guarded, { write })).not.to.have.property('recover');
    const sink = guardSink(guarded, { write, recover: () => new Promise(() => undefined) });
    const pending = failure(sink.recover!(never));
    await guarded.clock.advance(10_000);
    expect((await pending).message).to.equal('sink "mine" did not finish recover within 10 s');
  });

  it('an error of start and stop gets the name of the plugin, once; errors about plugins have it already', async () => {
    const guarded = { label: 'sink "mine"', clock: new VirtualClock() };
    const fault = agentError('SINK_NOT_WRITABLE', { path: '/t', why: 'no' });
    const fails = (): Promise<never> => Promise.reject(fault);
    const sink = guardSink(guarded, { write: fails, start: fails, stop: fails });
    const message = 'sink "mine": cannot write /t: no';
    expect(await failure(sink.start!(never))).to.include({ code: 'SINK_NOT_WRITABLE', act: 'fix-host', message });
    expect((await failure(sink.stop!(never))).message).to.equal(message);
    const again = guardSink(guarded, { write: fails, start: () => sink.start!(never) });
    expect((await failure(again.start!(never))).message).to.equal(message);
  });

  it('an outer abort ends the call at once', async () => {
    const clock = new VirtualClock();
    const outer = new AbortController();
    const guarded = guardAuthMethod({ label: 'x', clock }, { prepare: () => new Promise(() => undefined) });
    const pending = failure(guarded.prepare(attempt(outer.signal)));
    await settle();
    outer.abort(new Error('stopping'));
    expect((await pending).message).to.equal('stopping');
    expect(clock.pending).to.equal(0);
  });

  it('gives errors the name of the plugin once, and keeps code, act and hint', async () => {
    const clock = new VirtualClock();
    const original = agentError('SINK_WRITE_FAILED', { path: '/t', why: 'full' }, { hint: 'make room' });
    const sink = guardSink({ label: 'sink "file"', clock }, { write: () => Promise.reject(original) });
    const error = await failure(sink.write(delivery, never));
    expect(error).to.include({
      code: 'SINK_WRITE_FAILED',
      act: 'fix-host',
      hint: 'make room',
      message: 'sink "file": cannot write /t: full',
    });
    const twice = guardSink({ label: 'sink "file"', clock }, sink);
    expect((await failure(twice.write(delivery, never))).message).to.equal('sink "file": cannot write /t: full');
  });

  it('a hint that throws is no hint; optional methods stay absent', () => {
    const clock = new VirtualClock();
    const bad: AuthMethod = {
      prepare: () => Promise.reject(new Error('no')),
      hint: () => {
        throw new Error('oops');
      },
    };
    expect(guardAuthMethod({ label: 'x', clock }, bad).hint!(403, [])).to.equal(undefined);
    const plain = guardAuthMethod({ label: 'x', clock }, { prepare: () => Promise.reject(new Error('no')) });
    expect(plain).not.to.have.any.keys('hint', 'changes', 'accepted');
  });

  it('a failing certificate reload carries the name of the listener', async () => {
    const clock = new VirtualClock();
    const guarded = guardListener(
      { label: 'listener "tcp"', clock },
      {
        bind: () =>
          Promise.resolve({
            url: 'http://h',
            close: () => Promise.resolve(),
            reload: () => Promise.reject(agentError('LISTEN_TLS', { address: 'h', why: 'expired' })),
          }),
      },
    );
    const bound = await guarded.bind({ request: () => undefined });
    expect((await failure(bound.reload!())).message).to.equal('listener "tcp": TLS of h cannot be set up: expired');
  });

  it('a hasher that throws or answers nonsense makes requests uncacheable, never an error', () => {
    const reports: string[] = [];
    const input = { method: 'GET', path: '/', query: '', headers: [], body: new Uint8Array() };
    const thrown = guardHasher(
      {
        digest: () => {
          throw new Error('boom');
        },
      },
      (why) => reports.push(why),
    );
    expect(thrown.digest(input)).to.equal('');
    expect(guardHasher({ digest: () => 'ä' }, (why) => reports.push(why)).digest(input)).to.equal('');
    expect(guardHasher({ digest: () => 'x'.repeat(129) }, (why) => reports.push(why)).digest(input)).to.equal('');
    expect(guardHasher({ digest: () => 'fine' }, (why) => reports.push(why)).digest(input)).to.equal('fine');
    expect(reports).to.have.length(3);
  });

  describe('of a cache store', () => {
    const hang = (): Promise<never> => new Promise(() => undefined);
    const working = (): CacheStore => ({
      get: () => Promise.resolve(undefined),
      put: () => Promise.resolve(),
      delete: () => Promise.resolve(),
      batch: () => Promise.resolve(),
      clear: () => Promise.resolve(),
      entries: async function* () {
        yield* [['a', new Uint8Array(1)] as const, ['b', new Uint8Array(2)] as const];
      },
    });
    const read = async (store: CacheStore): Promise<string[]> => {
      const keys: string[] = [];
      for await (const [key] of store.entries('')) keys.push(key);
      return keys;
    };

    it('one with the required methods only works, and what it cannot do stays missing', async () => {
      const clock = new VirtualClock();
      const store = guardStore({ label: 'cache-store "mine"', clock }, working());
      expect([await read(store), await store.get('a'), clock.pending]).to.deep.equal([['a', 'b'], undefined, 0]);
      expect(store).not.to.have.any.keys('swap', 'changes', 'start');
    });

    it('one that hangs is away after half a minute, in the middle of its entries too', async () => {
      const clock = new VirtualClock();
      const entries = async function* (): AsyncIterable<readonly [string, Uint8Array]> {
        yield ['a', new Uint8Array(1)];
        await hang();
      };
      const store = guardStore(
        { label: 'cache-store "slow"', clock },
        { ...working(), get: hang, batch: hang, swap: hang, entries },
      );
      const calls = [store.get('a'), store.batch([]), store.swap!('a', undefined, undefined), read(store)].map(failure);
      await settle();
      await clock.advance(60_000);
      const errors = await Promise.all(calls);
      expect(errors.map(({ code }) => code)).to.deep.equal(Array(4).fill('PLUGIN_CALL_TIMEOUT'));
      expect(clock.pending).to.equal(0);
    });

    it('once it was stopped nobody waits for it any more, and no timer keeps the process alive', async () => {
      const clock = new VirtualClock();
      const entries = async function* (): AsyncIterable<readonly [string, Uint8Array]> {
        await hang();
        yield ['a', new Uint8Array(1)];
      };
      const store = guardStore({ label: 's', clock }, { ...working(), get: hang, entries });
      const calls = [store.get('a'), read(store)].map(failure);
      await settle();
      await store.stop!(never);
      const late = [store.get('a'), read(store)].map(failure);
      const errors = await Promise.all([...calls, ...late]);
      expect(errors.map(({ code }) => code)).to.deep.equal(Array(4).fill('CACHE_STORE_UNAVAILABLE'));
      expect(clock.pending).to.equal(0);
    });

    it('the reading can be left early', async () => {
      const clock = new VirtualClock();
      for await (const entry of guardStore({ label: 's', clock }, working()).entries('')) {
        expect(entry[0]).to.equal('a');
        break;
      }
      expect(clock.pending).to.equal(0);
    });
  });
});
