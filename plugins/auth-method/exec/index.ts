// Auth method exec: runs a command for each login and takes what it prints. Decides what to run and what the output is good for; running and reading are
// in the files beside.
import {
  Env,
  Log,
  Mount,
  Settings,
  Time,
  agentError,
  jwtTimeTrouble,
  plugin,
  runProgram,
  type AgentError,
  type AuthMethod,
  type Clock,
  type EnvAccess,
  type JwtFacts,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
  type ProgramEnd,
  type Secret,
} from 'claviger/sdk';
import { readPrinted, type Format, type Printed } from './printed.js';
import { checkProgramFile } from './program-file.js';

interface ExecSettings {
  readonly command: readonly string[];
  readonly format?: Format;
  readonly role?: string;
  readonly login_path?: string;
  readonly env?: Readonly<Record<string, string | Secret>>;
  /** Milliseconds. */
  readonly timeout?: number;
  /** Bytes. */
  readonly max_bytes?: number;
  readonly show?: readonly string[];
}

// Also in plugin.json, whose list is what the agent gives.
const PASSED = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'CREDENTIALS_DIRECTORY',
];

@plugin()
export default class Exec implements AuthMethod {
  readonly #settings: ExecSettings;
  readonly #mount: string;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #env: Readonly<Record<string, string>>;
  readonly #program: string;
  #facts: JwtFacts = {};

  constructor(
    @Settings settings: ExecSettings,
    @Mount mount: string,
    @Log log: Logger,
    @Time clock: Clock,
    @Env env: EnvAccess,
  ) {
    this.#settings = settings;
    this.#mount = mount;
    this.#log = log;
    this.#clock = clock;
    this.#env = environmentOf(settings, env);
    this.#program = settings.command[0] ?? '';
    checkCommand(settings.command);
  }

  async prepare({ signal }: LoginAttempt): Promise<LoginPlan> {
    const { output, outputBytes, errorBytes } = await this.#run(signal);
    const printed = readPrinted(output, this.#settings.format ?? 'jwt', this.#program);
    this.#facts = printed.format === 'jwt' ? printed.facts : {};
    const trouble = jwtTimeTrouble(this.#facts, this.#clock.now());
    const notes = [trouble, errorBytes === 0 ? undefined : aside(errorBytes)].filter((note) => note !== undefined);
    const outcome = [`printed ${NAMES[printed.format]} of ${String(outputBytes)} bytes`, ...notes].join('; ');
    return { ...this.#planned(printed), trail: [{ source: this.#program, outcome }] };
  }

  hint(status: number): string | undefined {
    const trouble = jwtTimeTrouble(this.#facts, this.#clock.now());
    if (trouble !== undefined) return `the token that ${this.#program} printed: ${trouble}`;
    if (status !== 400 && status !== 403) return undefined;
    if (this.#settings.format === 'token') return `the token that ${this.#program} printed is not valid (any more)`;
    return `${this.#program} printed it; check that ${this.#mount} and its role accept what it printed`;
  }

  async #run(signal: AbortSignal): Promise<ProgramEnd> {
    const { command: argv, timeout: timeoutMs = 10_000, max_bytes: maxBytes = 65_536 } = this.#settings;
    signal.throwIfAborted();
    await checkProgramFile(this.#program);
    const end = await runProgram({ argv, environment: this.#env, timeoutMs, maxBytes, clock: this.#clock, signal });
    const { why, outputBytes: bytes, errorBytes } = end;
    if (why !== undefined) throw failed(`${this.#program}: ${why} (${aside(errorBytes)})`, this.#program);
    this.#log.debug({ command: this.#program, bytes, errorBytes }, 'command ended well');
    return end;
  }

  #planned(printed: Printed): LoginPlan {
    if (printed.format === 'token') return { token: printed.token };
    const { role, login_path: path = 'login', show = [] } = this.#settings;
    const login = `${this.#mount}/${path}`;
    const roles = role === undefined ? {} : { role };
    if (printed.format === 'jwt') return { login, body: { ...roles, jwt: printed.jwt.reveal() }, show: ['role'] };
    return { login, body: { ...roles, ...printed.body }, show: ['role', ...show] };
  }
}

const NAMES: Readonly<Record<Format, string>> = { jwt: 'a JSON web token', token: 'a token', login: 'a login body' };

const aside = (bytes: number): string => `${String(bytes)} bytes on standard error, not shown`;

/** Whatever made it fail may pass: it is run again. */
function failed(why: string, program: string): AgentError {
  const hint = 'run it by hand, as the user of the agent and with the same environment, to see what it says';
  return agentError('AUTH_METHOD_FAILED', { why }, { at: program, hint });
}

/** A relative program would be looked for in folders that others may write to. Throws CONFIG_VALUE. */
function checkCommand(command: readonly string[]): void {
  const [program = ''] = command;
  const why =
    !program.startsWith('/') && !/^[A-Za-z]:[\\/]/.test(program) ? 'its program must be an absolute path' : '';
  if (why !== '') throw agentError('CONFIG_VALUE', { key: 'command', why });
}

function environmentOf({ env = {} }: ExecSettings, access: EnvAccess): Readonly<Record<string, string>> {
  const passed = PASSED.map((name) => [name, access.get(name)] as const).filter(([, value]) => value !== undefined);
  const own = Object.entries(env).map(([name, value]) => [name, typeof value === 'string' ? value : value.reveal()]);
  return Object.fromEntries([...passed, ...own]) as Record<string, string>;
}
