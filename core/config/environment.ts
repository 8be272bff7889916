// Looks up settings in the environment: BAO_X, then VAULT_X; a variable that exists counts even when it is empty (spec config 1.11). Pure.

/** A variable that exists. */
export interface Variable {
  /** Its full name, for messages. */
  readonly name: string;
  readonly value: string;
}

/** Environment of a run. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `BAO_<name>`, and only if that does not exist `VAULT_<name>`. */
export function variable(env: Environment, name: string): Variable | undefined {
  for (const full of [`BAO_${name}`, `VAULT_${name}`]) {
    const value = env[full];
    if (value !== undefined) return { name: full, value };
  }
  return undefined;
}

/** Like `variable`, but an empty one does not count. */
export function filled(env: Environment, name: string): Variable | undefined {
  const found = variable(env, name);
  return found === undefined || found.value === '' ? undefined : found;
}

/** The place of a variable or flag in findings. */
export function placeNamed(file: string): { file: string; line: 0; column: 0 } {
  return { file, line: 0, column: 0 };
}
