// What happens to a top-level key that several files set (spec config 1.10). Data only; names are in lower case.

/**
 * `replace`: the later block replaces the earlier one whole. `append`: all are kept. `or`: true wins. `filled`: the later one counts when it
 * is not empty. `union`: lists are joined. Every other key: the later one counts.
 */
export type MergeRule = 'replace' | 'append' | 'or' | 'filled' | 'union' | 'later';

const RULES: ReadonlyMap<string, MergeRule> = new Map<string, MergeRule>([
  ['auto_auth', 'replace'],
  ['cache', 'replace'],
  ['api_proxy', 'replace'],
  ['vault', 'replace'],
  ['template_config', 'replace'],
  ['exec', 'replace'],
  ['telemetry', 'replace'],
  ['compat', 'replace'],
  ['listener', 'append'],
  ['template', 'append'],
  ['env_template', 'append'],
  ['plugin', 'append'],
  ['exit_after_auth', 'or'],
  ['pid_file', 'filled'],
  ['log_level', 'filled'],
  ['log_format', 'filled'],
  ['log_file', 'filled'],
  ['log_rotate_duration', 'filled'],
  ['cluster_name', 'filled'],
  ['disable_idle_connections', 'union'],
  ['disable_keep_alives', 'union'],
]);

/** The rule of a top-level key, given in lower case. */
export function mergeRule(name: string): MergeRule {
  return RULES.get(name) ?? 'later';
}
