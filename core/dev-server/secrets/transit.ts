// Secret engine `transit`, as far as an agent needs it: symmetric keys that encrypt, decrypt, rewrap and rotate. Ciphertexts are real
// (AES-256-GCM under a key that never leaves the mount), so what was tampered with is refused. Recorded from OpenBao 2.6.2.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { fault } from '../backend.js';
import type { Backend, BackendReply, Fields, Mount } from '../backend.js';
import { optionalText } from '../fields.js';
import { listReply, routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';

interface TransitKey {
  readonly versions: { readonly key: Buffer; readonly madeAtS: number }[];
}

const NONCE = 12;
const TAG = 16;

/** Makes a transit mount. */
export function createTransit(mount: Mount): Backend {
  const keys = new Map<string, TransitKey>();
  return routeTable(routesOf(keys, mount));
}

function routesOf(keys: Map<string, TransitKey>, mount: Mount): Route[] {
  const make = (name: string): TransitKey => {
    const key: TransitKey = { versions: [] };
    rotate(key, mount);
    keys.set(name, key);
    return key;
  };
  const known = (call: Call): TransitKey => {
    const key = keys.get(call.param('name'));
    if (key === undefined) throw fault(400, 'encryption key not found');
    return key;
  };
  const shown = (name: string): BackendReply | undefined => {
    const key = keys.get(name);
    return key === undefined ? undefined : { data: shownKey(name, key) };
  };
  return [
    { path: 'keys', on: { list: () => listReply([...keys.keys()].sort()) } },
    {
      path: 'keys/:name',
      on: {
        read: (call) => shown(call.param('name')),
        write: (call) => {
          if (!keys.has(call.param('name'))) make(call.param('name'));
          return shown(call.param('name'));
        },
        delete: () => {
          throw fault(400, 'error deleting policy: deletion is not allowed for this key');
        },
      },
    },
    {
      path: 'keys/:name/rotate',
      on: {
        write: (call) => {
          rotate(known(call), mount);
          return shown(call.param('name'));
        },
      },
    },
    {
      path: 'encrypt/:name',
      exists: (call) => keys.has(call.param('name')),
      on: { write: (call) => encrypt(keys.get(call.param('name')) ?? make(call.param('name')), plaintextOf(call)) },
    },
    { path: 'decrypt/:name', on: { write: (call) => decrypted(known(call), call) } },
    { path: 'rewrap/:name', on: { write: (call) => encrypt(known(call), open(known(call), ciphertextOf(call))) } },
  ];
}

function rotate(key: TransitKey, { clock }: Mount): void {
  key.versions.push({ key: randomBytes(32), madeAtS: Math.floor(clock.now() / 1000) });
}

function encrypt({ versions }: TransitKey, plain: Buffer): BackendReply {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', versions.at(-1)!.key, nonce);
  const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  const version = versions.length;
  return { data: { ciphertext: `vault:v${String(version)}:${sealed.toString('base64')}`, key_version: version } };
}

const decrypted = (key: TransitKey, call: Call): BackendReply => ({
  data: { plaintext: open(key, ciphertextOf(call)).toString('base64') },
});

function plaintextOf({ body }: Call): Buffer {
  const text = optionalText(body, 'plaintext');
  if (text === undefined) throw fault(400, "missing 'plaintext' argument");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw fault(400, 'failed to base64-decode plaintext');
  return Buffer.from(text, 'base64');
}

function ciphertextOf({ body }: Call): string {
  const text = optionalText(body, 'ciphertext') ?? '';
  if (text === '') throw fault(400, 'missing ciphertext to decrypt');
  return text;
}

function open({ versions }: TransitKey, text: string): Buffer {
  if (!text.startsWith('vault:v')) throw fault(400, 'invalid ciphertext: no prefix');
  const match = /^vault:v(\d+):(.*)$/s.exec(text);
  if (match === null) throw fault(400, 'invalid ciphertext: wrong number of fields');
  const version = versions[Number(match[1]) - 1];
  if (version === undefined) throw fault(400, 'invalid ciphertext: version is too new');
  const sealed = Buffer.from(match[2]!, 'base64');
  if (sealed.length < NONCE + TAG) throw fault(400, 'invalid ciphertext: could not decode base64');
  const decipher = createDecipheriv('aes-256-gcm', version.key, sealed.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAuthTag(sealed.subarray(-TAG));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]);
  } catch {
    throw fault(400, 'cipher: message authentication failed');
  }
}

function shownKey(name: string, { versions }: TransitKey): Fields {
  return {
    allow_plaintext_backup: false,
    auto_rotate_period: 0,
    deletion_allowed: false,
    derived: false,
    exportable: false,
    imported_key: false,
    keys: Object.fromEntries(versions.map(({ madeAtS }, index) => [String(index + 1), madeAtS])),
    latest_version: versions.length,
    min_available_version: 0,
    min_decryption_version: 1,
    min_encryption_version: 0,
    name,
    soft_deleted: false,
    supports_decryption: true,
    supports_derivation: true,
    supports_encryption: true,
    supports_signing: false,
    type: 'aes256-gcm96',
  };
}
