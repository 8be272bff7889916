// Credentials of the role of an EC2 instance. (Spec auth-wire 4.3 f.)
import { AgentError, agentError, type ServiceAnswer } from 'claviger/sdk';
import { parsedObject, readCredentials, textIn, type AwsCredentials } from './credentials.js';
import type { Imds } from './imds.js';
import type { Look, Source } from './source.js';

const FOLDER = '/latest/meta-data/iam/security-credentials/';
const ROLE_NAME = /^[\w+=,.@-]{1,64}$/;

/** The source, last of all. While nothing has ever answered there, it counts as not being an instance. */
export function fromInstance(imds: Imds): Source {
  return {
    name: 'EC2 instance metadata',
    async look(signal) {
      if (imds.off !== undefined) return { none: imds.off };
      try {
        return await look(imds, signal);
      } catch (error) {
        const isAbsent = error instanceof AgentError && ['SERVICE_UNREACHABLE', 'SERVICE_TIMEOUT'].includes(error.code);
        if (!isAbsent || imds.hasAnswered) throw error;
        return { none: error.hint === undefined ? error.message : `${error.message}; ${error.hint}` };
      }
    },
  };
}

async function look(imds: Imds, signal: AbortSignal): Promise<Look> {
  const list = await imds.get(FOLDER, signal);
  const role = list.status === 404 ? '' : (list.body.reveal().trim().split(/\r?\n/)[0] ?? '').trim();
  if (role === '') return { none: 'the instance has no role' };
  if (!ROLE_NAME.test(role)) throw bad(list, 'it is not the name of a role');
  const answer = await imds.get(`${FOLDER}${encodeURIComponent(role)}`, signal);
  if (answer.status === 404) return { none: `the role ${role} of the instance has no credentials` };
  return { credentials: read(answer), outcome: `role ${role} of the instance` };
}

function read(answer: ServiceAnswer): AwsCredentials {
  const members = parsedObject(answer.body);
  const code = members === undefined ? undefined : textIn(members, 'Code');
  if (code !== undefined && code !== 'Success') {
    // the code is one word of a known list; the message beside it is not shown
    const word = /^[A-Za-z]{1,40}$/.test(code) ? code : 'not Success';
    const hint = 'check the instance profile and the trust policy of its role';
    throw agentError(
      'AUTH_CREDENTIAL_INVALID',
      { what: `the answer of ${answer.from}`, why: `its Code is ${word}` },
      { hint },
    );
  }
  const found = readCredentials(answer.body);
  if (typeof found === 'string') throw bad(answer, found);
  return found;
}

function bad({ from }: ServiceAnswer, why: string): AgentError {
  return agentError('SERVICE_BAD_ANSWER', { url: from, why });
}
