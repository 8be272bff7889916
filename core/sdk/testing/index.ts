// Testing tools for plugins: conformance suites, loadPlugin and stand-ins. Everything here asserts with node:assert and needs no runner.
export { makeFakes, type Fakes } from './fakes.js';
export { LogSpy, leaksIn, show, type LogLine } from './log-spy.js';
export { VaultFake, type Script, type SeenCall } from './vault-fake.js';
export { HealthSpy, type HealthReport } from './health-spy.js';
export { EnvFake } from './env-fake.js';
export { StateFake } from './state-fake.js';
export { VirtualClock, settle } from './virtual-clock.js';
export { loadPlugin, readManifest, type LoadOptions, type LoadedPlugin } from './load-plugin.js';
export type {
  AuthMethodHarness,
  Bench,
  CacheStoreHarness,
  Harness,
  ListenerHarness,
  RequestHasherHarness,
  SecureSettings,
  SinkHarness,
} from './harness.js';
export { authMethodSuite } from './auth-method-suite.js';
export { sinkSuite } from './sink-suite.js';
export { cacheStoreSuite } from './cache-store-suite.js';
export { listenerSuite } from './listener-suite.js';
export { requestHasherSuite } from './request-hasher-suite.js';
export type { SuiteOptions, TestFunction } from './suite.js';
export { makeCertificate, type CertificateWishes, type TestCertificate } from './certificates.js';
