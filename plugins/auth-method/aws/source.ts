// What a source of AWS credentials is. Types only.
import type { AwsCredentials } from './credentials.js';

/** What a source has: credentials, or why it has none (never a reason to stop looking). */
export type Look = { readonly credentials: AwsCredentials; readonly outcome?: string } | { readonly none: string };

/** One source. A source that was set up and cannot answer throws: asking another one then would log in as somebody else. */
export interface Source {
  readonly name: string;
  look(signal: AbortSignal): Promise<Look>;
}
