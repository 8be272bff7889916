// `npm run docs`: writes the generated reference pages.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { referencePages } from './reference.js';
import { ROOT } from './sources.js';

for (const [path, text] of Object.entries(referencePages())) {
  writeFileSync(join(ROOT, path), text);
  process.stdout.write(`${path}\n`);
}
