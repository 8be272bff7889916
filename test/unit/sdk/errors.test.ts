// One line for people.
import { expect } from 'chai';
import { AgentError, agentError, describeError } from '../../../core/sdk/index.js';

describe('describeError', () => {
  it('code, text, place and what to do', () => {
    const error = new AgentError('SINK_X', 'fix-host', 'no room', { at: 'a.hcl:3:1', hint: 'delete something' });
    expect(describeError(error)).to.equal('SINK_X: no room (a.hcl:3:1); delete something');
  });

  it('a place that the text names already is not repeated', () => {
    const error = agentError('AUTH_CREDENTIAL_MISSING', { what: 'role_id_file_path', path: '/r' }, { at: '/r' });
    expect(describeError(error)).to.match(/^AUTH_CREDENTIAL_MISSING: role_id_file_path: \/r does not exist; /);
  });

  it('an error without a code is its message', () => {
    expect(describeError(new Error('x'))).to.equal('x');
  });
});
