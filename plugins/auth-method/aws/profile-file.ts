// Reads the files of AWS profiles (`~/.aws/credentials`, `~/.aws/config`). Pure. (Spec auth-wire 4.3 d; AWS: "Configuration and credential file settings".)

/** The settings of one profile, names in lower case. */
export type Profile = Readonly<Record<string, string>>;

/** Profiles by name, or the number of the first line that is neither section nor setting. */
export type Profiles = ReadonlyMap<string, Profile> | { readonly line: number };

/**
 * Reads one file. With `prefixed`, sections are called `[profile x]` (and `[default]`); others are left out. Comment lines start with `#` or `;`;
 * indented lines belong to the setting before (nested settings such as `s3`), which no credential has, so they are left out.
 */
export function readProfiles(text: string, prefixed: boolean): Profiles {
  const profiles = new Map<string, Record<string, string>>();
  let current: Record<string, string> = {};
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || /^[#;]/.test(line) || /^\s/.test(raw)) continue;
    const title = /^\[([^\]]*)\]\s*(?:[#;].*)?$/.exec(line)?.[1];
    if (title !== undefined) {
      current = opened(profiles, nameOf(title.trim(), prefixed));
      continue;
    }
    const [name, value] = cut(line);
    if (!/^[^:]+$/.test(name)) return { line: index + 1 };
    current[name.toLowerCase()] = value.replace(/\s[#;].*$/, '').trim();
  }
  return profiles;
}

function cut(line: string): [name: string, value: string] {
  const at = line.indexOf('=');
  return at < 0 ? ['', ''] : [line.slice(0, at).trimEnd(), line.slice(at + 1).trimStart()];
}

// A section that comes twice is one.
function opened(profiles: Map<string, Record<string, string>>, name: string | undefined): Record<string, string> {
  if (name === undefined) return {};
  const profile = profiles.get(name) ?? (Object.create(null) as Record<string, string>);
  profiles.set(name, profile);
  return profile;
}

function nameOf(title: string, prefixed: boolean): string | undefined {
  if (!prefixed || title === 'default') return title;
  return /^profile\s+["']?(.+?)["']?$/.exec(title)?.[1];
}
