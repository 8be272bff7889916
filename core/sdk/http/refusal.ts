// Answers to what never became a request: Vault's error shape, written straight to the socket. Pure.

/** What is said to a client that did not send a request. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** Status and message for a fault that node's parser or its time-out reports; undefined when the client is beyond hearing. */
export function refusalOf(code: string | undefined): Refusal | undefined {
  if (code === undefined || !/^(HPE_|ERR_HTTP_)/.test(code)) return undefined;
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, message: 'the request header is too large' };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, message: 'the chunk extensions are too large' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, message: 'the request did not arrive in time' };
    default:
      return { status: 400, message: 'this is not a valid HTTP/1.1 request' };
  }
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Payload Too Large',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** `{"errors":["message"]}` and a line end: the body of every error the agent makes itself (spec cache 2.4). */
export function errorBody(message: string): string {
  return `${JSON.stringify({ errors: [message] })}\n`;
}

/** A complete HTTP/1.1 answer that ends the connection. */
export function rawRefusal({ status, message }: Refusal): string {
  const body = errorBody(message);
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status] ?? 'Error'}`,
    'Content-Type: application/json',
    'Cache-Control: no-store',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
