// node bench/import-cost.mjs <plugin.json>: what loading one plugin costs on top of a running agent: milliseconds and MB of memory, as JSON. The SDK and
// the node modules that every agent has loaded anyway are loaded before.
import 'node:http';
import 'node:https';
import 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const manifest = pathToFileURL(process.argv[2]);
const { entry } = JSON.parse(readFileSync(manifest, 'utf8'));
await import(new URL('../../../core/sdk/index.js', manifest).href);
globalThis.gc?.();
const before = process.memoryUsage().rss;
const began = performance.now();
await import(new URL(entry, manifest).href);
const ms = performance.now() - began;
process.stdout.write(JSON.stringify({ ms, mb: (process.memoryUsage().rss - before) / 1048576 }));
