// Names and domains of Oracle's regions. Pure. Newer regions are told by their full name, so that the short ones here are all there will be.

const SHORT: Readonly<Record<string, string>> = {
  phx: 'us-phoenix-1',
  iad: 'us-ashburn-1',
  fra: 'eu-frankfurt-1',
  lhr: 'uk-london-1',
};

const DOMAINS: readonly (readonly [region: RegExp, domain: string])[] = [
  [/^us-(langley|luke)-\d+$/, 'oraclegovcloud.com'],
  [/^us-gov-/, 'oraclegovcloud.com'],
  [/^uk-gov-/, 'oraclegovcloud.uk'],
];

/** `us-phoenix-1` of `phx`; undefined for a text that is no region. */
export function regionName(text: string): string | undefined {
  const region = text.trim().toLowerCase();
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(region)) return undefined;
  return SHORT[region] ?? region;
}

/** Base URL of the service that gives instances their tokens. */
export function authService(region: string): string {
  const domain = DOMAINS.find(([pattern]) => pattern.test(region))?.[1] ?? 'oraclecloud.com';
  return `https://auth.${region}.${domain}`;
}
