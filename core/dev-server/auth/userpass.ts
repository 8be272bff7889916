// Auth method `userpass`: users with passwords, login, lock-out. Follows the recordings of OpenBao 2.6.2.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { fault } from '../backend.js';
import type { AuthOrder, AuthView, Backend, BackendRequest, Fields, Mount, Terms } from '../backend.js';
import { optionalText } from '../fields.js';
import { listReply, routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';
import { Lockout } from './lockout.js';
import { NO_PARAMS, checkSamePolicies, checkSource, orderOf, readTokenParams } from './token-params.js';
import { shownTokenParams, termsOf } from './token-params.js';
import type { TokenParams } from './token-params.js';

interface User {
  readonly salt: Buffer;
  readonly digest: Buffer;
  readonly token: TokenParams;
}

/** Makes a userpass mount. */
export function createUserpass(mount: Mount): Backend {
  const method = new Users(mount);
  return {
    ...routeTable(method.routes()),
    unauthenticated: ['login/*'],
    renewAuth: (auth) => method.renew(auth),
  };
}

class Users {
  readonly #users = new Map<string, User>();
  readonly #lockout: Lockout;

  constructor(mount: Mount) {
    this.#lockout = new Lockout(() => mount.clock.now());
  }

  routes(): Route[] {
    return [
      { path: 'login/:user', on: { write: (call) => ({ auth: this.#login(nameOf(call), call.request) }) } },
      { path: 'users', on: { list: () => listReply([...this.#users.keys()].sort()) } },
      {
        path: 'users/:user',
        exists: (call) => this.#users.has(nameOf(call)),
        on: {
          read: (call) => {
            const user = this.#users.get(nameOf(call));
            return user === undefined ? undefined : { data: shownTokenParams(user.token) };
          },
          write: (call) => this.#write(nameOf(call), call.body),
          delete: (call) => this.#delete(nameOf(call)),
        },
      },
      { path: 'users/:user/password', on: { write: (call) => this.#setPassword(nameOf(call), call.body) } },
      { path: 'users/:user/policies', on: { write: (call) => this.#setPolicies(nameOf(call), call.body) } },
    ];
  }

  renew(auth: AuthView): Terms {
    const name = auth.metadata?.['username'] ?? '';
    const user = this.#users.get(name);
    if (user === undefined) throw fault(500, `user "${name}" does not exist during renewal`);
    checkSamePolicies(user.token, auth);
    return termsOf(user.token);
  }

  #write(name: string, body: Fields): undefined {
    const before = this.#users.get(name);
    const password = optionalText(body, 'password') ?? '';
    if (before === undefined && password === '') throw fault(400, 'missing password');
    const token = readTokenParams(body, before?.token ?? NO_PARAMS);
    this.#users.set(name, { ...(password === '' && before !== undefined ? before : hashed(password)), token });
  }

  #delete(name: string): undefined {
    this.#users.delete(name);
    this.#lockout.succeeded(name);
  }

  #setPassword(name: string, body: Fields): undefined {
    const user = this.#need(name);
    const password = optionalText(body, 'password') ?? '';
    if (password === '') throw fault(400, 'missing password');
    this.#users.set(name, { ...hashed(password), token: user.token });
  }

  #setPolicies(name: string, body: Fields): undefined {
    const user = this.#need(name);
    const asked = body['token_policies'] ?? body['policies'] ?? [];
    this.#users.set(name, { ...user, token: readTokenParams({ token_policies: asked }, user.token) });
  }

  #need(name: string): User {
    const user = this.#users.get(name);
    if (user === undefined) throw fault(400, 'username does not exist');
    return user;
  }

  #login(name: string, request: BackendRequest): AuthOrder {
    if (this.#lockout.locked(name)) throw fault(403, 'permission denied');
    const password = optionalText(request.body, 'password') ?? '';
    if (password === '') throw fault(500, 'missing password');
    const user = this.#users.get(name);
    if (user === undefined) throw fault(400, 'invalid username or password');
    if (!matches(user, password)) {
      this.#lockout.failed(name);
      throw fault(400, 'invalid username or password');
    }
    checkSource(user.token, request);
    this.#lockout.succeeded(name);
    const order = orderOf(user.token, request.remoteAddress);
    return { ...order, displayName: name, metadata: { username: name }, alias: name };
  }
}

function nameOf(call: Call): string {
  return call.param('user').toLowerCase();
}

function digestOf(salt: Buffer, password: string): Buffer {
  return createHmac('sha256', salt).update(password).digest();
}

function hashed(password: string): Omit<User, 'token'> {
  const salt = randomBytes(16);
  return { salt, digest: digestOf(salt, password) };
}

function matches(user: User, password: string): boolean {
  return timingSafeEqual(digestOf(user.salt, password), user.digest);
}
