// Turns what a backend said into an answer: issues the lease or the token, builds the envelope, wraps it when asked to.
import { fault, multiError } from './backend.js';
import type { AuthOrder, Fields } from './backend.js';
import type { Mounted } from './mounts/mounted.js';
import { issueLogin } from './tokens/issue-token.js';
import type { IssuedToken } from './tokens/issue-token.js';
import { authBlock, waitingBlock } from './tokens/token-entry.js';
import { wrapAnswer, wrappingEnvelope } from './tokens/wrap.js';
import { emptyAnswer } from './wire/answer.js';
import type { Answer } from './wire/answer.js';
import { envelopeText } from './wire/envelope.js';
import type { Envelope } from './wire/envelope.js';
import { randomUuid } from './chance.js';
import type { CoreReply, CoreRequest, ShownToken, World } from './world.js';

const SPENT_TOKEN_LEASE = multiError(
  'Secret cannot be returned; token had one use left, so leased credentials were immediately revoked.',
);

const MFA_WARNING =
  'A login request was issued that is subject to MFA validation. Please make sure to validate the login by sending another request to mfa/validate endpoint.';

/** A reply and where it comes from. */
export interface Finished {
  readonly request: CoreRequest;
  readonly reply: CoreReply;
  readonly mount: Mounted;
}

/** The answer to a reply. Throws what issuing refuses. */
export async function finish(world: World, from: Finished): Promise<Answer> {
  const { reply, request } = from;
  const status = reply.status ?? 200;
  if (reply.raw !== undefined) return { status, ...reply.raw };
  if (reply.rewrapped?.wrapped !== undefined) {
    return enveloped(
      200,
      wrappingEnvelope(
        reply.rewrapped,
        reply.rewrapped.wrapped,
        wrappedAccessorOf(reply.rewrapped.wrapped.envelope, reply),
      ),
    );
  }
  const envelope = await envelopeOf(world, from);
  if (isEmpty(reply)) return emptyAnswer(reply.status ?? 204);
  if (request.wrapMs === 0 || status >= 400) return enveloped(status, envelope);
  const token = wrapAnswer(world, request.place, {
    envelope,
    creationPath: request.fullPath,
    ttlMs: request.wrapMs,
  });
  if (token.wrapped === undefined) return enveloped(status, envelope);
  return enveloped(200, wrappingEnvelope(token, token.wrapped, wrappedAccessorOf(envelope, reply)));
}

function enveloped(status: number, envelope: Envelope): Answer {
  return { status, contentType: 'application/json', body: envelopeText(envelope) };
}

function wrappedAccessorOf(envelope: Envelope, reply: CoreReply): string {
  return reply.wrappedAccessor ?? envelope.auth?.accessor ?? '';
}

function isEmpty(reply: CoreReply): boolean {
  const says = [reply.data, reply.lease, reply.auth, reply.shown, reply.renewed, reply.leaseDurationS];
  return says.every((part) => part === undefined) && (reply.warnings?.length ?? 0) === 0;
}

async function envelopeOf(world: World, from: Finished): Promise<Envelope> {
  const { reply } = from;
  const warnings = [...(reply.warnings ?? [])];
  const lease = await leaseOf(world, from, warnings);
  const requirement = secondFactorOf(world, from, warnings);
  const shown = requirement === undefined ? shownOf(world, from, warnings) : undefined;
  return {
    requestId: randomUuid(),
    data: reply.data,
    inlined: reply.inlined,
    leaseDurationS: reply.leaseDurationS ?? 0,
    ...lease,
    ...(shown === undefined ? {} : { auth: blockOf(world, shown) }),
    ...(requirement === undefined ? {} : { auth: waitingBlock(requirement) }),
    warnings,
  };
}

async function leaseOf(world: World, from: Finished, warnings: string[]): Promise<Partial<Envelope>> {
  const { reply, request, mount } = from;
  if (reply.renewed !== undefined) {
    const { leaseId, renewable, ttlMs } = reply.renewed;
    return { leaseId, renewable, leaseDurationS: Math.round(ttlMs / 1000) };
  }
  if (reply.lease === undefined || request.entry === undefined) return {};
  const token = request.entry;
  const tokenLives = world.tokens.find(token.id) !== undefined;
  const issued = world.leases.issue(reply.lease, {
    namespace: request.place,
    mount,
    path: request.path,
    token,
    tokenLives,
  });
  if (token.numUses === -1) {
    await world.leases.revoke(issued.lease);
    throw fault(500, SPENT_TOKEN_LEASE);
  }
  warnings.push(...issued.warnings);
  return {
    leaseId: issued.lease.id,
    renewable: issued.lease.renewable,
    leaseDurationS: Math.round(issued.ttlMs / 1000),
  };
}

function secondFactorOf(world: World, from: Finished, warnings: string[]): Fields | undefined {
  const { reply, request, mount } = from;
  const { auth: order } = reply;
  if (order?.alias === undefined) return undefined;
  const entityId = world.identity.entityOf(mount.accessor, order.alias);
  const facts = { namespace: request.place.path, accessor: mount.accessor, type: mount.type, entityId };
  const requirement = world.mfa.demand(facts, () => issued(world, from, order));
  if (requirement !== undefined) warnings.push(MFA_WARNING);
  return requirement;
}

function issued(world: World, { request, mount }: Finished, order: AuthOrder): IssuedToken {
  return issueLogin(world, order, { namespace: request.place, mount, path: request.fullPath });
}

function shownOf(world: World, from: Finished, warnings: string[]): ShownToken | undefined {
  const { reply } = from;
  if (reply.auth === undefined) return reply.shown;
  const login = issued(world, from, reply.auth);
  warnings.push(...login.warnings);
  return login;
}

function blockOf(world: World, shown: ShownToken): ReturnType<typeof authBlock> {
  const block = authBlock(shown.entry, shown.ttlMs, world.identity.policies(shown.entry.entityId));
  return shown.hideId ? { ...block, client_token: '' } : block;
}
