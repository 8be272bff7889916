import { expect } from 'chai';
import { identityFields } from '../../../../plugins/auth-method/aws/identity-request.js';
import { Secret } from '../../../../core/sdk/index.js';
import { isBound, principalOf } from '../../../../core/dev-server/auth/aws-principal.js';
import { ImdsDouble } from '../../../doubles/imds.js';
import { StsDouble, type Issued } from '../../../doubles/sts.js';
import { rig, type Answered, type Ask, type Rig } from './rig.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('dev-server/auth/aws', () => {
  let world: Rig;
  let ask: Ask;
  let sts: StsDouble;
  beforeEach(async () => {
    world = rig();
    ask = world.ask;
    sts = new StsDouble({ now: () => world.clock.now() });
    await sts.open();
    await ask('POST', 'sys/auth/aws', { type: 'aws' });
  });
  afterEach(() => sts.close());

  const login = (body: object): Promise<Answered> => ask('POST', 'auth/aws/login', body, { token: '' });

  describe('iam', () => {
    const fields = (issued: Issued, more: { region?: string; serverId?: string } = {}): Record<string, string> => {
      const { keyId, secret, token } = issued;
      const credentials = {
        keyId,
        secret: new Secret(secret),
        ...(token !== undefined && { token: new Secret(token) }),
      };
      const url = new URL('https://sts.amazonaws.com/');
      return { ...identityFields({ url, region: 'us-east-1', ...more, credentials, atMs: world.clock.now() }) };
    };
    const configure = (more: object = {}): Promise<Answered> =>
      ask('POST', 'auth/aws/config/client', { sts_endpoint: sts.url, ...more });
    const role = (name: string, body: object): Promise<Answered> => ask('POST', `auth/aws/role/${name}`, body);
    const bound = {
      auth_type: 'iam',
      bound_iam_principal_arn: 'arn:aws:iam::123456789012:role/app',
      token_policies: 'app',
      token_ttl: '10m',
    };
    beforeEach(async () => {
      await configure();
      await role('App', bound);
    });

    it('sends the request on to STS, which verifies it, and knows a session by its role', async () => {
      const answer = await login({ role: 'app', ...fields(sts.session('app')) });
      expect(answer.status).to.equal(200);
      expect(answer.auth.policies).to.deep.equal(['app', 'default']);
      expect(answer.auth.lease_duration).to.equal(600);
      expect(answer.auth.metadata).to.include({ account_id: '123456789012', auth_type: 'iam' });
      expect(sts.calls).to.deep.include.members([
        { action: 'GetCallerIdentity', status: 200, code: '', keyId: sts.calls[0]?.keyId ?? '' },
      ]);
    });

    it('takes the role from the principal when none is named, and the headers also as a JSON text', async () => {
      const { iam_request_headers = '', ...rest } = fields(sts.session('app'));
      const headers = Buffer.from(iam_request_headers, 'base64').toString();
      expect((await login({ ...rest, iam_request_headers: headers })).status).to.equal(200);
      const plain = JSON.parse(headers) as Record<string, string[]>;
      const flat = Object.fromEntries(Object.entries(plain).map(([name, values]) => [name, values.join()]));
      expect((await login({ ...rest, iam_request_headers: flat })).status).to.equal(200);
    });

    const refusals: readonly [what: string, change: (body: Record<string, string>) => object, words: string][] = [
      ['nothing', () => ({ role: 'app' }), "didn't supply required authentication values"],
      ['both kinds', (body) => ({ ...body, identity: 'x' }), 'supplied auth values for both ec2 and iam auth types'],
      [
        'a part',
        ({ iam_request_body: _body, ...rest }) => rest,
        'supplied some of the auth values for the iam auth type but not all',
      ],
      [
        'GET',
        (body) => ({ ...body, iam_http_request_method: 'GET' }),
        "invalid iam_http_request_method; currently only 'POST' is supported",
      ],
      [
        'a query',
        (body) => ({ ...body, iam_request_url: base64('https://sts.amazonaws.com/?Action=x') }),
        'invalid request',
      ],
      ['no address', (body) => ({ ...body, iam_request_url: base64('sts') }), 'error parsing iam_request_url'],
      [
        'an address whose path would become a host',
        (body) => ({ ...body, iam_request_url: base64('a:@127.0.0.1:1/') }),
        'error parsing iam_request_url',
      ],
      ['no base64', (body) => ({ ...body, iam_request_url: 'h?' }), 'failed to base64 decode iam_request_url'],
      [
        'another action',
        (body) => ({ ...body, iam_request_body: base64('Action=GetSessionToken&Version=2011-06-15') }),
        'iam request body is invalid',
      ],
      [
        'two actions',
        (body) => ({ ...body, iam_request_body: base64('Action=GetCallerIdentity&Action=x') }),
        'iam request body is invalid',
      ],
      [
        'more keys',
        (body) => ({ ...body, iam_request_body: base64('Action=GetCallerIdentity&x=y') }),
        'iam request body is invalid',
      ],
      ['no headers', (body) => ({ ...body, iam_request_headers: base64('{}') }), 'missing iam_request_headers'],
      [
        'headers that are no JSON',
        (body) => ({ ...body, iam_request_headers: base64('<a>') }),
        'Field validation failed: error converting input for field "iam_request_headers"',
      ],
      ['an unknown role', (body) => ({ ...body, role: 'none' }), 'entry for role none not found'],
    ];
    for (const [what, change, words] of refusals) {
      it(`refuses ${what} (auth-wire 4.2 "Server checks")`, async () => {
        const answer = await login(change({ role: 'app', ...fields(sts.session('app')) }));
        expect(answer.status).to.equal(400);
        expect(answer.errors.join()).to.include(words);
      });
    }

    it('refuses a principal that the role is not bound to', async () => {
      const answer = await login({ role: 'app', ...fields(sts.user('app')) });
      expect(answer.errors).to.deep.equal([
        'IAM Principal "arn:aws:iam::123456789012:user/app" does not belong to the role "app"',
      ]);
    });

    const ids: readonly [serverId: string | undefined, words: string | undefined][] = [
      ['vault.test', undefined],
      [undefined, 'missing header "X-Vault-AWS-IAM-Server-ID"'],
      ['other.test', 'expected "vault.test" but got "other.test"'],
    ];
    for (const [serverId, words] of ids) {
      it(`with a server id configured, ${serverId ?? 'none'} is ${words === undefined ? 'taken' : 'refused'}`, async () => {
        await configure({ iam_server_id_header_value: 'vault.test' });
        const answer = await login({
          role: 'app',
          ...fields(sts.session('app'), serverId === undefined ? {} : { serverId }),
        });
        expect([answer.status, answer.errors.join()]).to.deep.equal(
          words === undefined ? [200, ''] : [400, `error validating X-Vault-AWS-IAM-Server-ID header: ${words}`],
        );
      });
    }

    it('knows only the headers of Amazon on its list, and those that are added to it', async () => {
      const body = fields(sts.session('app'));
      const headers = JSON.parse(Buffer.from(body['iam_request_headers'] ?? '', 'base64').toString()) as object;
      const more = {
        role: 'app',
        ...body,
        iam_request_headers: base64(JSON.stringify({ ...headers, 'x-amz-meta': 'x' })),
      };
      expect((await login(more)).errors).to.deep.equal(['invalid request header: X-Amz-Meta']);
      await configure({ allowed_sts_header_values: ['x-amz-meta'] });
      expect((await ask('GET', 'auth/aws/config/client')).data['allowed_sts_header_values']).to.deep.equal([
        'X-Amz-Meta',
      ]);
      expect((await login(more)).errors.join()).to.include('must be signed');
    });

    const bad: readonly [what: string, make: () => Record<string, string>, words: string][] = [
      [
        'a key that is not active',
        () => {
          const key = sts.user('x');
          sts.deactivate(key);
          return fields(key);
        },
        'InvalidClientTokenId',
      ],
      ['a wrong secret', () => fields({ ...sts.user('x'), secret: 'wrong' }), 'SignatureDoesNotMatch'],
      [
        'a missing session token',
        () => {
          const { token: _token, ...rest } = sts.session('app');
          return fields(rest);
        },
        'InvalidClientTokenId',
      ],
      ['expired credentials', () => fields(sts.session('app', -1)), 'ExpiredToken'],
      [
        'another region',
        () => fields(sts.session('app'), { region: 'eu-west-1' }),
        'Credential should be scoped to a valid region.',
      ],
    ];
    for (const [what, make, words] of bad) {
      it(`passes on what STS says of ${what}`, async () => {
        const answer = await login({ role: 'app', ...make() });
        expect(answer.errors.join())
          .to.match(/^error making upstream request: received error code 403 from STS: /)
          .and.include(words);
      });
    }

    it('forwards an old signature as Vault does; STS refuses it by its date (corrections)', async () => {
      const body = fields(sts.session('app', 86_400_000));
      await world.clock.advance(14 * 60_000);
      expect((await login({ role: 'app', ...body })).status).to.equal(200);
      await world.clock.advance(2 * 60_000);
      expect((await login({ role: 'app', ...body })).errors.join()).to.include('Signature expired');
      expect(sts.calls.map(({ status }) => status)).to.deep.equal([200, 403]);
    });

    it('says so when STS is not there or answers something else', async () => {
      sts.http.trouble = 'html';
      expect((await login({ role: 'app', ...fields(sts.session('app')) })).errors).to.deep.equal([
        'error making upstream request: body of GetCallerIdentity is invalid',
      ]);
      sts.http.trouble = 'cut';
      expect((await login({ role: 'app', ...fields(sts.session('app')) })).errors.join()).to.include(
        'error making upstream request: error making request: ',
      );
    });

    it('reads, lists and deletes roles; renews with the terms of now', async () => {
      const { auth } = await login({ role: 'app', ...fields(sts.session('app')) });
      await role('app', { token_ttl: '20m' });
      expect((await ask('GET', 'auth/aws/role/app')).data).to.include({
        auth_type: 'iam',
        token_ttl: 1200,
        resolve_aws_unique_ids: true,
      });
      expect((await ask('LIST', 'auth/aws/roles')).data['keys']).to.deep.equal(['app']);
      expect((await ask('POST', 'auth/token/renew-self', {}, { token: auth.client_token })).status).to.equal(200);
      await ask('DELETE', 'auth/aws/role/app');
      expect((await ask('POST', 'auth/token/renew-self', {}, { token: auth.client_token })).status).to.equal(500);
      expect((await ask('GET', 'auth/aws/role/app')).status).to.equal(404);
    });

    it('refuses roles without any bound, of other types, or with ec2 and a principal', async () => {
      expect((await role('x', { auth_type: 'iam' })).status).to.equal(400);
      expect((await role('x', { ...bound, auth_type: 'oidc' })).errors).to.deep.equal(['unrecognized auth_type: oidc']);
      expect((await role('x', { ...bound, auth_type: 'ec2' })).status).to.equal(400);
    });

    it('forgets its configuration', async () => {
      await ask('DELETE', 'auth/aws/config/client');
      expect((await ask('GET', 'auth/aws/config/client')).status).to.equal(404);
    });
  });

  describe('ec2', () => {
    let imds: ImdsDouble;
    beforeEach(async () => {
      imds = new ImdsDouble(() => world.clock.now());
      imds.needsToken = false;
      await imds.open();
      await ask('POST', 'auth/aws/config/client', { endpoint: imds.url });
      for (const type of ['identity', 'pkcs7'])
        await ask('POST', `auth/aws/config/certificate/${type}`, {
          aws_public_cert: base64(imds.certificate.cert),
          type,
        });
      await ask('POST', 'auth/aws/role/app', { auth_type: 'ec2', bound_ami_id: 'ami-1', token_policies: 'app' });
    });
    afterEach(() => imds.close());

    const get = async (name: string): Promise<string> =>
      (await fetch(`${imds.url}/latest/dynamic/instance-identity/${name}`)).text();
    const proof = async (): Promise<Record<string, string>> => ({
      identity: base64(await get('document')),
      signature: await get('signature'),
    });

    it('verifies document and signature, and the same nonce lets the instance in again', async () => {
      const body = { role: 'app', nonce: 'n-1', ...(await proof()) };
      const answer = await login(body);
      expect(answer.auth.policies).to.deep.equal(['app', 'default']);
      expect(answer.auth.metadata)
        .to.include({ auth_type: 'ec2', account_id: '123456789012' })
        .and.not.have.property('nonce');
      expect((await login(body)).status).to.equal(200);
      expect((await login({ ...body, nonce: 'n-2' })).errors).to.deep.equal(['client nonce mismatch']);
    });

    it('forgets an instance that is deleted from the access list', async () => {
      const body = { role: 'app', ...(await proof()) };
      await login({ ...body, nonce: 'n-1' });
      expect((await ask('LIST', 'auth/aws/identity-accesslist')).data['keys']).to.deep.equal([imds.instanceId]);
      expect((await ask('GET', `auth/aws/identity-whitelist/${imds.instanceId}`)).data)
        .to.include({ role: 'app' })
        .and.not.have.property('nonce');
      await ask('DELETE', `auth/aws/identity-accesslist/${imds.instanceId}`);
      expect((await login({ ...body, nonce: 'n-2' })).status).to.equal(200);
    });

    it('gives a nonce to whoever sends none', async () => {
      expect((await login({ role: 'app', ...(await proof()) })).auth.metadata).to.have.property('nonce');
    });

    it('verifies PKCS#7 too', async () => {
      const pkcs7 = (await get('pkcs7')).replaceAll('\n', '');
      expect((await login({ role: 'app', nonce: 'n', pkcs7 })).status).to.equal(200);
      const bytes = Buffer.from(pkcs7, 'base64');
      const at = bytes.indexOf('ami-1');
      bytes[at] = 'b'.charCodeAt(0);
      expect((await login({ role: 'app', nonce: 'n', pkcs7: bytes.toString('base64') })).errors).to.deep.equal([
        'failed to verify the signature',
      ]);
      expect((await login({ role: 'app', nonce: 'n', pkcs7: 'AAAA' })).errors.join()).to.include(
        'failed to parse the BER encoded',
      );
    });

    it('takes the role from the image when none is named', async () => {
      await ask('POST', 'auth/aws/role/ami-1', { auth_type: 'ec2', bound_region: 'eu-west-1' });
      expect((await login({ nonce: 'n', ...(await proof()) })).status).to.equal(200);
    });

    const refusals: readonly [
      what: string,
      prepare: () => unknown,
      change: (body: Record<string, string>) => object,
      words: string,
    ][] = [
      [
        'a tampered document',
        () => 0,
        (body) => ({ ...body, identity: base64('{"instanceId":"i-2"}') }),
        'failed to verify the instance identity document',
      ],
      [
        'a certificate that is not registered',
        () => ask('DELETE', 'auth/aws/config/certificate/identity'),
        (body) => body,
        'failed to verify the instance identity document',
      ],
      ['both forms', () => 0, (body) => ({ ...body, pkcs7: 'AAAA' }), 'is supplied; provide only one'],
      ['no signature', () => 0, ({ signature: _signature, ...rest }) => rest, 'needs to be provided'],
      ['a stopped instance', () => (imds.state = 'stopped'), (body) => body, "instance is not in 'running' state"],
      [
        'no EC2 to ask',
        () => ask('POST', 'auth/aws/config/client', { endpoint: '' }),
        (body) => body,
        'asks only the endpoint that config/client names',
      ],
      [
        'another image',
        () => ask('POST', 'auth/aws/role/app', { bound_ami_id: 'ami-2' }),
        (body) => body,
        'AMI ID "ami-1" does not belong to role "app"',
      ],
      [
        'another region',
        () => ask('POST', 'auth/aws/role/app', { bound_region: 'us-east-1' }),
        (body) => body,
        'Region "eu-west-1" does not satisfy the constraint on role "app"',
      ],
      ['an unknown role', () => 0, (body) => ({ ...body, role: 'none' }), 'entry for role "none" not found'],
      [
        'a role of the other type',
        () => ask('POST', 'auth/aws/role/app', { auth_type: 'iam' }),
        (body) => body,
        'auth method ec2 not allowed for role app',
      ],
      [
        'a long nonce',
        () => 0,
        (body) => ({ ...body, nonce: 'n'.repeat(129) }),
        'client nonce exceeding the limit of 128 characters',
      ],
    ];
    for (const [what, prepare, change, words] of refusals) {
      it(`refuses ${what} (auth-wire 4.4)`, async () => {
        await prepare();
        const answer = await login(change({ role: 'app', nonce: 'n-1', ...(await proof()) }));
        expect(answer.status).to.equal(400);
        expect(answer.errors.join()).to.include(words);
      });
    }

    it('a migrated instance may bring another nonce when the role allows it and the document is newer', async () => {
      await ask('POST', 'auth/aws/role/app', { allow_instance_migration: true });
      await login({ role: 'app', nonce: 'n-1', ...(await proof()) });
      expect((await login({ role: 'app', nonce: 'n-2', ...(await proof()) })).errors).to.deep.equal([
        'client nonce mismatch and instance meta-data incorrect',
      ]);
      imds.pendingTime = '2026-01-02T00:00:00Z';
      expect((await login({ role: 'app', nonce: 'n-2', ...(await proof()) })).status).to.equal(200);
      imds.pendingTime = '2025-01-01T00:00:00Z';
      expect((await login({ role: 'app', nonce: 'n-2', ...(await proof()) })).errors.join()).to.include(
        'older than the one used for previous login',
      );
    });

    it('an empty nonce, or the role, makes a login the only one', async () => {
      await login({ role: 'app', nonce: '', ...(await proof()) });
      expect((await login({ role: 'app', nonce: '', ...(await proof()) })).errors).to.deep.equal([
        'reauthentication is disabled',
      ]);
    });

    it('refuses certificates that are none', async () => {
      expect((await ask('POST', 'auth/aws/config/certificate/x', { aws_public_cert: base64('x') })).status).to.equal(
        400,
      );
      expect((await ask('LIST', 'auth/aws/config/certificates')).data['keys']).to.deep.equal(['identity', 'pkcs7']);
    });
  });

  describe('principals', () => {
    const cases: readonly [arn: string, canonical: string | undefined][] = [
      ['arn:aws:sts::123456789012:assumed-role/app/i-0123', 'arn:aws:iam::123456789012:role/app'],
      ['arn:aws:iam::123456789012:role/path/app', 'arn:aws:iam::123456789012:role/app'],
      ['arn:aws-cn:iam::123456789012:user/ann', 'arn:aws-cn:iam::123456789012:user/ann'],
      ['arn:aws:iam::123456789012:root', undefined],
      ['ann', undefined],
    ];
    for (const [arn, canonical] of cases) {
      it(`${arn} is ${canonical ?? 'nobody'}`, () => expect(principalOf(arn)?.canonical).to.equal(canonical));
    }

    it('an ARN may end in *', () => {
      const principal = principalOf('arn:aws:sts::123456789012:assumed-role/app/i-0123');
      if (principal === undefined) throw new Error('nobody');
      expect(isBound(['arn:aws:iam::123456789012:role/*'], principal)).to.equal(true);
      expect(isBound(['arn:aws:iam::123456789012:user/*'], principal)).to.equal(false);
    });
  });
});
