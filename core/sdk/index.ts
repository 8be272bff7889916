// The public contract of Claviger for plugins. Semantic versioning applies to what is exported here, and only to that.
export { AgentError, agentError, describeError, type Act, type ErrorFacts } from './errors.js';
export { CODES, type Code } from './codes.js';
export { Secret } from './secret.js';
export { KINDS, type Kind, type Manifest } from './manifest.js';
export type {
  ClientIdentity,
  Clock,
  Component,
  Env as EnvAccess,
  Health,
  LogFields,
  Logger,
  RawHeaders,
  State as StateAccess,
  Vault,
  VaultAnswer,
  VaultCall,
} from './host.js';
export {
  Env,
  Log,
  Mount,
  Report,
  Settings,
  SLOTS,
  State,
  Time,
  Upstream,
  construct,
  definePlugin,
  plugin,
  slot,
  type Slot,
} from './slots.js';
export type { AuthMethod, LoginAnswer, LoginAttempt, LoginPlan, Tried } from './kinds/auth-method.js';
export type { Delivery, Sink } from './kinds/sink.js';
export type { BatchOptions, CacheStore, StoreNews, StoreWrite } from './kinds/cache-store.js';
export type { Bound, Listener } from './kinds/listener.js';
export type { HashInput, RequestHasher } from './kinds/request-hasher.js';
export type { Serve } from './http-server.js';
export {
  isSameFile,
  readCredential,
  removeCredential,
  type Credential,
  type CredentialOptions,
  type FileIdentity,
  type Removal,
  type Trim,
} from './credential.js';
export { CredentialFile, type CredentialFileOptions } from './credential-file.js';
export { CredentialSource, type CredentialSourceOptions } from './credential-source.js';
export { passwordSource, type PasswordSettings } from './password-source.js';
export { watchFile, type WatchOptions } from './watch-file.js';
export { checkReplaceable, replaceFile, type FileAttributes } from './atomic-file.js';
export { accountNumber, type AccountKind } from './account.js';
export {
  bindSocketFile,
  checkSocketPath,
  readSocketAccess,
  type SocketAccess,
  type SocketAccessSettings,
} from './socket-file.js';
export { callService, refusalText, type ServiceAnswer, type ServiceRequest } from './service-call.js';
export { whyUnsafeTarget, type SafeTargetOptions } from './safe-target.js';
export { deliveryJson } from './delivery-json.js';
export { runProgram, type Program, type ProgramEnd } from './run-program.js';
export { fromBase32, toBase32 } from './base32.js';
export { signJwt, type JwtAlgorithm, type JwtOrder } from './jwt.js';
export { jwtFacts, jwtTimeTrouble, requireJwt, type JwtFacts } from './jwt-facts.js';
export { errnoOf, failureText } from './failure-text.js';
export {
  createHttpServer,
  DEFAULT_LIMITS,
  listenError,
  readListenerTls,
  type HttpLimits,
  type HttpServer,
  type HttpServerOptions,
  type ListenerTlsContext,
  type ListenerTlsSettings,
  type TlsMaterial,
} from './http-server.js';
