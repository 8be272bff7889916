// Every plugin folder is complete and keeps to the rules that no conformance suite can see.
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { checkManifest } from '../../core/catalog/manifest-check.js';
import { ROOT, filesBelow, textOf } from './sources.js';

const folders = filesBelow('plugins', 'plugin.json').map(dirname);

describe('house: plugins', () => {
  it('finds the plugins', () => {
    expect(folders.length).to.be.greaterThan(10);
  });

  for (const folder of folders) {
    it(`${folder} has its five files, a valid manifest and a README that names each setting`, () => {
      for (const file of ['plugin.json', 'schema.json', 'index.ts', 'README.md', 'sample.hcl']) {
        expect(existsSync(join(ROOT, folder, file)), `${folder}/${file}`).to.equal(true);
      }
      const checked = checkManifest(JSON.parse(textOf(`${folder}/plugin.json`)));
      if ('why' in checked) throw new Error(checked.why);
      const { manifest } = checked;
      expect(basename(folder)).to.equal(manifest.name);
      expect(basename(dirname(folder))).to.equal(manifest.kind);
      const schema = JSON.parse(textOf(`${folder}/schema.json`)) as {
        additionalProperties: unknown;
        properties?: Record<string, { description?: string }>;
      };
      expect(schema.additionalProperties).to.equal(false);
      const readme = textOf(`${folder}/README.md`);
      for (const [key, property] of Object.entries(schema.properties ?? {})) {
        expect(property.description, `${folder}: ${key} has no description`).to.be.a('string');
        expect(readme, `${folder}/README.md does not name ${key}`).to.include(`\`${key}\``);
      }
    });
  }
});
