import { expect } from 'chai';
import { replyForError } from '../../../core/proxy/error-reply.js';
import { agentError } from '../../../core/sdk/index.js';
import { exchange, textOf } from './exchange-fake.js';

describe('replyForError (architecture 2.11)', () => {
  const rows: [string, Error, number, number][] = [
    ['unreachable', agentError('UPSTREAM_UNREACHABLE', { address: 'a', why: 'refused' }), 502, 500],
    ['time-out', agentError('UPSTREAM_TIMEOUT', { address: 'a', seconds: 60 }), 504, 500],
    ['TLS', agentError('UPSTREAM_TLS', { address: 'a', why: 'x' }), 502, 500],
    ['too large', agentError('REQUEST_TOO_LARGE', { limit: 1 }), 413, 413],
    ['not ready', agentError('REQUEST_NOT_READY', {}), 503, 503],
    ['no memory', agentError('REQUEST_NO_MEMORY', {}), 503, 503],
    ['overtaken', agentError('REQUEST_OVERTAKEN', {}), 503, 503],
    ['loop', agentError('REQUEST_LOOP', {}), 508, 508],
    ['a defect', agentError('BUG_STAGE_NEXT_TWICE', { stage: 'x' }), 500, 500],
    ['anything else', new TypeError('secret detail'), 500, 500],
  ];
  for (const [name, error, honest, compat] of rows) {
    it(`${name}: ${honest}, ${compat} with upstream_errors = 500`, () => {
      const reply = replyForError(error, exchange(), 'honest');
      expect(reply.status).to.equal(honest);
      expect(replyForError(error, exchange(), '500').status).to.equal(compat);
      expect((JSON.parse(textOf(reply)) as { errors: string[] }).errors.length).to.equal(1);
      expect(textOf(reply)).not.to.contain('secret detail');
      expect(reply.headers.includes('Retry-After')).to.equal(honest === 503);
    });
  }
});
