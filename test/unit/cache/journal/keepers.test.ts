import { expect } from 'chai';
import { Entry } from '../../../../core/cache/entry.js';
import { encodeEntry } from '../../../../core/cache/journal/entry-codec.js';
import { encodeToken, identityJournal, type KeptToken } from '../../../../core/cache/journal/identity-journal.js';
import { leaseJournal } from '../../../../core/cache/journal/lease-journal.js';
import { StateShelf } from '../../../../core/cache/journal/state-shelf.js';
import type { EntryRecord } from '../../../../core/cache/record.js';
import { RECORDS, type Journal, type JournalRecord } from '../../../../core/contracts/journal.js';
import type { TokenFeed, TokenState } from '../../../../core/contracts/token-feed.js';
import { Secret } from '../../../../core/sdk/index.js';
import { LogSpy } from '../../../../core/sdk/testing/log-spy.js';
import { FakeProvider, FakeStore, Rig } from './rig.js';

/** A journal that only remembers. */
class JournalFake implements Journal {
  readonly marks = new Map<string, { encode: () => Uint8Array | undefined; expiresAt: number | undefined }>();
  readonly takers = new Map<string, (records: readonly JournalRecord[]) => void>();
  settles = 0;
  mark(key: string, encode: () => Uint8Array | undefined, expiresAt?: number): void {
    this.marks.set(key, { encode, expiresAt });
  }
  settled(): Promise<void> {
    this.settles += 1;
    return Promise.resolve();
  }
  onRestored(prefix: string, take: (records: readonly JournalRecord[]) => void): void {
    this.takers.set(prefix, take);
  }
  clear(): void {
    this.marks.clear();
  }
  written(key: string): string | undefined {
    const bytes = this.marks.get(key)?.encode();
    return bytes && Buffer.from(bytes).toString('latin1');
  }
}

const entry = (kind: 'lease' | 'token' | 'identity', id: string): Entry =>
  new Entry({ id, kind, namespace: '', path: '/v1/a', home: { namespace: '', path: 'a' }, lease: `lease-${id}` });
const recordOf = ({ id }: { id: string }): EntryRecord => ({
  id, kind: 'lease', namespace: '', path: '/v1/a', home: { namespace: '', path: 'a' }, lease: `lease-${id}`, token: '', accessor: '', parent: undefined,
  keys: ['k'], expiresAt: 1, priorMs: 1, graceMs: 1, renewable: true, incrementSeconds: 0, renewals: 0, storedAt: 1, status: 200, head: [],
  body: Buffer.from('{}'), digitsAt: 0, digitsEnd: 0,
}); // prettier-ignore

