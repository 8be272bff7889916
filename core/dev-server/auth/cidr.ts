// Address blocks of roles and secret ids: reading, comparing, asking. Pure; it knows no request.
import { BlockList, isIP } from 'node:net';

interface Block {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

function parse(text: string): Block | undefined {
  const [address = '', length, ...more] = text.trim().split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return undefined;
  const most = version === 4 ? 32 : 128;
  const bits = length === undefined ? most : Number(length);
  if (length === '' || !Number.isInteger(bits) || bits < 0 || bits > most) return undefined;
  return { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** Whether the text is an address or a block such as `10.0.0.0/8`. */
export function isCidr(text: string): boolean {
  return parse(text) !== undefined;
}

/** Whether one of the blocks holds the address. No blocks hold nothing. */
export function cidrsContain(cidrs: readonly string[], address: string): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  const list = new BlockList();
  for (const cidr of cidrs) {
    const block = parse(cidr);
    if (block !== undefined) list.addSubnet(block.address, block.bits, block.family);
  }
  return list.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** Whether every block of `inner` lies inside one block of `outer`. */
export function cidrsWithin(inner: readonly string[], outer: readonly string[]): boolean {
  return inner.every((text) => {
    const block = parse(text);
    return block !== undefined && outer.some((whole) => holds(whole, block));
  });
}

function holds(text: string, block: Block): boolean {
  const whole = parse(text);
  return whole !== undefined && whole.bits <= block.bits && cidrsContain([text], block.address);
}

/** The text the server shows: single hosts come without their prefix length. */
export function shownCidr(text: string): string {
  const block = parse(text);
  if (block === undefined) return text;
  return block.bits === (block.family === 'ipv4' ? 32 : 128) ? block.address : `${block.address}/${String(block.bits)}`;
}
