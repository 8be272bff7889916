// Building a plugin in a container of its own: what goes wrong is told with the plugin's name and file.
import { expect } from 'chai';
import { construct, rootContainer } from '../../../core/boot/containers.js';
import type { PluginClass } from '../../../core/catalog/load.js';
import { Mount, Settings, definePlugin, slot, type AgentError } from '../../../core/sdk/index.js';
import { makeFakes } from '../../../core/sdk/testing/index.js';

const { clock, vault, log, health, env, state } = makeFakes();
const who = { label: 'sink "mine"', at: '/plugins/mine/index.js' };
const build = (target: unknown): object =>
  construct<object>(rootContainer({ clock, upstream: vault }), target as PluginClass, who, {
    settings: { a: 1 },
    log,
    health,
    env,
    state,
  });

function failure(target: unknown): AgentError {
  try {
    build(target);
  } catch (error) {
    return error as AgentError;
  }
  throw new Error('it was built');
}

describe('constructing a plugin', () => {
  it('fills the slots', () => {
    class Mine {
      constructor(readonly settings: object) {}
    }
    expect(build(definePlugin(Mine, [Settings]))).to.deep.include({ settings: { a: 1 } });
  });

  it('an unknown slot, and the mount outside an auth method, are PLUGIN_SHAPE with the file', () => {
    for (const wanted of [slot('database'), Mount]) {
      class Mine {
        constructor(readonly given: unknown) {}
      }
      expect(failure(definePlugin(Mine, [wanted]))).to.include({ code: 'PLUGIN_SHAPE', at: who.at });
    }
  });

  for (const [what, thrown, text] of [
    ['an error', new Error('no luck'), 'no luck'],
    ['a text', 'bad', ''],
    ['null', null, ''],
  ] as const) {
    it(`a constructor that throws ${what} is PLUGIN_CONSTRUCTOR with the file`, () => {
      class Mine {
        constructor() {
          throw thrown as Error;
        }
      }
      const error = failure(definePlugin(Mine, []));
      expect(error).to.include({ code: 'PLUGIN_CONSTRUCTOR', at: who.at });
      expect(error.message).to.include('sink "mine" failed while being constructed').and.to.include(text);
    });
  }
});
