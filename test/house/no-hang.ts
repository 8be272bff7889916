// Root hook of the whole run: a test that leaves a socket, server or timer open would keep the process alive; this names what is open and fails.
const GRACE_MS = 10_000;

/** Hooks that mocha picks up from a required module. */
export const mochaHooks = {
  afterAll(): void {
    const timer = setTimeout(() => {
      process.stderr.write(`tests left these resources open: ${process.getActiveResourcesInfo().join(', ')}\n`);
      process.exit(1);
    }, GRACE_MS);
    timer.unref();
  },
};
