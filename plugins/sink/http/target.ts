// Where a token may be sent, and with which headers. Pure.
import { whyUnsafeTarget } from 'claviger/sdk';

/** The part of the settings that says where. */
export interface Target {
  readonly url: string;
  readonly socket?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const OURS = new Set([
  'authorization',
  'content-type',
  'content-length',
  'transfer-encoding',
  'host',
  'connection',
  'upgrade',
  'expect',
]);

/** Why a token must not be sent there; undefined when it may. */
export function whyUnsafe({ url, socket, headers = {} }: Target): string | undefined {
  const why = whyUnsafeTarget(url, { throughSocket: socket !== undefined });
  if (why !== undefined) return why;
  return Object.entries(headers)
    .map(whyBadHeader)
    .find((why) => why !== undefined);
}

function whyBadHeader([name, value]: readonly [string, string]): string | undefined {
  if (!NAME.test(name)) return 'the name of a header is not one';
  if (OURS.has(name.toLowerCase())) return `header ${name} is set by the sink itself`;
  return VALUE.test(value) ? undefined : `the value of header ${name} has line breaks or other control characters`;
}
