// passwordSource: the settings that methods with user name and password have in common, and the place of the password that they name. Knows no login.
import { CredentialSource } from './credential-source.js';
import type { Clock, Env, Logger } from './host.js';
import type { Secret } from './secret.js';

/** The common part of a validated block. Times in milliseconds. */
export interface PasswordSettings {
  readonly username: string;
  readonly password?: string | Secret;
  readonly password_env?: string;
  readonly password_file_path?: string;
  readonly remove_password_after_reading?: boolean;
  readonly remove_password_follows_symlinks?: boolean;
  readonly password_read_period?: number;
  readonly trim?: boolean;
}

/** The one source that a schema lets be configured. (Spec auth-wire 1.6.) `what` is for messages: `RADIUS password`. */
export function passwordSource(
  what: string,
  settings: PasswordSettings,
  { log, clock, env }: { readonly log: Logger; readonly clock: Clock; readonly env: Env },
): CredentialSource {
  return new CredentialSource({
    ...{ what, log, clock },
    trim: settings.trim === false ? false : 'line-break',
    file: {
      setting: 'password_file_path',
      path: settings.password_file_path,
      remove: settings.remove_password_after_reading !== false,
      followSymlinks: settings.remove_password_follows_symlinks === true,
      periodMs: settings.password_read_period,
    },
    variable: { name: settings.password_env, env },
    inline: { setting: 'password', value: settings.password },
  });
}
