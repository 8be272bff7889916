import { expect } from 'chai';
import { instanceId, requestId } from '../../../core/kernel/ids.js';

describe('ids', () => {
  it('have their form and do not repeat', () => {
    expect(requestId()).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(instanceId()).to.match(/^[0-9a-f]{16}$/);
    expect(new Set(Array.from({ length: 200 }, () => requestId())).size).to.equal(200);
    expect(instanceId()).not.to.equal(instanceId());
  });
});
