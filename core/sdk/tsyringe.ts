// The one door to tsyringe and reflect-metadata. They are CommonJS, and Node's ESM loader would parse them twice to find their exports: loading them
// with require saves about 30 ms and 8 MB at start. reflect-metadata must come first, or tsyringe throws.
import { createRequire } from 'node:module';
import type {} from 'reflect-metadata';
import type * as Tsyringe from 'tsyringe';

export type { DependencyContainer } from 'tsyringe';

const require = createRequire(import.meta.url);
require('reflect-metadata');

/** What the SDK's slots and the boot's containers use of tsyringe. */
export const { inject, injectable, container } = require('tsyringe') as typeof Tsyringe;
