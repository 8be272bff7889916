// The conformance suite of auth methods, and what is special about this one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authMethodSuite, loadPlugin } from 'claviger/sdk/testing';

const plugin = new URL('../plugin.json', import.meta.url).href;

authMethodSuite({ test, plugin });

test('logs in at its mount with the role and the token of the chosen variable', async () => {
  const made = await loadPlugin(plugin, { settings: { role: 'app', variable: 'CI_JOB_JWT' }, mount: 'auth/ci' });
  made.fakes.env.set('CI_JOB_JWT', ' the.token ');
  const { login, body } = await made.plugin.prepare();
  assert.deepEqual({ login, body }, { login: 'auth/ci/login', body: { role: 'app', jwt: 'the.token' } });
});

test('explains a 400 of the server and nothing else', async () => {
  const made = await loadPlugin(plugin, { settings: { role: 'app', variable: 'APP_JWT' } });
  assert.match(made.plugin.hint(400), /role "app" exists at auth\/jwt/);
  assert.equal(made.plugin.hint(503), undefined);
});
