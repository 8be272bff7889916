// The routes of an auth method's roles: list, read, write, delete. Knows no role; what is shown and how one is changed comes from the method.
import type { Fields } from '../backend.js';
import { listReply } from '../route-table.js';
import type { Call, Route } from '../route-table.js';

/** The roles of one mount. */
export interface RoleBook<Role> {
  /** `role` or `roles`, as the real method spells it. */
  readonly folder: 'role' | 'roles';
  readonly roles: Map<string, Role>;
  readonly nameOf: (call: Call) => string;
  readonly shown: (role: Role) => Fields;
  /** Makes or changes one. Throws faults. */
  readonly write: (name: string, body: Fields) => undefined;
}

/** The routes. */
export function roleRoutes<Role>({ folder, roles, nameOf, shown, write }: RoleBook<Role>): Route[] {
  return [
    { path: folder, on: { list: () => listReply([...roles.keys()].sort()) } },
    {
      path: `${folder}/:role`,
      exists: (call) => roles.has(nameOf(call)),
      on: {
        read: (call) => {
          const role = roles.get(nameOf(call));
          return role === undefined ? undefined : { data: shown(role) };
        },
        write: (call) => write(nameOf(call), call.body),
        delete: (call) => {
          roles.delete(nameOf(call));
          return undefined;
        },
      },
    },
  ];
}
