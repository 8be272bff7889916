// oci without any service: Oracle's published signatures, configuration files, regions, and what a refusal means.
import { createPrivateKey } from 'node:crypto';
import { expect } from 'chai';
import { loginRequest } from '../../../plugins/auth-method/oci/login-request.js';
import { readProfile } from '../../../plugins/auth-method/oci/profile.js';
import { refusalHint } from '../../../plugins/auth-method/oci/refusal-hint.js';
import { authService, regionName } from '../../../plugins/auth-method/oci/regions.js';
import { md5Fingerprint } from '../../../plugins/auth-method/oci/rsa-key.js';
import { authorization, httpDate, signingString } from '../../../plugins/auth-method/oci/signature.js';
import { LOGIN } from './oci-rig.js';
import { ORACLE_TEST_KEY } from './oci-vector.js';

describe('auth method oci: signatures', () => {
  const key = createPrivateKey(ORACLE_TEST_KEY);
  const target =
    '/20160918/instances?availabilityDomain=Pjwf%3A%20PHX-AD-1&compartmentId=ocid1.compartment.oc1..aaaaaaaam3we6vgnherjq5q2idnccdflvjsnog7mlr6rtdb25gilchfeyjxa&displayName=TeamXInstances&volumeId=ocid1.volume.oc1.phx.abyhqljrgvttnlx73nmrwfaux7kcvzfs3s66izvxf2h4lgvyndsdsnoiwr5q';
  const date = ['date', 'Thu, 05 Jan 2014 21:31:40 GMT'] as const;
  const host = ['host', 'iaas.us-phoenix-1.oraclecloud.com'] as const;

  it("reproduces Oracle's published signature of a GET (auth-wire 9.5)", () => {
    const headers = [date, ['(request-target)', `get ${target}`], host] as const;
    expect(authorization(headers, { keyId: 'k', key })).to.equal(
      'Signature version="1",headers="date (request-target) host",keyId="k",algorithm="rsa-sha256",signature="GBas7grhyrhSKHP6AVIj/h5/Vp8bd/peM79H9Wv8kjoaCivujVXlpbKLjMPeDUhxkFIWtTtLBj3sUzaFj34XE6YZAHc9r2DmE4pMwOAy/kiITcZxa1oHPOeRheC0jP2dqbTll8fmTZVwKZOKHYPtrLJIJQHJjNvxFWeHQjMaR7M="',
    );
  });

  it("reproduces Oracle's published signature of a POST with its body's hash (auth-wire 9.5)", () => {
    const headers = [
      date,
      ['(request-target)', 'post /20160918/volumeAttachments'],
      host,
      ['content-length', '316'],
      ['content-type', 'application/json'],
      ['x-content-sha256', 'V9Z20UJTvkvpJ50flBzKE32+6m2zJjweHpDMX/U4Uy0='],
    ] as const;
    expect(authorization(headers, { keyId: 'k', key })).to.contain(
      'signature="Mje8vIDPlwIHmD/cTDwRxE7HaAvBg16JnVcsuqaNRim23fFPgQfLoOOxae6WqKb1uPjYEl0qIdazWaBy/Ml8DRhqlocMwoSXv0fbukP8J5N80LCmzT/FFBvIvTB91XuXI3hYfP9Zt1l7S6ieVadHUfqBedWH0itrtPJBgKmrWso="',
    );
    expect(signingString(headers).endsWith('\n')).to.equal(false);
  });

  it('knows the fingerprint that documentation gives for the published key', () => {
    expect(md5Fingerprint(key)).to.equal('73:61:a2:21:67:e0:df:be:7e:4b:93:1e:15:98:a5:b7');
  });

  it('signs the path of the login without the namespace, the role in small letters (auth-wire 9.4, 14)', () => {
    const place = { mount: 'auth/oci', role: 'DevRole', address: LOGIN.address };
    const { login, body } = loginRequest(place, { keyId: 'k', key }, Date.UTC(2026, 0, 2, 3, 4, 5));
    expect(login).to.equal('auth/oci/login/devrole');
    expect(body.request_headers).to.deep.include({
      Date: ['Fri, 02 Jan 2026 03:04:05 GMT'],
      Host: ['vault.example.com:8200'],
      '(request-target)': ['get /v1/auth/oci/login/devrole'],
    });
    expect(httpDate(Date.UTC(2014, 0, 5))).to.match(/^\w{3}, 05 Jan 2014 00:00:00 GMT$/);
  });

  const profiles: readonly [text: string, expected: Record<string, string>][] = [
    ['[DEFAULT]\nuser=u\ntenancy = t \n', { user: 'u', tenancy: 't' }],
    ['[DEFAULT]\npass_phrase=a=b==\n', { pass_phrase: 'a=b==' }],
    ['[OTHER]\nuser=x\n[DEFAULT]\nuser=u\n[MORE]\nuser=y', { user: 'u' }],
    ['user=x\n[default]\nuser=y\n', {}],
    ['[ DEFAULT ]\r\n# user=x\r\n; user=z\r\n=\r\nnothing\r\nUSER=u\r\nempty=\r\n', { user: 'u' }],
  ];
  for (const [text, expected] of profiles) {
    it(`reads ${JSON.stringify(text)} (auth-wire 9.2)`, () => {
      expect(Object.fromEntries(readProfile(text, 'DEFAULT'))).to.deep.equal(expected);
    });
  }

  it('knows short names of regions, and the domains of governments', () => {
    expect(['phx', 'IAD\n', 'eu-zurich-1', '<html>', ''].map(regionName)).to.deep.equal([
      'us-phoenix-1',
      'us-ashburn-1',
      'eu-zurich-1',
      undefined,
      undefined,
    ]);
    expect(['us-phoenix-1', 'us-langley-1', 'us-gov-ashburn-1', 'uk-gov-london-1'].map(authService)).to.deep.equal([
      'https://auth.us-phoenix-1.oraclecloud.com',
      'https://auth.us-langley-1.oraclegovcloud.com',
      'https://auth.us-gov-ashburn-1.oraclegovcloud.com',
      'https://auth.uk-gov-london-1.oraclegovcloud.uk',
    ]);
  });
});

describe('auth method oci: refusals', () => {
  const hints: readonly [status: number, text: string, type: string, advice: string | undefined][] = [
    [
      400,
      'Service error:NotAuthenticated. Date is not within allowed clock skew. http status code: 401.',
      'apikey',
      'clocks',
    ],
    [400, 'Role is not found', 'apikey', 'no role "app" at auth/oci'],
    [400, 'Invalid Tenancy', 'apikey', 'home_tenancy_id'],
    [400, 'Entity not a part of any of the Role OCIDs', 'instance', 'dynamic groups'],
    [400, 'Entity not a part of any of the Role OCIDs', 'apikey', 'groups of this user'],
    [400, 'incorrect (request-target) specified in header', 'apikey', 'path of the login'],
    [401, '', 'apikey', 'ocid_list'],
    [500, 'internal', 'apikey', undefined],
  ];
  for (const [status, text, type, advice] of hints) {
    it(`explains ${String(status)} "${text}" to ${type} (5 bad input)`, () => {
      const hint = refusalHint(status, text === '' ? [] : [text], { role: 'app', mount: 'auth/oci', type });
      if (advice === undefined) expect(hint).to.equal(undefined);
      else expect(hint).to.contain(advice);
    });
  }
});
