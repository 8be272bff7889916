// Entities: who stands behind the tokens of a login. Policies on an entity count for all its tokens. Only what clients of the dev server need.
import type { Backend, Fields } from '../backend.js';
import { randomUuid } from '../chance.js';
import { optionalList, optionalText, optionalTextMap } from '../fields.js';
import { route, routed, type Route } from '../routes.js';
import type { CoreRequest } from '../world.js';

interface Entity {
  readonly id: string;
  name: string;
  policies: readonly string[];
  metadata: Readonly<Record<string, string>> | null;
  readonly aliases: { readonly name: string; readonly mount_accessor: string }[];
}

/** The entities of a server. */
export class Identity {
  readonly #entities = new Map<string, Entity>();

  /** The entity of an alias; made at the first login. */
  entityOf(mountAccessor: string, alias: string): string {
    const known = [...this.#entities.values()].find((entity) =>
      entity.aliases.some((item) => item.name === alias && item.mount_accessor === mountAccessor),
    );
    if (known !== undefined) return known.id;
    const id = randomUuid();
    const aliases = [{ name: alias, mount_accessor: mountAccessor }];
    this.#entities.set(id, { id, name: `entity_${id.slice(0, 8)}`, policies: [], metadata: null, aliases });
    return id;
  }

  /** Policies that an entity adds to its tokens; empty for unknown ones. */
  policies(entityId: string): readonly string[] {
    return this.#entities.get(entityId)?.policies ?? [];
  }

  /** Sets what the body names. False for unknown ids. */
  update(id: string, body: Fields): boolean {
    const entity = this.#entities.get(id);
    if (entity === undefined) return false;
    entity.name = optionalText(body, 'name') ?? entity.name;
    entity.policies = [...(optionalList(body, 'policies') ?? entity.policies)].sort();
    entity.metadata = optionalTextMap(body, 'metadata') ?? entity.metadata;
    return true;
  }

  describe(id: string): Fields | undefined {
    const entity = this.#entities.get(id);
    return entity === undefined ? undefined : { ...entity, disabled: false, direct_group_ids: [], group_ids: [] };
  }

  ids(): string[] {
    return [...this.#entities.keys()].sort();
  }

  remove(id: string): void {
    this.#entities.delete(id);
  }
}

/** The mount `identity/`, with more routes. */
export function createIdentity(identity: Identity, more: readonly Route[] = []): Backend {
  const serve = routed([
    route('entity/id', { list: () => ({ data: { keys: identity.ids() } }) }),
    route('entity/id/:id', {
      read: (_request, { id = '' }) => dataOf(identity.describe(id)),
      write: (request, { id = '' }) => {
        identity.update(id, request.body);
        return undefined;
      },
      delete: (_request, { id = '' }) => {
        identity.remove(id);
        return undefined;
      },
    }),
    ...more,
  ]);
  return { handle: (request) => serve(request as CoreRequest) };
}

function dataOf(data: Fields | undefined): { data: Fields } | undefined {
  return data === undefined ? undefined : { data };
}
