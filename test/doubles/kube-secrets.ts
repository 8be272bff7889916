// Secrets of a Kubernetes API server with server-side apply: who owns which field, conflicts, removal of what nobody owns any more. (Kubernetes docs,
// "Server-Side Apply".) Knows no HTTP and no permissions. Only `data`, labels, annotations and `type` are fields here.

/** An object as it is read. */
export interface SecretView {
  readonly apiVersion: 'v1';
  readonly kind: 'Secret';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly resourceVersion: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly type: string;
  readonly data: Record<string, string>;
}

/** What an apply came to. */
export type Applied =
  | { readonly outcome: 'created' | 'changed'; readonly secret: SecretView }
  | { readonly outcome: 'conflict'; readonly fields: readonly string[]; readonly owners: readonly string[] }
  | { readonly outcome: 'invalid'; readonly why: string };

interface Field {
  value: string;
  readonly owners: Set<string>;
}

/** All secrets. */
export class KubeSecrets {
  readonly #objects = new Map<string, Map<string, Field>>();
  readonly #immutable = new Set<string>();
  #version = 100;

  /** The secret, or undefined. */
  read(namespace: string, name: string): SecretView | undefined {
    const fields = this.#objects.get(`${namespace}/${name}`);
    if (fields === undefined) return undefined;
    const group = (prefix: string): Record<string, string> =>
      Object.fromEntries(
        [...fields]
          .filter(([key]) => key.startsWith(prefix))
          .map(([key, { value }]) => [key.slice(prefix.length), value]),
      );
    const metadata = {
      name,
      namespace,
      resourceVersion: String(this.#version),
      labels: group('labels/'),
      annotations: group('annotations/'),
    };
    return {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      type: fields.get('type')?.value ?? 'Opaque',
      data: group('data/'),
    };
  }

  /** The decoded text of one key, or undefined. */
  text(namespace: string, name: string, key: string): string | undefined {
    const value = this.read(namespace, name)?.data[key];
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
  }

  /** Managers that own a key. */
  owners(namespace: string, name: string, key: string): string[] {
    return [...(this.#objects.get(`${namespace}/${name}`)?.get(`data/${key}`)?.owners ?? [])];
  }

  /** Somebody else writes (an update that takes the fields over, as `kubectl edit` does). */
  write(namespace: string, name: string, manager: string, data: Readonly<Record<string, string>>): void {
    const fields = this.#objects.get(`${namespace}/${name}`) ?? new Map<string, Field>();
    for (const [key, text] of Object.entries(data))
      fields.set(`data/${key}`, { value: Buffer.from(text).toString('base64'), owners: new Set([manager]) });
    this.#objects.set(`${namespace}/${name}`, fields);
    this.#version += 1;
  }

  /** Applies of a frozen secret are refused. */
  freeze(namespace: string, name: string): void {
    this.#immutable.add(`${namespace}/${name}`);
  }

  remove(namespace: string, name: string): void {
    this.#objects.delete(`${namespace}/${name}`);
  }

  /** Server-side apply of an object by a manager. */
  apply(
    namespace: string,
    name: string,
    object: unknown,
    { manager, force }: { manager: string; force: boolean },
  ): Applied {
    const wanted = fieldsOf(object, name);
    if (typeof wanted === 'string') return { outcome: 'invalid', why: wanted };
    const id = `${namespace}/${name}`;
    if (this.#immutable.has(id))
      return { outcome: 'invalid', why: 'data: Forbidden: field is immutable when `immutable` is set' };
    const outcome = this.#objects.has(id) ? 'changed' : 'created';
    const fields = this.#objects.get(id) ?? new Map<string, Field>();
    const clashes = [...wanted].filter(([key, value]) => isForeign(fields.get(key), value, manager));
    if (clashes.length > 0 && !force) {
      const owners = new Set(clashes.flatMap(([key]) => [...(fields.get(key)?.owners ?? [])]));
      return {
        outcome: 'conflict',
        fields: clashes.map(([key]) => key),
        owners: [...owners].filter((one) => one !== manager),
      };
    }
    this.#objects.set(id, fields);
    settle(fields, wanted, manager);
    this.#version += 1;
    return { outcome, secret: this.read(namespace, name)! };
  }
}

function isForeign(field: Field | undefined, value: string, manager: string): boolean {
  return field !== undefined && field.value !== value && [...field.owners].some((owner) => owner !== manager);
}

function settle(fields: Map<string, Field>, wanted: ReadonlyMap<string, string>, manager: string): void {
  for (const [key, field] of fields) {
    if (wanted.has(key)) continue;
    if (field.owners.delete(manager) && field.owners.size === 0) fields.delete(key);
  }
  for (const [key, value] of wanted) {
    const field = fields.get(key);
    if (field === undefined || field.value !== value) fields.set(key, { value, owners: new Set([manager]) });
    else field.owners.add(manager);
  }
}

/** The fields of an object by path, or what is wrong with it. */
function fieldsOf(object: unknown, name: string): Map<string, string> | string {
  const { apiVersion, kind, metadata, type, data, stringData } = (object ?? {}) as Record<string, unknown>;
  if (apiVersion !== 'v1' || kind !== 'Secret') return 'apiVersion must be v1 and kind Secret';
  const about = (metadata ?? {}) as {
    name?: unknown;
    labels?: unknown;
    annotations?: unknown;
    managedFields?: unknown;
  };
  if (about.name !== undefined && about.name !== name)
    return 'the name of the object does not match the name on the URL';
  if (about.managedFields !== undefined) return 'metadata.managedFields must be nil';
  if (stringData !== undefined) return 'stringData is not owned field by field; apply data';
  const fields = new Map<string, string>(typeof type === 'string' ? [['type', type]] : []);
  for (const [group, values] of [
    ['data', data],
    ['labels', about.labels],
    ['annotations', about.annotations],
  ] as const) {
    for (const [key, value] of Object.entries((values ?? {}) as Record<string, unknown>)) {
      if (typeof value !== 'string') return `${group}.${key} must be a text`;
      if (group === 'data' && !isBase64(value)) return `data.${key}: illegal base64 data`;
      fields.set(`${group}/${key}`, value);
    }
  }
  return fields;
}

const isBase64 = (text: string): boolean => Buffer.from(text, 'base64').toString('base64') === text;
