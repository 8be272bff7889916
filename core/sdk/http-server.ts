// createHttpServer: the one HTTP/1.1 server of the SDK; every listener plugin hands its `Serve` to it. The parts are in ./http.
export {
  createHttpServer,
  type HttpServer,
  type HttpServerOptions,
  type Serve,
  type TlsMaterial,
} from './http/create-http-server.js';
export { DEFAULT_LIMITS, type HttpLimits } from './http/limits.js';
export { readListenerTls, type ListenerTlsContext, type ListenerTlsSettings } from './http/listener-tls.js';
export { listenError } from './http/listen-error.js';
