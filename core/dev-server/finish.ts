// Turns what a backend said into an answer: issues the lease or the token, builds the envelope, wraps it when asked to.
import { fault, multiError } from './backend.js';
import type { Mounted } from './mounts/mounted.js';
import { issueLogin } from './tokens/issue-token.js';
import { authBlock } from './tokens/token-entry.js';
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
  const shown = shownOf(world, from, warnings);
  return {
    requestId: randomUuid(),
    data: reply.data,
    inlined: reply.inlined,
    leaseDurationS: reply.leaseDurationS ?? 0,
    ...lease,
    ...(shown === undefined ? {} : { auth: blockOf(world, shown) }),
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

function shownOf(world: World, from: Finished, warnings: string[]): ShownToken | undefined {
  const { reply, request, mount } = from;
  if (reply.auth === undefined) return reply.shown;
  const issued = issueLogin(world, reply.auth, { namespace: request.place, mount, path: request.fullPath });
  warnings.push(...issued.warnings);
  return issued;
}

function blockOf(world: World, shown: ShownToken): ReturnType<typeof authBlock> {
  const block = authBlock(shown.entry, shown.ttlMs, world.identity.policies(shown.entry.entityId));
  return shown.hideId ? { ...block, client_token: '' } : block;
}
