// How the agent names itself to the server (spec cache U-3). Pure.

/** Parts of the agent as the server sees them. */
export type Speaker = 'API Proxy' | 'Auto-Auth';

/** `Claviger API Proxy/0.1.0 (node v20.19.0)`. */
export function userAgent(product: string, speaker: Speaker, version: string): string {
  return `${product} ${speaker}/${version} (node ${process.version})`;
}
