// Whom `notify` of a sink names. Knows how each kind is reached, not when.
import type { NotifyConfig } from '../../contracts/agent-config.js';
import {
  AgentError,
  callService,
  describeError,
  failureText,
  readCredential,
  refusalText,
  runProgram,
  type Clock,
} from '../../sdk/index.js';
import { readPid } from './pid-file.js';
import type { News, Target } from './target.js';

type Command = NonNullable<NotifyConfig['command']>;
type Http = NonNullable<NotifyConfig['http']>;

/** The targets of a sink. Nothing is opened before the first news. */
export function targetsOf({ signal, command, http }: NotifyConfig, clock: Clock): Target[] {
  return [
    ...(signal ? [signalTarget(signal.pidFile, signal.signal)] : []),
    ...(command ? [commandTarget(command, clock)] : []),
    ...(http ? [httpTarget(http, clock)] : []),
  ];
}

function signalTarget(pidFile: string, signal: string): Target {
  return {
    kind: 'signal',
    name: `the process of ${pidFile}`,
    async send() {
      try {
        process.kill(await readPid(pidFile), signal);
        return undefined;
      } catch (error) {
        return failureText(error);
      }
    },
  };
}

function commandTarget({ argv, timeoutMs }: Command, clock: Clock): Target {
  return {
    kind: 'command',
    name: `the program ${argv[0] ?? ''}`,
    async send({ identity, sink }, signal) {
      const environment = { CLAVIGER_IDENTITY: identity, CLAVIGER_SINK: sink };
      const { why, outputBytes, errorBytes } = await runProgram({ argv, environment, timeoutMs, clock, signal });
      const printed = outputBytes + errorBytes;
      if (why === undefined || printed === 0) return why;
      return `${why}; it printed ${String(printed)} bytes, which are not shown`;
    },
  };
}

function httpTarget({ url, method, caCert, timeoutMs }: Http, clock: Clock): Target {
  const place = placeOf(url);
  return {
    kind: 'http',
    name: place.shown,
    async send(news, signal) {
      try {
        const ca =
          caCert === '' ? undefined : (await readCredential(caCert, { what: 'ca_cert', signal })).text.reveal();
        const message = method === 'GET' ? {} : messageOf(news);
        const answer = await callService({ ...place, method, ...message, clock, signal, timeoutMs, ca });
        return answer.status >= 200 && answer.status < 300 ? undefined : refusalText(answer);
      } catch (error) {
        signal.throwIfAborted();
        return error instanceof AgentError ? describeError(error) : failureText(error);
      }
    },
  };
}

const messageOf = ({ identity, sink, sequence }: News): { headers: Record<string, string>; body: string } => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ identity, sink, sequence }),
});

/** Where a URL leads. `unix:///run/app.sock#/reload` is the path `/reload` behind that socket; without `#` it is `/`. Pure. */
export function placeOf(text: string): { readonly url: string; readonly socketPath?: string; readonly shown: string } {
  const url = new URL(text);
  if (url.protocol !== 'unix:') return { url: text, shown: `${url.origin}${url.pathname}` };
  const socketPath = decodeURIComponent(url.pathname);
  const path = url.hash.slice(1).replace(/^\/*/, '/');
  return { url: `http://localhost${path}`, socketPath, shown: `unix:${socketPath}${path.replace(/\?.*$/, '')}` };
}
