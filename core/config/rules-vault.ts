// Rules about the server and the log that need the environment: a usable address, both halves of a certificate, a log file without globs.
import { addressFault } from './address.js';
import type { CheckScope, Draft } from './draft.js';
import { placeNamed, variable } from './environment.js';
import { locate, placeOf, pointerTo } from './located.js';
import { pick } from './pick.js';

const ADDRESS_HINT = 'write https://host:8200, http://host:8200 or unix:///path/to/socket';

/** Reports what is wrong with the address, the client certificate and the log file. */
export function vaultRules(draft: Draft, scope: CheckScope): void {
  addressRule(draft, scope);
  addressesRules(draft, scope);
  pairRule(draft, scope);
  const { settings, map } = draft.root;
  const path = settings.log_file ?? '';
  if (/[*?[]/.test(path)) {
    const why = 'it has one of the characters * ? [';
    scope.report.error(
      'CONFIG_VALUE',
      { key: 'log_file', why },
      { at: placeOf(map, 'log_file'), key: 'log_file', hint: 'rename the file' },
    );
  }
}

function addressRule(draft: Draft, scope: CheckScope): void {
  const written = draft.vault?.settings.address;
  const { value, from } = pick(scope, { flag: 'address', env: 'ADDR', written: written ?? '', fallback: '' });
  const fault = value === '' ? undefined : addressFault(value);
  if (fault === undefined) return;
  const at = from === 'file' && draft.vault !== undefined ? placeOf(draft.vault.map, 'address') : placeNamed(from);
  const key = from === 'file' ? 'vault.address' : from;
  scope.report.error(
    'CONFIG_ADDRESS',
    { key, address: value.replace(/\/\/[^/@]*@/, '//...@'), why: fault },
    { at, key: 'vault.address', hint: ADDRESS_HINT },
  );
}

function addressesRules({ vault }: Draft, { report }: CheckScope): void {
  if (vault === undefined) return;
  for (const [index, address] of (vault.settings.addresses ?? []).entries()) {
    const fault = address === undefined || address === '' ? undefined : addressFault(address);
    if (address === undefined || fault === undefined) continue;
    const key = `vault.addresses[${index}]`;
    const shown = address.replace(/\/\/[^/@]*@/, '//...@');
    const { at } = locate(vault.map, pointerTo('/addresses', index));
    report.error('CONFIG_ADDRESS', { key, address: shown, why: fault }, { at, key, hint: ADDRESS_HINT });
  }
  const failover = vault.map.entries.get('failover');
  if (failover === undefined || vault.map.entries.has('addresses') || report.misspelt(vault.map, 'addresses')) return;
  const why = 'there is only one address';
  const hint = 'add addresses = ["https://a:8200", "https://b:8200"]';
  report.warn('CONFIG_IGNORED', { what: 'vault.failover', why }, { at: failover.at, key: 'vault.failover', hint });
}

function pairRule(draft: Draft, scope: CheckScope): void {
  const settings = draft.vault?.settings;
  const cert = pick(scope, {
    flag: 'clientCert',
    env: 'CLIENT_CERT',
    written: settings?.client_cert ?? '',
    fallback: '',
  });
  const key = pick(scope, { flag: 'clientKey', env: 'CLIENT_KEY', written: settings?.client_key ?? '', fallback: '' });
  if ((cert.value === '') === (key.value === '') || variable(scope.env, 'CLIENT_CERT_BYTES') !== undefined) return;
  const [have, need] = cert.value === '' ? ['client_key', 'client_cert'] : ['client_cert', 'client_key'];
  const from = cert.value === '' ? key.from : cert.from;
  if (draft.vault !== undefined && scope.report.misspelt(draft.vault.map, need)) return;
  const at = from === 'file' && draft.vault !== undefined ? placeOf(draft.vault.map, have) : placeNamed(from);
  scope.report.error(
    'CONFIG_MISSING',
    { key: need, where: `vault.${have}` },
    { at, key: `vault.${need}`, hint: 'set both or neither' },
  );
}
