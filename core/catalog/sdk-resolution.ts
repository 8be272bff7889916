// External plugins import `claviger/sdk`; this makes that name mean the host's own copy. Installed only when an external plugin is loaded,
// because it costs a thread on Node 20.
import { register } from 'node:module';

const HERE = new URL('../sdk/', import.meta.url);
const HOOK = (targets: Readonly<Record<string, string>>): string => `
const targets = ${JSON.stringify(targets)};
export async function resolve(specifier, context, next) {
  const url = targets[specifier];
  return url === undefined ? next(specifier, context) : { url, shortCircuit: true, format: 'module' };
}`;

let shared = false;

/** Maps `claviger/sdk` and `claviger/sdk/testing` to this process's modules for everything imported from now on. Safe to call twice. */
export function shareSdk(): void {
  if (shared) return;
  shared = true;
  const targets = {
    'claviger/sdk': new URL('index.js', HERE).href,
    'claviger/sdk/testing': new URL('testing/index.js', HERE).href,
  };
  register(`data:text/javascript,${encodeURIComponent(HOOK(targets))}`);
}
