// One profile of Oracle's configuration files (INI). Pure.

/** The values of a section; names are lower-case. A value is everything after the first `=`, others in it included. */
export function readProfile(text: string, name: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let inside = false;
  for (const line of text.split(/\r?\n/).map((raw) => raw.trim())) {
    const section = /^\[(.*)\]$/.exec(line)?.[1];
    if (section !== undefined) inside = section.trim() === name;
    else if (inside && !/^[#;]/.test(line)) put(values, line);
  }
  return values;
}

function put(values: Map<string, string>, line: string): void {
  const at = line.indexOf('=');
  if (at <= 0) return;
  const value = line.slice(at + 1).trim();
  if (value !== '') values.set(line.slice(0, at).trim().toLowerCase(), value);
}
