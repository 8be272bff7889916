// construct: a plugin without a container.
import { expect } from 'chai';
import { Log, Settings, construct, definePlugin } from '../../../core/sdk/index.js';

class Plain {
  constructor(
    readonly settings: unknown,
    readonly log: unknown,
  ) {}
}
definePlugin(Plain, [Settings, Log]);

class Bare {
  constructor(readonly anything: unknown) {}
}

describe('construct', () => {
  it('fills each parameter with the value of its slot', () => {
    const values = new Map<symbol, unknown>([
      [Settings.key, 1],
      [Log.key, 2],
    ]);
    expect(construct(Plain, values)).to.include({ settings: 1, log: 2 });
  });

  it('PLUGIN_SHAPE names a slot that has no value', () => {
    const values = new Map<symbol, unknown>([[Settings.key, 1]]);
    expect(() => construct(Plain, values))
      .to.throw(/parameter 2 .* asks for claviger.slot.log/)
      .with.property('code', 'PLUGIN_SHAPE');
  });

  it('PLUGIN_SHAPE for a parameter without a slot', () => {
    expect(() => construct(Bare, new Map()))
      .to.throw(/has no slot/)
      .with.property('code', 'PLUGIN_SHAPE');
  });
});
