// `claviger cache list | show | clear | explain`: asks a running agent what its cache holds. No secret is an argument of the process: tokens come
// from standard input or the environment.
import { readFileSync } from 'node:fs';
import { loadConfig } from '../../boot/load-config.js';
import { agentError, type AgentError } from '../../sdk/index.js';
import { agentAddress } from '../agent-address.js';
import { askAgent, type AgentQuestion } from '../agent-client.js';
import { entryTable, entryText, explanation, rowsOf, shown } from '../cache-text.js';
import type { Command } from '../dispatch.js';
import { parseFlags, type Flag, type ParsedFlags } from '../flags.js';
import { asksForHelp, helpText } from '../help.js';
import type { Terminal } from '../terminal.js';

const text = (name: string, help: string, placeholder = 'text'): Flag => ({ name, kind: 'text', help, placeholder });

/** Options of `claviger cache`. */
export const CACHE_FLAGS: readonly Flag[] = [
  text('address', 'address of the agent: http, https or unix', 'url'),
  { name: 'config', kind: 'list', help: "the agent's configuration; its first listener is asked", placeholder: 'path' },
  { name: 'proxy', kind: 'boolean', help: 'it runs as "claviger proxy"' },
  text('ca-cert', 'PEM file with authorities to trust, for https; default VAULT_CACERT', 'path'),
  { name: 'tls-skip-verify', kind: 'boolean', help: 'do not check the certificate of the agent' },
  text('format', 'table or json'),
  text('kind', 'list: lease, token or static'),
  text('path', 'list: only paths that begin so'),
  { name: 'limit', kind: 'number', help: 'list: how many to show; default 1000' },
  text('namespace', 'list, clear, explain: the namespace'),
  text('method', 'explain: the HTTP method; default GET'),
  text('type', 'clear: all, request_path, lease, token, token_accessor or id'),
  text('value', 'clear: what to clear; - reads it from standard input, as tokens and accessors must be'),
];

const ABOUT = `  list             what the caches hold
  show <id>        everything about one entry
  clear            removes entries; nothing is revoked
  explain <path>   whether a request would be a hit, and why not; nothing is sent to the server.
                   With VAULT_TOKEN it asks for that token, else for the token that the agent would use`;

/** The `cache` command. */
export const cacheCommand: Command = async (argv, terminal) => {
  const [action, ...rest] = argv;
  if (action === undefined || asksForHelp(argv)) {
    terminal.out(helpText('claviger cache list|show|clear|explain [options] [id|path]', ABOUT, CACHE_FLAGS));
    return action === undefined ? 1 : 0;
  }
  const run = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (run === undefined) throw usage(`unknown action "cache ${action}"`);
  const parsed = parsedAround(rest);
  const { format } = parsed.values;
  if (format !== undefined && format !== 'json' && format !== 'table') throw usage('-format is table or json');
  return run({ parsed, terminal, json: format === 'json' });
};

/** Options may stand on both sides of the id or path. */
function parsedAround(words: readonly string[]): ParsedFlags {
  const before = parseFlags(words, CACHE_FLAGS);
  const [operand, ...rest] = before.operands;
  if (operand === undefined) return before;
  const after = parseFlags(rest, CACHE_FLAGS);
  return { values: { ...before.values, ...after.values }, operands: [operand, ...after.operands] };
}

interface Call {
  readonly parsed: ParsedFlags;
  readonly terminal: Terminal;
  readonly json: boolean;
}

const usage = (detail: string): AgentError => agentError('CONFIG_USAGE', { detail });
const value = ({ parsed }: Call, name: string): string | undefined => parsed.values[name] as string | undefined;

const ACTIONS: Readonly<Record<string, (call: Call) => Promise<number>>> = { list, show, clear, explain };

async function list(call: Call): Promise<number> {
  nothingElse(call, 0);
  const query = new URLSearchParams();
  for (const name of ['kind', 'path', 'namespace', 'limit']) {
    const wanted = call.parsed.values[name];
    if (wanted !== undefined) query.set(name, String(wanted));
  }
  const answer = await asked(call, { method: 'GET', target: `cache?${String(query)}` });
  print(call, answer, entryTable);
  return 0;
}

async function show(call: Call): Promise<number> {
  const id = nothingElse(call, 1, 'an id');
  const answer = await asked(call, { method: 'GET', target: `cache?${String(new URLSearchParams({ id }))}` });
  const [entry] = rowsOf(answer.entries);
  if (entry === undefined) {
    call.terminal.err(`there is no entry ${shown(id)} (any more)\n`);
    return 1;
  }
  print(call, entry, entryText);
  return 0;
}

