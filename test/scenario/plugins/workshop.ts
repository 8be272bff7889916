// A folder outside the repository with a copy of the example plugin, whole or broken. Removed at the end whatever happened.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the package that is tested. */
export const PACKAGE = fileURLToPath(new URL('../../../../', import.meta.url));

const EXAMPLE = join(PACKAGE, 'examples', 'plugin-jwt-env');

/** The folder. Each has a plugin file of its own, because ES modules are imported once. */
export class Workshop {
  readonly path = mkdtempSync(join(tmpdir(), 'claviger-plugins-'));
  /** Folder of the plugin. */
  readonly plugin = join(this.path, 'jwt-env');

  constructor() {
    cpSync(EXAMPLE, this.plugin, { recursive: true, filter: (path) => !path.includes('node_modules') });
  }

  at(name: string): string {
    return join(this.path, name);
  }

  /** Reads a file of the plugin. */
  read(name: string): string {
    return readFileSync(join(this.plugin, name), 'utf8');
  }

  /** Replaces a file of the plugin. */
  write(name: string, text: string): void {
    writeFileSync(join(this.plugin, name), text);
  }

  /** Changes members of the manifest; `undefined` removes one. */
  manifest(change: Readonly<Record<string, unknown>>): void {
    this.write('plugin.json', JSON.stringify({ ...(JSON.parse(this.read('plugin.json')) as object), ...change }));
  }

  /** A configuration that uses the plugin and one listener. */
  config(more = ''): string {
    const path = this.at('agent.hcl');
    const method = 'method "jwt-env" {\n  config = {\n    role = "app"\n  }\n}\n';
    const sink = `sink "file" {\n  config = {\n    path = "${this.at('token')}"\n  }\n}\n`;
    const listener = 'listener "tcp" {\n  address = "127.0.0.1:0"\n  tls_disable = true\n}\n';
    writeFileSync(
      path,
      `plugin_directory = "${this.path}"\n${more}vault {\n  address = "http://127.0.0.1:1"\n}\n` +
        `auto_auth {\n${method}${sink}}\n${listener}`,
    );
    return path;
  }

  /** What `npm install` does for the author: the package under its name. */
  install(): void {
    mkdirSync(join(this.plugin, 'node_modules'));
    symlinkSync(PACKAGE, join(this.plugin, 'node_modules', 'claviger'));
  }
}

/** Runs `work` with a workshop of its own. */
export async function inWorkshop<T>(work: (shop: Workshop) => Promise<T>): Promise<T> {
  const shop = new Workshop();
  try {
    return await work(shop);
  } finally {
    rmSync(shop.path, { recursive: true, force: true });
  }
}
