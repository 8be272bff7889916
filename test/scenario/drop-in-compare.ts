// Two transcripts of play.mjs -> what differs, in words that a table can list. Pure; it knows nothing of processes.

/** What a client saw in one step, and which calls reached the server. */
export interface PlayedStep {
  readonly step: string;
  /** Of parallel requests: all of them, sorted and joined. */
  readonly status: number | string;
  readonly cache?: string;
  readonly age?: string;
  readonly type?: string;
  readonly body?: unknown;
  readonly upstream: readonly string[];
}

/** One setting of the agent, from its start to its end. */
export interface PlayedScenario {
  readonly start: readonly string[];
  /** Exit code or signal. */
  readonly exit?: number | string;
  readonly steps: readonly PlayedStep[];
}

type Value = string | number | undefined;

/** A whole transcript, by name of the scenario. */
export type Transcript = Readonly<Record<string, PlayedScenario>>;

/**
 * The differences as `scenario/step` -> sorted list. An entry of the list is `status: 500 -> 200`, `calls: - PUT /v1/x auto` (only the reference
 * made it), `calls: + ...` (only ours), `body.auth.token_type` (a member that differs, is missing or is new), `body` (no JSON) or `order of
 * members`.
 */
export function differences(reference: Transcript, ours: Transcript): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const note = (where: string, list: readonly string[]): void => {
    if (list.length > 0) found.set(where, [...list].sort());
  };
  for (const [name, expected] of Object.entries(reference)) {
    const got = ours[name] ?? { start: [], exit: 'not played', steps: [] };
    note(`${name}/start`, inCalls(expected.start, got.start));
    note(`${name}/end`, inValue('exit', expected.exit, got.exit));
    expected.steps.forEach((step, at) => note(`${name}/${step.step}`, inStep(step, got.steps[at])));
  }
  return found;
}

function inStep(expected: PlayedStep, got: PlayedStep | undefined): string[] {
  if (got?.step !== expected.step) return ['not played'];
  // of parallel requests the first may be the one that was fetched or one that waited for it
  const parallel = typeof expected.status === 'string';
  return [
    ...inValue('status', expected.status, got.status),
    ...inValue('X-Cache', expected.cache, got.cache),
    ...(parallel ? [] : inValue('Age', expected.age, got.age)),
    ...inValue('type', expected.type, got.type),
    ...inBody(readable(expected.body), readable(got.body)),
    ...inCalls(expected.upstream, got.upstream),
  ];
}

const inValue = (name: string, expected: Value, got: Value): string[] =>
  expected === got ? [] : [`${name}: ${String(expected ?? 'none')} -> ${String(got ?? 'none')}`];

function inCalls(expected: readonly string[], got: readonly string[]): string[] {
  const calls = (list: readonly string[]): string[] => list.map(sameNames);
  return [
    ...without(calls(expected), calls(got)).map((call) => `calls: - ${call}`),
    ...without(calls(got), calls(expected)).map((call) => `calls: + ${call}`),
  ];
}

function without(list: readonly string[], taken: readonly string[]): string[] {
  const left = [...taken];
  return list.filter((item) => {
    const at = left.indexOf(item);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function inBody(expected: unknown, got: unknown): string[] {
  const members = inMembers('body', expected, got);
  if (members.length > 0 && !isObject(expected)) return members;
  const sameOrder = JSON.stringify(shared(expected, got)) === JSON.stringify(shared(got, expected));
  return sameOrder ? members : [...members, 'order of members'];
}

function inMembers(path: string, expected: unknown, got: unknown): string[] {
  if (!isObject(expected) || !isObject(got)) return JSON.stringify(expected) === JSON.stringify(got) ? [] : [path];
  const names = new Set([...Object.keys(expected), ...Object.keys(got)]);
  return [...names].flatMap((name) => inMembers(`${path}.${name}`, expected[name], got[name]));
}

/** The names of the members that both have, in the order of the first. */
function shared(one: unknown, other: unknown): unknown {
  if (!isObject(one) || !isObject(other)) return null;
  const names = Object.keys(one).filter((name) => name in other);
  return names.map((name) => [name, shared(one[name], other[name])]);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** play.mjs leaves a body as text when its masks made it unreadable as JSON. */
function readable(body: unknown): unknown {
  if (typeof body !== 'string')
    return body === undefined ? undefined : (JSON.parse(sameNames(JSON.stringify(body))) as unknown);
  try {
    return JSON.parse(sameNames(body).replace(/:<unix>/g, ':"<unix>"')) as unknown;
  } catch {
    return sameNames(body);
  }
}

/**
 * Where ours answers `made2` from the cache (D-19) it is the token `made`; later steps then show one under the other's name. The two references
 * write the query of their first call differently.
 */
const sameNames = (text: string): string => text.replaceAll('made2', 'made').replace(/\?drsecondarycode=\S+/, '?...');
