// Which requests may turn their connection into another protocol: WebSocket only. Other offers, above all `h2c` of Java's client, are answered as
// if they had not been made (D-32), which node does by itself only where nobody upgrades at all.
import { IncomingMessage } from 'node:http';

/** True for an Upgrade header that offers WebSocket and not HTTP/2. */
export function offersWebSocket(upgrade: string): boolean {
  const offers = upgrade.toLowerCase().split(',');
  return offers.some((offer) => offer.trim() === 'websocket') && !offers.some((offer) => offer.trim().startsWith('h2'));
}

/** True for a request that asks for a WebSocket and could get one: GET, HTTP/1.1, one Upgrade header, no body. */
export function asksForWebSocket({ method, httpVersion, headers }: IncomingMessage): boolean {
  const { upgrade } = headers;
  if (method !== 'GET' || httpVersion !== '1.1' || typeof upgrade !== 'string') return false;
  const length = headers['content-length'];
  return (
    offersWebSocket(upgrade) && headers['transfer-encoding'] === undefined && (length === undefined || length === '0')
  );
}

/**
 * A request of a server that upgrades. Node sets `upgrade` for every offer and asks it again, with all headers there, before it gives the connection
 * away: only then is it known what is offered.
 */
export class SelectiveRequest extends IncomingMessage {
  declare private offered: boolean | null;

  get upgrade(): boolean | null {
    if (this.offered !== true || this.method === 'CONNECT') return this.offered;
    return asksForWebSocket(this);
  }

  set upgrade(offered: boolean | null) {
    this.offered = offered;
  }
}
