// What policies let a token do.
import { expect } from 'chai';
import { Acl } from '../../../../core/dev-server/policy/acl.js';
import { readPolicy } from '../../../../core/dev-server/policy/read-policy.js';
import type { Capability } from '../../../../core/dev-server/policy/rules.js';

interface Ask {
  readonly sudo?: boolean;
  readonly body?: Record<string, unknown>;
  readonly wrapMs?: number;
}

const acl = (...texts: string[]): Acl =>
  new Acl(
    texts.flatMap((text) => readPolicy(text)),
    false,
  );
const may = (rules: Acl, capability: Capability, path: string, ask: Ask = {}): boolean =>
  rules.allows({ path, capability, sudo: ask.sudo ?? false, body: ask.body ?? {}, wrapMs: ask.wrapMs ?? 0 });

describe('dev server: access control', () => {
  it('allows nothing without a rule and everything as root', () => {
    expect(may(acl(), 'read', 'a')).to.equal(false);
    expect(new Acl([], true).capabilities('a')).to.deep.equal(['root']);
    expect(acl().capabilities('a')).to.deep.equal(['deny']);
  });

  it('adds up the capabilities of one path over policies, and deny beats them all', () => {
    const rules = acl('path "a" { capabilities = ["read"] }', 'path "a" { capabilities = ["list"] }');
    expect(rules.capabilities('a')).to.deep.equal(['list', 'read']);
    const denying = acl('path "a" { capabilities = ["read", "sudo"] }', 'path "a" { capabilities = ["deny"] }');
    expect(denying.capabilities('a')).to.deep.equal(['deny']);
    expect(may(denying, 'read', 'a')).to.equal(false);
    expect(denying.sudo('a')).to.equal(false);
  });

  it('lets the exact path decide before a wider one that grants more', () => {
    const rules = acl('path "a/*" { capabilities = ["read", "update"] } path "a/b" { capabilities = ["read"] }');
    expect(may(rules, 'update', 'a/b')).to.equal(false);
    expect(may(rules, 'update', 'a/c')).to.equal(true);
  });

  it('lists a folder by a rule with or without the slash', () => {
    expect(may(acl('path "a/b" { capabilities = ["list"] }'), 'list', 'a/b/')).to.equal(true);
    expect(may(acl('path "a/b/" { capabilities = ["list"] }'), 'list', 'a/b/')).to.equal(true);
    expect(may(acl('path "a/b/*" { capabilities = ["list"] }'), 'list', 'a/b/')).to.equal(true);
  });

  it('wants sudo besides the capability where a path asks for it', () => {
    expect(may(acl('path "a" { capabilities = ["update"] }'), 'update', 'a', { sudo: true })).to.equal(false);
    expect(may(acl('path "a" { capabilities = ["sudo"] }'), 'update', 'a', { sudo: true })).to.equal(false);
    expect(may(acl('path "a" { capabilities = ["update", "sudo"] }'), 'update', 'a', { sudo: true })).to.equal(true);
  });

  it('min_wrapping_ttl refuses a plain read though the capabilities say read', () => {
    const rules = acl('path "a" { capabilities = ["read"] min_wrapping_ttl = "1m" max_wrapping_ttl = "1h" }');
    expect(rules.capabilities('a')).to.deep.equal(['read']);
    expect(may(rules, 'read', 'a')).to.equal(false);
    expect(may(rules, 'read', 'a', { wrapMs: 59_000 })).to.equal(false);
    expect(may(rules, 'read', 'a', { wrapMs: 60_000 })).to.equal(true);
    expect(may(rules, 'read', 'a', { wrapMs: 3_601_000 })).to.equal(false);
  });

  it('judges parameters of writes: required, denied, allowed', () => {
    const rules = acl(`path "a" {
      capabilities = ["update", "read"]
      required_parameters = ["ttl"]
      allowed_parameters = { "ttl" = ["1h", "2*"] "name" = [] }
      denied_parameters = { "name" = ["root"] }
    }`);
    const write = (body: Record<string, unknown>): boolean => may(rules, 'update', 'a', { body });
    expect(write({ ttl: '1h' })).to.equal(true);
    expect(write({ ttl: '2h', name: 'x' })).to.equal(true);
    expect(write({ ttl: '3h' })).to.equal(false);
    expect(write({ name: 'x' })).to.equal(false);
    expect(write({ ttl: '1h', name: 'root' })).to.equal(false);
    expect(write({ ttl: '1h', other: 1 })).to.equal(false);
    expect(may(rules, 'read', 'a')).to.equal(true);
  });

  it('reaches a mount when any rule lies below it or covers it', () => {
    expect(acl('path "kv/data/x" { capabilities = ["read"] }').reaches('kv/')).to.equal(true);
    expect(acl('path "k*" { capabilities = ["read"] }').reaches('kv/')).to.equal(true);
    expect(acl('path "kv/*" { capabilities = ["deny"] }').reaches('kv/')).to.equal(false);
    expect(acl('path "other/*" { capabilities = ["read"] }').reaches('kv/')).to.equal(false);
  });
});
