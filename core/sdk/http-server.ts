// createHttpServer: the one HTTP/1.1 server behind every listener. Placeholder signature; see the file's owner.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a listener serves. Opaque to listener plugins. */
export interface Serve {
  request(request: IncomingMessage, response: ServerResponse): void;
}
