// Auth method jwt-env: a JSON web token from an environment variable. Says where to log in; the login itself is the agent's.
import { AgentError, Env, Mount, Secret, Settings, definePlugin } from 'claviger/sdk';

class JwtEnv {
  #settings;
  #mount;
  #env;

  // a constructor only keeps what it is given
  constructor(settings, mount, env) {
    this.#settings = settings;
    this.#mount = mount;
    this.#env = env;
  }

  // called before every login, so the variable is read anew each time
  async prepare() {
    const { role, variable } = this.#settings;
    const jwt = readToken(this.#env, variable);
    return {
      login: `${this.#mount}/login`,
      body: { role, jwt: jwt.reveal() },
      trail: [{ source: variable, outcome: 'read' }],
      show: ['role'],
    };
  }

  // one sentence for the log when the server says no
  hint(status) {
    if (status !== 400) return undefined;
    return `check that role "${this.#settings.role}" exists at ${this.#mount} and accepts the token in ${this.#settings.variable}`;
  }
}

function readToken(env, variable) {
  const text = env.get(variable)?.trim() ?? '';
  if (text !== '') return new Secret(text);
  throw new AgentError('AUTH_JWT_ENV_EMPTY', 'fix-credential', `the environment variable ${variable} is not set`, {
    hint: `start the agent with ${variable} set to a JSON web token`,
  });
}

export default definePlugin(JwtEnv, [Settings, Mount, Env]);
