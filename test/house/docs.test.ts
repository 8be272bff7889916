// The docs say what the code does: generated pages are fresh, links lead somewhere, HCL samples in docs and plugins are valid configurations.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../core/boot/load-config.js';
import { referencePages } from './reference.js';
import { ROOT, filesBelow, textOf } from './sources.js';

const pages = [
  ...filesBelow('docs', '.md'),
  ...filesBelow('plugins', '.md'),
  ...filesBelow('examples', '.md'),
  'README.md',
  'CHANGELOG.md',
  'SECURITY.md',
];

/** Code blocks of a page in one language. */
function blocks(page: string, language: string): string[] {
  return [...textOf(page).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    (match) => match[1]!,
  );
}

describe('house: docs', () => {
  for (const [path, text] of Object.entries(referencePages())) {
    it(`${path} is fresh (npm run docs writes it)`, () => {
      expect(textOf(path)).to.equal(text);
    });
  }

  it('relative links lead to files that exist', () => {
    const broken = pages
      .filter((page) => !page.endsWith('sdk.api.md'))
      .flatMap((page) =>
        [...textOf(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)]
          .map((match) => normalize(join(dirname(page), match[1]!)))
          .filter((target) => !existsSync(join(ROOT, target)))
          .map((target) => `${page} -> ${target}`),
      );
    expect(broken).to.deep.equal([]);
  });

  it('every complete HCL sample in docs, README and plugins is a valid configuration', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'claviger-docs-'));
    try {
      const samples = [
        ...pages.flatMap((page) =>
          blocks(page, 'hcl').map((text, index) => ({ name: `${page} block ${index + 1}`, text })),
        ),
        ...filesBelow('plugins', 'sample.hcl').map((path) => ({ name: path, text: textOf(path) })),
        ...filesBelow('examples', '.hcl').map((path) => ({ name: path, text: textOf(path) })),
      ].filter(({ text }) => !/^# (fragment|invalid|not valid)/m.test(text));
      expect(samples.length).to.be.greaterThan(10);
      for (const { name, text } of samples) {
        const path = join(folder, 'sample.hcl');
        writeFileSync(path, text);
        const { problems } = await loadConfig({ paths: [path], product: 'agent', env: {}, flags: {}, strict: false });
        const errors = problems
          .filter((problem) => problem.severity === 'error')
          .map((problem) => `${problem.code} ${problem.message}`);
        expect(errors, name).to.deep.equal([]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('docs/migrate/differences.md cites each difference once', () => {
    const ids = [...textOf('docs/migrate/differences.md').matchAll(/^\| (D-\d+)/gm)].map((match) => match[1]!);
    expect(ids.length).to.be.greaterThan(5);
    expect(new Set(ids).size).to.equal(ids.length);
  });
});