describe('cache/journal/lease-journal', () => {
  const rig = (sharesIdentities = false) => {
    const journal = new JournalFake();
    const log = new LogSpy();
    const restored: EntryRecord[] = [];
    const cache = { record: recordOf, restore: (records: readonly EntryRecord[]) => void restored.push(...records) };
    return { journal, log, restored, keeper: leaseJournal(journal, cache, { log, sharesIdentities }) };
  };

  it('marks what is added and changed under the id of the entry, with its end, and deletes what is removed', () => {
    const { journal, keeper } = rig();
    const one = entry('lease', 'a');
    keeper.added(one);
    expect(journal.written('e/a')).to.contain('lease-a');
    one.life = { expiresAt: 77 } as NonNullable<Entry['life']>;
    keeper.changed(one);
    expect(journal.marks.get('e/a')?.expiresAt).to.equal(77);
    keeper.removed([one], 'revoked');
    expect(journal.marks.get('e/a')?.encode()).to.equal(undefined);
  });

  it('the tokens of identities are not its business', () => {
    const { journal, keeper } = rig();
    const token = entry('identity', 'i');
    keeper.added(token);
    keeper.changed(token);
    keeper.removed([token], 'retired');
    expect(journal.marks.size).to.equal(0);
  });

  it('R-7: with sharing, what hangs on the token of an identity is left to the shared records, and not restored', () => {
    const { journal, keeper, restored, log } = rig(true);
    const parent = entry('identity', 'i');
    const facts = { kind: 'lease' as const, namespace: '', path: '/v1/a', home: { namespace: '', path: 'a' } };
    keeper.added(new Entry({ ...facts, id: 'a', lease: 'lease-a', parent }));
    keeper.added(new Entry({ ...facts, id: 'b', lease: 'lease-b', parent: entry('token', 't') }));
    expect([...journal.marks.keys()]).to.deep.equal(['e/b']);
    const on = { on: 'identity', identity: 'default', token: 't' } as const;
    journal.takers.get(RECORDS.entry)!([
      { key: 'e/a', value: encodeEntry({ ...recordOf({ id: 'a' }), parent: on }) },
      { key: 'e/b', value: encodeEntry(recordOf({ id: 'b' })) },
    ]);
    expect(restored.map(({ id }) => id)).to.deep.equal(['b']);
    expect(journal.marks.get('e/a')?.encode()).to.equal(undefined);
    expect(log.text()).to.equal('');
  });

  it('hands all sound records over at once; the others are deleted and counted, without their content (D-50)', () => {
    const { journal, restored, log } = rig();
    journal.takers.get(RECORDS.entry)!([
      { key: 'e/a', value: encodeEntry(recordOf({ id: 'a' })) },
      { key: 'e/b', value: Buffer.from('PLANTED garbage') },
      { key: 'e/c', value: encodeEntry(recordOf({ id: 'a' })) },
    ]);
    expect(restored.map(({ id }) => id)).to.deep.equal(['a']);
    expect([...journal.marks.keys()]).to.deep.equal(['e/b', 'e/c']);
    expect(log.text()).to.contain('2 records').and.not.to.contain('PLANTED');
  });

  it('D-16, D-52: a tree that changed shape is in the store as it is now', async () => {
    const store = new FakeStore();
    const provider = new FakeProvider();
    const first = new Rig(store, provider);
    const parents = new Map<string, EntryRecord['parent']>([['child', { on: 'entry', id: 'parent' }]]);
    const cache = {
      record: (one: Entry): EntryRecord => ({ ...recordOf(one), parent: parents.get(one.id) }),
      restore: (): void => undefined,
    };
    const keeper = leaseJournal(first.journal, cache, { log: first.log, sharesIdentities: false });
    await first.journal.start();
    const [parent, child] = [entry('token', 'parent'), entry('token', 'child')];
    keeper.added(parent);
    keeper.added(child);
    await first.pass();
    parents.delete('child');
    keeper.removed([parent], 'revoked');
    keeper.changed(child);
    await first.pass();
    expect(store.batches.at(-1)?.map(({ key }) => key)).to.deep.equal(['e/parent', 'e/child']);
    await first.journal.stop();
    const second = new Rig(store, provider);
    const restored: EntryRecord[] = [];
    leaseJournal(
      second.journal,
      { ...cache, restore: (records) => void restored.push(...records) },
      { log: second.log, sharesIdentities: false },
    );
    await second.journal.start();
    expect(restored.map(({ id, parent: on }) => [id, on])).to.deep.equal([['child', undefined]]);
    await second.journal.stop();
  });
});