async function explain(call: Call): Promise<number> {
  const path = nothingElse(call, 1, 'a path');
  const query = new URLSearchParams({ path, method: value(call, 'method') ?? 'GET' });
  const namespace = value(call, 'namespace') ?? call.terminal.env.VAULT_NAMESPACE ?? '';
  if (namespace !== '') query.set('namespace', namespace);
  const token = call.terminal.env.BAO_TOKEN ?? call.terminal.env.VAULT_TOKEN ?? '';
  const headers = token === '' ? {} : { 'X-Vault-Token': token };
  const answer = await asked(call, { method: 'GET', target: `cache/explain?${String(query)}`, headers });
  print(call, answer, explanation);
  return 0;
}

const OPEN_TYPES: ReadonlySet<string> = new Set(['request_path', 'lease', 'id']);
const SECRET_TYPES: ReadonlySet<string> = new Set(['token', 'token_accessor']);

async function clear(call: Call): Promise<number> {
  nothingElse(call, 0);
  const type = value(call, 'type');
  if (type === undefined) throw usage('cache clear needs -type; -type=all clears everything');
  const body = { type, value: await valueToClear(type, call), namespace: value(call, 'namespace') ?? '' };
  await asked(call, { method: 'POST', target: 'cache-clear', body: JSON.stringify(body) });
  call.terminal.out(call.json ? '{}\n' : 'cleared\n');
  return 0;
}

async function valueToClear(type: string, call: Call): Promise<string> {
  const given = value(call, 'value');
  if (type === 'all') return '';
  if (!OPEN_TYPES.has(type) && !SECRET_TYPES.has(type))
    throw usage(`-type is all, ${[...OPEN_TYPES, ...SECRET_TYPES].join(', ')}, not "${type}"`);
  if (given === undefined || given === '') throw usage(`cache clear -type=${type} needs -value`);
  if (given !== '-' && SECRET_TYPES.has(type))
    throw usage(`a ${type} must not be an argument, where others can see it; write -value=- and pipe it in`);
  if (given !== '-') return given;
  const { input } = call.terminal;
  const piped = input === undefined ? '' : (await input()).trim();
  if (piped === '') throw usage('standard input is empty');
  return piped;
}

/** Exactly so many operands; the first of them, or empty. */
function nothingElse({ parsed }: Call, count: 0 | 1, what = ''): string {
  const [first, second] = parsed.operands;
  if (count === 1 && (first === undefined || first === '')) throw usage(`it needs ${what}`);
  const extra = count === 0 ? first : second;
  if (extra !== undefined) throw usage(`unexpected argument "${extra}"`);
  return first ?? '';
}

type Answer = Readonly<Record<string, unknown>>;

function print({ json, terminal }: Call, answer: Answer, form: (answer: Answer) => string): void {
  terminal.out(json ? `${JSON.stringify(answer, undefined, 2)}\n` : form(answer));
}

/** Asks the agent. Throws UPSTREAM_BAD_REPLY with what it said when it refuses. */
async function asked(call: Call, question: AgentQuestion): Promise<Answer> {
  const agent = agentAddress({
    address: value(call, 'address'),
    listener: await firstListener(call),
    env: call.terminal.env,
  });
  const prefix = call.parsed.values.proxy === true ? '/proxy/v1/' : '/agent/v1/';
  const caPath = value(call, 'ca-cert') ?? call.terminal.env.VAULT_CACERT ?? '';
  const { status, text: body } = await askAgent(agent, {
    ...question,
    target: `${prefix}${question.target}`,
    ca: agent.tls && caPath !== '' ? read(caPath) : undefined,
    insecure: call.parsed.values['tls-skip-verify'] === true,
  });
  const answer = parsedAnswer(body);
  if (status === 200 && (answer !== undefined || body === '')) return answer ?? {};
  const errors = Array.isArray(answer?.errors) ? answer.errors.map(shown).join('; ') : '';
  const why = `it answered ${status}${errors === '' ? '' : `: ${errors}`}`;
  const hint = 'is it a listener of claviger, of role default? With "claviger proxy" give -proxy';
  throw agentError('UPSTREAM_BAD_REPLY', { address: agent.name, why }, { hint });
}

function parsedAnswer(body: string): Answer | undefined {
  try {
    return rowsOf([JSON.parse(body)])[0];
  } catch {
    return undefined;
  }
}

async function firstListener(call: Call): Promise<{ type: string; settings: Answer } | undefined> {
  const paths = call.parsed.values.config as string[] | undefined;
  if (paths === undefined || value(call, 'address') !== undefined) return undefined;
  const product = call.parsed.values.proxy === true ? 'proxy' : 'agent';
  const { config } = await loadConfig({ paths, product, env: call.terminal.env, flags: {}, strict: false });
  if (config === undefined) throw usage('that configuration has errors; "claviger config validate" lists them');
  const found = config.listeners.find(({ role }) => role === 'default');
  if (found === undefined) throw usage('that configuration has no listener that could be asked');
  return found;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw agentError('CONFIG_UNREADABLE', { path, why }, { cause });
  }
}
