// What an identity may have besides login and delivery, with its defaults: second factor, child tokens, notifications. Pure.
import type { ChildTokenConfig, MfaConfig, NotifyConfig } from '../contracts/agent-config.js';
import type { ChildTokenSettings, MethodSettings, NotifySettings } from './stanzas.js';

const TOTP_PERIOD_MS = 30_000;
const COMMAND_TIMEOUT_MS = 30_000;
const HTTP_TIMEOUT_MS = 10_000;

/** `mfa` of a method. */
export function resolveMfa({ mfa }: MethodSettings): MfaConfig | undefined {
  const totp = mfa?.totp;
  if (totp?.secret_file === undefined) return undefined;
  const { secret_file, method = '', digits = 6, period = TOTP_PERIOD_MS, algorithm = 'SHA1' } = totp;
  return { totp: { secretFile: secret_file, method, digits, periodMs: period, algorithm } };
}

/** `token` of a sink. */
export function resolveChild(settings: ChildTokenSettings): ChildTokenConfig {
  return {
    policies: settings.policies && texts(settings.policies),
    noDefaultPolicy: settings.no_default_policy ?? false,
    ttlMs: settings.ttl ?? 0,
    periodMs: settings.period ?? 0,
    numUses: settings.num_uses ?? 0,
    type: settings.type ?? 'service',
    role: settings.role ?? '',
    orphan: settings.orphan ?? false,
    displayName: settings.display_name ?? 'claviger-sink',
    allowIdentityPolicies: settings.allow_identity_policies ?? false,
  };
}

/** `notify` of a sink; undefined when it tells nobody. */
export function resolveNotify({ signal, command, http }: NotifySettings): NotifyConfig | undefined {
  if (signal === undefined && command === undefined && http === undefined) return undefined;
  return {
    signal: signal && { pidFile: signal.pid_file ?? '', signal: signal.signal ?? 'SIGHUP' },
    command: command && { argv: texts(command.argv ?? []), timeoutMs: command.timeout ?? COMMAND_TIMEOUT_MS },
    http: http && {
      url: http.url ?? '',
      method: http.method ?? 'POST',
      caCert: http.ca_cert ?? '',
      timeoutMs: http.timeout ?? HTTP_TIMEOUT_MS,
    },
  };
}

const texts = (list: readonly (string | undefined)[]): string[] => list.filter((text) => text !== undefined);