describe('cache/journal/identity-journal', () => {
  const state = (token: string, own: Partial<TokenState> = {}): TokenState => ({
    identity: 'default', form: 'plain', token: new Secret(token), accessor: 'acc', policies: ['p'], renewable: true, kind: 'service',
    expiresAt: 5, sequence: 1, ...own,
  }); // prettier-ignore
  class FeedFake implements TokenFeed {
    current: TokenState | undefined;
    readonly listeners = new Set<(state: TokenState) => void>();
    async *updates(): AsyncGenerator<TokenState> {}
    subscribe(listener: (state: TokenState) => void): () => void {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    }
    publish(next: TokenState): void {
      this.current = next;
      for (const listener of this.listeners) listener(next);
    }
  }

  it('D-66: only the live token of an identity is kept, under one key', async () => {
    const store = new FakeStore();
    const provider = new FakeProvider();
    const first = new Rig(store, provider);
    const feed = new FeedFake();
    identityJournal(first.journal, () => undefined).follow('default', feed, 'ns1/');
    await first.journal.start();
    for (const token of ['t1', 't2', 't3']) {
      feed.publish(state(token));
      await first.pass();
    }
    await first.journal.stop();
    expect(store.keys('i/')).to.deep.equal(['i/default']);
    const second = new Rig(store, provider);
    const kept: KeptToken[] = [];
    identityJournal(second.journal, (one) => kept.push(one));
    await second.journal.start();
    await second.journal.stop();
    expect(kept).to.have.length(1);
    expect(kept[0]!.token.reveal()).to.equal('t3');
    const { identity, accessor, policies, renewable, kind, expiresAt, home } = kept[0]!;
    expect({ identity, accessor, policies, renewable, kind, expiresAt, home }).to.deep.equal({
      identity: 'default', accessor: 'acc', policies: ['p'], renewable: true, kind: 'service', expiresAt: 5, home: 'ns1/',
    }); // prettier-ignore
  });

  it('a token that is there already is kept too, wrapped ones never, and nothing after the end', () => {
    const journal = new JournalFake();
    const feed = new FeedFake();
    feed.current = state('first');
    const end = identityJournal(journal, () => undefined).follow('default', feed, '');
    expect(journal.written('i/default')).to.contain('first');
    end();
    feed.publish(state('later'));
    expect(feed.listeners.size).to.equal(0);
    const other = new JournalFake();
    const wrapped = new FeedFake();
    wrapped.current = state('{"wrap":1}', { form: 'wrapped' });
    identityJournal(other, () => undefined).follow('default', wrapped, '');
    expect(other.marks.size).to.equal(0);
    expect(encodeToken(wrapped.current, '')).to.equal(undefined);
  });

  it('a dead token is forgotten, and an odd record is deleted', () => {
    const journal = new JournalFake();
    const kept: KeptToken[] = [];
    const identities = identityJournal(journal, (one) => kept.push(one));
    identities.forget('a');
    expect(journal.written('i/a')).to.equal(undefined);
    const odd = ['', '{', 'null', '[]', '{"v":1}', '{"v":1,"token":""}', '{"v":1,"token":7}', '{"v":2,"token":"t"}'];
    journal.takers.get(RECORDS.identity)!(odd.map((text, n) => ({ key: `i/${n}`, value: Buffer.from(text) })));
    expect(kept).to.deep.equal([]);
    expect([...journal.marks.keys()]).to.include.members(odd.map((_, n) => `i/${n}`));
  });
});

describe('cache/journal/state-shelf', () => {
  it('state of a component survives a restart, each under its own id', async () => {
    const store = new FakeStore();
    const provider = new FakeProvider();
    const first = new Rig(store, provider);
    const shelf = new StateShelf(first.journal);
    await first.journal.start();
    expect(await shelf.access('auth-method/x').load()).to.equal(undefined);
    await shelf.access('auth-method/x').save(Buffer.from('PLANTED'));
    await shelf.access('auth-method/x/y').save(Buffer.from('other'));
    await first.journal.stop();
    expect(store.text()).not.to.contain('PLANTED');
    const second = new Rig(store, provider);
    const again = new StateShelf(second.journal);
    await second.journal.start();
    expect(Buffer.from((await again.access('auth-method/x').load())!).toString()).to.equal('PLANTED');
    await second.journal.stop();
  });

  it('R-15: load does not wait for a locked store; with sync always save waits for the disk', async () => {
    const journal = new JournalFake();
    const access = new StateShelf(journal).access('a');
    expect(await access.load()).to.equal(undefined);
    const given = Buffer.from('value');
    await access.save(given);
    given.fill(0);
    expect(Buffer.from((await access.load())!).toString()).to.equal('value');
    expect(journal.settles).to.equal(1);
  });
});
