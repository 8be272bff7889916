// Policy texts.
import { expect } from 'chai';
import { isFault } from '../../../../core/dev-server/backend.js';
import { readPolicy } from '../../../../core/dev-server/policy/read-policy.js';

function refusal(text: string): string {
  try {
    readPolicy(text);
  } catch (error) {
    if (isFault(error)) return `${String(error.fault.status)} ${error.fault.errors.join('; ')}`;
    throw error;
  }
  return 'accepted';
}

describe('dev server: policy texts', () => {
  it('reads HCL and JSON alike', () => {
    const hcl = readPolicy('path "secret/*" { capabilities = ["read", "list"] }');
    const json = readPolicy('{"path": {"secret/*": {"capabilities": ["read", "list"]}}}');
    expect(json).to.deep.equal(hcl);
    expect([...(hcl[0]?.capabilities ?? [])]).to.deep.equal(['read', 'list']);
  });

  it('takes a leading slash off, and reads a rule without capabilities as deny', () => {
    const [rule] = readPolicy('path "/secret/a" {}');
    expect(rule?.path).to.equal('secret/a');
    expect([...(rule?.capabilities ?? [])]).to.deep.equal(['deny']);
  });

  it('knows the old presets', () => {
    const [rule] = readPolicy('path "a" { policy = "write" }');
    expect([...(rule?.capabilities ?? [])]).to.include.members(['create', 'update', 'delete']);
  });

  it('refuses what is no policy with a 400 that names the place', () => {
    expect(refusal('path "x" { capabilities = ["fly"] }')).to.equal(
      '400 failed to parse policy: path "x": invalid capability "fly"',
    );
    expect(refusal('path "x" { policy = "fly" }')).to.match(/^400 failed to parse policy: path "x"/);
    expect(refusal('paths "x" {}')).to.match(/^400 failed to parse policy: invalid key "paths"/);
    expect(refusal('path "x" {')).to.match(/^400 failed to parse policy: /);
  });
});
