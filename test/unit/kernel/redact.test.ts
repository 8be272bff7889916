import { expect } from 'chai';
import { redactText } from '../../../core/kernel/redact.js';

describe('redaction of texts', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['token hvs.CAESIJ0bq3XxxxxxxxxxxxxxxxxxQ refused', 'token hvs.[secret] refused'],
    ['old s.abcdefghijklmnopqrstuvwx.nsid1 end', 'old s.[secret] end'],
    ['batch hvb.AAAAAQKxxxxxxxxxxxxxxxxx', 'batch hvb.[secret]'],
    ['jwt eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhcHAifQ.sig-_nature', 'jwt [secret]'],
    ['a -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- b', 'a [secret] b'],
    ['cut -----BEGIN PRIVATE KEY-----\nMII', 'cut [secret]'],
    [
      'agent.auth.handler: authenticating path=/etc/a.conf 127.0.0.1:8200',
      'agent.auth.handler: authenticating path=/etc/a.conf 127.0.0.1:8200',
    ],
    ['nothing here', 'nothing here'],
    [
      'PUT /v1/sys/leases/revoke/aws/creds/app/46P9Xo4HlUTdqE5InwJXj8Tw now',
      'PUT /v1/sys/leases/revoke/aws/creds/app/[id] now',
    ],
    ['/v1/ns1/sys/renew/db/creds/a/46P9Xo4HlUTdqE5InwJXj8Tw.nsid?x', '/v1/ns1/sys/renew/db/creds/a/[id]?x'],
    ['/v1/sys/leases/revoke-prefix/aws/creds', '/v1/sys/leases/revoke-prefix/aws/creds'],
    ['/v1/sys/leases/revoke', '/v1/sys/leases/revoke'],
    ['x-eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhcHAifQ.sig', 'x-[secret]'],
    ['agent-of-the-north.example-of-a-host.internal', 'agent-of-the-north.example-of-a-host.internal'],
  ];
  it('takes no quadratic time for a text made to cost it', () => {
    const text = `/v1/.${'-eyJ'.repeat(60_000)}`;
    expect(redactText(text)).to.equal(text);
    const paths = `/v1/${'sys/revoke/'.repeat(20_000)}`;
    expect(redactText(paths)).to.equal(paths);
  });

  for (const [text, want] of cases) {
    it(JSON.stringify(text).slice(0, 60), () => expect(redactText(text)).to.equal(want));
  }
});
