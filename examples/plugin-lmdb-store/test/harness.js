// Tells the conformance suite what the plugin works on. It cannot offer damage: LMDB has no checksums, and damaged pages may end the process.
import { join } from 'node:path';

export default {
  settings: ({ dir }) => ({ path: join(dir, 'lmdb') }),
};
