// Auth method aws: logs in with AWS credentials (type iam) or as an EC2 instance (type ec2). Chooses between the two; each has a file of its own.
import {
  Env,
  Log,
  Mount,
  Settings,
  Time,
  plugin,
  type AuthMethod,
  type Clock,
  type EnvAccess,
  type Logger,
  type LoginAttempt,
  type LoginPlan,
} from 'claviger/sdk';
import { Ec2Login } from './ec2.js';
import { refusalHint } from './hints.js';
import { IamLogin } from './iam.js';
import { Imds } from './imds.js';
import type { AwsSettings } from './settings.js';

@plugin()
export default class Aws implements AuthMethod {
  readonly #settings: AwsSettings;
  readonly #mount: string;
  readonly #clock: Clock;
  readonly #login: IamLogin | Ec2Login;

  constructor(
    @Settings settings: AwsSettings,
    @Mount mount: string,
    @Log log: Logger,
    @Time clock: Clock,
    @Env env: EnvAccess,
  ) {
    this.#settings = settings;
    this.#mount = mount;
    this.#clock = clock;
    const around = { settings, env, clock, log };
    const imds = new Imds(around);
    this.#login = settings.type === 'ec2' ? new Ec2Login(around, mount, imds) : new IamLogin(around, mount, imds);
  }

  prepare(attempt: LoginAttempt): Promise<LoginPlan> {
    return this.#login.prepare(attempt);
  }

  async *changes(signal: AbortSignal): AsyncIterable<void> {
    if (this.#login instanceof IamLogin) yield* this.#login.changes(signal);
  }

  hint(status: number, errors: readonly string[]): string | undefined {
    const signedFor = this.#login instanceof IamLogin ? this.#login.signedFor : {};
    const at = new Date(this.#clock.now()).toISOString();
    return refusalHint(status, errors, { role: this.#settings.role ?? '', mount: this.#mount, at, ...signedFor });
  }
}
