// The version of this package, read from package.json.
import { readFileSync } from 'node:fs';

/** Version text such as `0.1.0`. */
export function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
