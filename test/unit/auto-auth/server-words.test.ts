import { expect } from 'chai';
import { serverWords, textsIn } from '../../../core/auto-auth/server-words.js';

describe('auto-auth/server-words', () => {
  const secret = 'pa"ss <wörd> /+&%';
  const quoted = JSON.stringify(secret);

  const echoes: readonly [string, string][] = [
    ['as it is', secret],
    ['quoted', quoted],
    ['quoted twice', JSON.stringify(quoted)],
    [
      'quoted by Go, which escapes <, > and &',
      quoted.replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
    ],
    ['in a URL', encodeURIComponent(secret)],
    ['in a form', encodeURIComponent(secret).replaceAll('%20', '+')],
    ['in base64', Buffer.from(secret).toString('base64')],
  ];
  for (const [how, echo] of echoes) {
    it(`masks what was sent when the server repeats it ${how}`, () => {
      const words = serverWords([`cannot use ${echo} here`], textsIn({ password: secret }));
      expect(words).to.match(/^cannot use \S*\[secret\]\S* here$/);
    });
  }

  it('masks the longest spelling first, so that no part is left', () => {
    expect(serverWords(['say ab/cdef ab%2Fcdef'], ['ab/cdef', 'ab/c'])).to.equal('say [secret] [secret]');
  });

  it('leaves texts of fewer than four characters alone, which would hide the message', () => {
    expect(serverWords(['role app is unknown'], ['app'])).to.equal('role app is unknown');
  });

  it('takes text that is not well-formed', () => {
    expect(serverWords(['bad \ud800pass'], ['\ud800pass'])).to.equal('bad [secret]');
  });
});
