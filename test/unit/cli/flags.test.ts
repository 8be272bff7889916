import { expect } from 'chai';
import { AGENT_FLAGS, overridesOf } from '../../../core/cli/agent-flags.js';
import { parseFlags } from '../../../core/cli/flags.js';

const parse = (...argv: string[]) => parseFlags(argv, AGENT_FLAGS);

describe('command-line options (spec config 2.1)', () => {
  it('takes one or two dashes, "=" or the next word', () => {
    for (const argv of [
      ['-log-level=debug'],
      ['--log-level=debug'],
      ['-log-level', 'debug'],
      ['--log-level', 'debug'],
    ]) {
      expect(parse(...argv).values).to.deep.equal({ 'log-level': 'debug' });
    }
  });

  it('collects a repeated -config in order and does not split it at commas', () => {
    expect(parse('-config=a,b', '-config', 'c').values.config).to.deep.equal(['a,b', 'c']);
  });

  it('booleans need "=": the next word is an operand, where parsing stops', () => {
    const parsed = parse('-exit-after-auth', 'false', '-strict');
    expect(parsed.values).to.deep.equal({ 'exit-after-auth': true });
    expect(parsed.operands).to.deep.equal(['false', '-strict']);
    expect(parse('-exit-after-auth=false').values['exit-after-auth']).to.equal(false);
    expect(parse('-tls-skip-verify=0').values['tls-skip-verify']).to.equal(false);
  });

  it('keeps "=" inside a value and takes an empty one', () => {
    expect(parse('-address=http://h/?a=b', '-namespace=').values).to.deep.equal({
      address: 'http://h/?a=b',
      namespace: '',
    });
  });

  it('refuses unknown options and names the nearest one', () => {
    expect(() => parse('-log-levle=debug')).to.throw('unknown option -log-levle; did you mean -log-level?');
    expect(() => parse('-moon')).to.throw('unknown option -moon');
  });

  it('refuses values of the wrong kind and missing ones', () => {
    expect(() => parse('-strict=perhaps')).to.throw('-strict is either true or false');
    expect(() => parse('-log-rotate-bytes=many')).to.throw('-log-rotate-bytes is a whole number');
    expect(() => parse('-config')).to.throw('-config needs a value');
  });

  it('hands over only what was given, -ns under the name of -namespace', () => {
    expect(overridesOf(parse('-ns=team', '-log-rotate-max-files=-1', '-exit-after-auth=false'))).to.deep.equal({
      namespace: 'team',
      logRotateMaxFiles: -1,
      exitAfterAuth: false,
    });
  });
});
