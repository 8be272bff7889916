// azure beyond the conformance suite: managed identities of every kind, the names of the machine, each kind of trouble and what is said about it.
import { expect } from 'chai';
import { makeFakes } from '../../../core/sdk/testing/index.js';
import { tokenUrl } from '../../../plugins/auth-method/azure/entra.js';
import { metadataOrigin } from '../../../plugins/auth-method/azure/instance-metadata.js';
import { APP_SERVICE, identity, IMDS_TOKEN } from '../../doubles/azure.js';
import { htmlPage } from '../../doubles/azure-http.js';
import { RESOURCE, CLIENT, NAMED, LOGIN, azureStage } from './azure-stage.js';

describe('auth method azure', () => {
  const stage = azureStage();
  const { make, prepare, bodyOf, claimsOf, thrown, failure, fromEnvironment, plant, application } = stage;

  describe('instance metadata (auth-wire 5.2, 5.3)', () => {
    it('sends a token of the machine and its names, and says where they came from', async () => {
      const plan = await prepare();
      expect(plan).to.deep.include({
        login: 'auth/azure/login',
        trail: [
          { source: 'managed identity (instance metadata)', outcome: 'gave a token' },
          { source: 'names of the machine (instance metadata)', outcome: 'read' },
        ],
        show: ['role', 'subscription_id', 'resource_group_name', 'vm_name'],
      });
      const { jwt: _jwt, ...rest } = bodyOf(plan);
      expect(rest).to.deep.equal({
        role: 'app',
        subscription_id: stage.azure.machine.subscriptionId,
        resource_group_name: 'rg-app',
        vm_name: 'vm1',
      });
      expect(claimsOf(plan)).to.include({ aud: RESOURCE, oid: identity('1').objectId });
    });

    it('asks anew for each login (5.6)', async () => {
      const method = await make(NAMED);
      await method.prepare(LOGIN);
      await method.prepare({ ...LOGIN, purpose: 'test' });
      expect(stage.azure.http.count(IMDS_TOKEN)).to.equal(2);
    });

    it('sends the name of a scale set and knows names of any case', async () => {
      stage.azure.http.trouble(
        { status: 200, body: { access_token: stage.entra.issue(RESOURCE, { oid: 'o' }) } },
        {
          status: 200,
          body: { Compute: { Name: 'ss_1', SUBSCRIPTIONID: 's', resourcegroupname: 'g', VmScaleSetName: 'ss' } },
        },
      );
      expect(bodyOf(await prepare())).to.include({
        vm_name: 'ss_1',
        vmss_name: 'ss',
        subscription_id: 's',
        resource_group_name: 'g',
      });
    });

    const names = [
      ['client_id', 'clientId'],
      ['object_id', 'objectId'],
      ['msi_res_id', 'resourceId'],
    ] as const;
    for (const [setting, key] of names) {
      it(`chooses one of several identities by ${setting}`, async () => {
        stage.azure.identities = [identity('1'), identity('2')];
        const plan = await prepare({ [setting]: identity('2')[key] });
        expect(claimsOf(plan)).to.include({ oid: identity('2').objectId });
      });
    }

    it('says that one of several identities must be named', async () => {
      stage.azure.identities = [identity('1'), identity('2')];
      const error = await failure({ client_id: '' });
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(error.message)
        .to.contain('Multiple user assigned identities')
        .and.contain('managed identity (instance metadata)');
      expect(error.hint).to.contain('client_id');
    });

    it('names the identity that the machine does not have', async () => {
      expect((await failure({ client_id: 'nobody' })).message)
        .to.contain('nobody')
        .and.contain('Identity not found');
    });

    it('does not ask for names that the settings give', async () => {
      const plan = await prepare(NAMED);
      expect(bodyOf(plan)).to.include(NAMED);
      expect(stage.azure.http.count('/metadata/instance')).to.equal(0);
      expect(bodyOf(await prepare({ resource_id: '/subscriptions/x' }))).to.include({
        resource_id: '/subscriptions/x',
      });
    });

    it('a single given name wins over the one of the machine', async () => {
      expect(bodyOf(await prepare({ resource_group_name: 'other' }))).to.include({
        resource_group_name: 'other',
        vm_name: 'vm1',
      });
    });

    const statuses: readonly [number, hint: string][] = [
      [404, 'a moment ago'],
      [410, '70 s'],
      [429, 'too many'],
      [500, 'the machine'],
      [503, 'the machine'],
      [302, 'the machine'],
    ];
    for (const [status, hint] of statuses) {
      it(`waits on a ${String(status)} and logs in with the next attempt`, async () => {
        const method = await make();
        stage.azure.http.trouble({
          status,
          body: 'come back later',
          headers: { Location: `${stage.azure.http.url}/elsewhere` },
        });
        const error = await thrown(method.prepare(LOGIN));
        expect(error).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
        expect(error.message)
          .to.contain(`${String(status)}: come back later`)
          .and.contain(IMDS_TOKEN);
        expect(error.hint).to.contain(hint);
        expect(claimsOf(await method.prepare(LOGIN))).to.include({ aud: RESOURCE });
      });
    }

    const unusable: readonly [string, unknown, why: string][] = [
      ['an HTML page', htmlPage(200).body, 'not a JSON object'],
      ['a list', [], 'not a JSON object'],
      ['no token', { token_type: 'Bearer', note: 'planted-in-a-success' }, 'no access_token'],
      ['an empty token', { access_token: '' }, 'no access_token'],
      ['an opaque token', { access_token: 'planted-opaque-token' }, 'no JSON web token'],
    ];
    for (const [title, body, why] of unusable) {
      it(`does not send ${title} as a token and never quotes a success (5.4)`, async () => {
        plant('planted-in-a-success');
        plant('planted-opaque-token');
        stage.azure.http.trouble({ status: 200, body });
        const error = await failure();
        expect(error).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
        expect(error.message).to.contain(why).and.not.contain('<html>');
      });
    }

    it('an HTML page with 500 is trouble of the service', async () => {
      stage.azure.http.trouble(htmlPage(500));
      expect(await failure()).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
    });

    it('fails within two seconds where nobody answers (5.5)', async () => {
      stage.azure.http.trouble('silence');
      const work = thrown(prepare());
      while (stage.azure.http.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
      await stage.fakes.clock.advance(2000);
      const error = await work;
      expect(error).to.include({ code: 'SERVICE_TIMEOUT', act: 'wait' });
      expect(error.message).to.contain('managed identity (instance metadata)').and.contain('2 s');
    });

    it('says that the service cannot be reached where there is none', async () => {
      stage.fakes.env.set('AZURE_POD_IDENTITY_AUTHORITY_HOST', 'http://127.0.0.1:1');
      expect(await failure()).to.include({ code: 'SERVICE_UNREACHABLE', act: 'wait' });
    });

    it('stops with the reason of an abort', async () => {
      stage.azure.http.trouble('silence');
      const stop = new AbortController();
      const work = (await make()).prepare({ ...LOGIN, signal: stop.signal }).catch((reason: unknown) => reason);
      while (stage.azure.http.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
      stop.abort(new Error('over'));
      expect(await work).to.have.property('message', 'over');
    });

    it('does not log in without names when the service that gave the token cannot tell them', async () => {
      stage.azure.http.trouble(
        { status: 200, body: { access_token: stage.entra.issue(RESOURCE, {}) } },
        { status: 500, body: 'broken' },
      );
      const error = await failure();
      expect(error).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
      expect(error.message).to.contain('/metadata/instance');
    });

    it('warns of a token that has expired by the clock of this machine', async () => {
      stage.azure.http.trouble({
        status: 200,
        body: { access_token: stage.entra.issue(RESOURCE, { exp: stage.fakes.clock.now() / 1000 - 60 }) },
      });
      await prepare(NAMED);
      expect(stage.fakes.log.lines.map(({ level, message, fields }) => [level, message, fields])).to.deep.equal([
        ['warn', 'access token has expired by the clock of this machine', { seconds: 60 }],
      ]);
    });

    it('refuses an address of the service that is none', async () => {
      stage.fakes.env.set('AZURE_POD_IDENTITY_AUTHORITY_HOST', 'file:///etc/passwd');
      expect((await failure()).message).to.contain('AZURE_POD_IDENTITY_AUTHORITY_HOST');
    });
  });

  describe('managed identity of a platform (auth-wire 5.3)', () => {
    const appService = (more: Record<string, string> = {}): object =>
      fromEnvironment({
        IDENTITY_ENDPOINT: `${stage.azure.http.url}${APP_SERVICE}`,
        IDENTITY_HEADER: stage.azure.header,
        ...more,
      });

    it('App Service: with its header, without a call to the metadata service, named by the WEBSITE variables', async () => {
      const owner = `${stage.azure.machine.subscriptionId}+rg-app-WestEuropewebspace`;
      const plan = await prepare(appService({ WEBSITE_OWNER_NAME: owner, WEBSITE_RESOURCE_GROUP: 'rg-app' }));
      expect(claimsOf(plan)).to.include({ aud: RESOURCE, oid: identity('1').objectId });
      expect(bodyOf(plan)).to.include({
        subscription_id: stage.azure.machine.subscriptionId,
        resource_group_name: 'rg-app',
      });
      expect(stage.azure.http.asked.map(({ url }) => url.pathname)).to.deep.equal([APP_SERVICE]);
      expect(plan.trail?.map(({ source }) => source)).to.deep.equal([
        'client secret or certificate of the environment',
        'workload identity',
        'managed identity (IDENTITY_ENDPOINT)',
        'names of the machine',
      ]);
    });

    it('App Service: sends nothing for variables that are not there or not understood', async () => {
      expect(Object.keys(bodyOf(await prepare(appService({ WEBSITE_OWNER_NAME: 'odd' }))))).to.deep.equal([
        'role',
        'jwt',
      ]);
    });

    const spellings = [
      ['client_id', 'clientId'],
      ['object_id', 'objectId'],
      ['msi_res_id', 'resourceId'],
    ] as const;
    for (const [setting, key] of spellings) {
      it(`App Service: chooses an identity by ${setting}`, async () => {
        stage.azure.identities = [identity('1'), identity('2')];
        expect(claimsOf(await prepare({ ...appService(), [setting]: identity('2')[key] }))).to.include({
          appid: identity('2').clientId,
        });
      });
    }

    it('AZURE_CLIENT_ID names the identity when the settings name none', async () => {
      stage.azure.identities = [identity('1'), identity('2')];
      expect(claimsOf(await prepare(appService({ AZURE_CLIENT_ID: identity('2').clientId })))).to.include({
        appid: identity('2').clientId,
      });
    });

    it('App Service: a header that is refused does not show', async () => {
      const error = await failure(appService({ IDENTITY_HEADER: plant('planted-stale-header') }));
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(error.message).to.contain('IDENTITY_ENDPOINT').and.contain('401');
      expect(error.hint)
        .to.contain('passed over: client secret or certificate of the environment')
        .and.contain('workload identity');
    });

    it('App Service: a header value with a line break is named, not sent', async () => {
      const error = await failure(appService({ IDENTITY_HEADER: plant('planted\nheader: x') }));
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID' });
      expect(error.message).to.contain('IDENTITY_HEADER');
    });

    it('App Service: an endpoint that is no address is named', async () => {
      expect((await failure(appService({ IDENTITY_ENDPOINT: 'nonsense' }))).message).to.contain('IDENTITY_ENDPOINT');
    });

    it('the scope without /.default is what managed identities are asked for', async () => {
      expect(claimsOf(await prepare({ ...appService(), scope: 'api://other/.default' }))).to.include({
        aud: 'api://other',
      });
    });

    it('the last of the chain is the metadata service', async () => {
      const plan = await prepare(fromEnvironment({}));
      expect(claimsOf(plan)).to.include({ oid: identity('1').objectId });
      expect(plan.trail?.[2]?.source).to.equal('managed identity (instance metadata)');
    });

    it('AUTH_SOURCE_NONE lists each source and why', async () => {
      stage.fakes.env.set('AZURE_POD_IDENTITY_AUTHORITY_HOST', 'http://127.0.0.1:1');
      const error = await failure(fromEnvironment({}));
      expect(error).to.include({ code: 'AUTH_SOURCE_NONE', act: 'fix-credential' });
      expect(error.message)
        .to.contain('certificate of the environment (AZURE_TENANT_ID and AZURE_CLIENT_ID are not set)')
        .and.contain(
          'workload identity (AZURE_FEDERATED_TOKEN_FILE and AZURE_CLIENT_ID and AZURE_TENANT_ID are not set)',
        )
        .and.contain('managed identity (instance metadata) (http://127.0.0.1:1')
        .and.contain('nobody listens there');
    });

    const outside: readonly [string, Record<string, string>, string][] = [
      [
        'Service Fabric',
        { IDENTITY_ENDPOINT: 'https://x', IDENTITY_HEADER: 'planted', IDENTITY_SERVER_THUMBPRINT: 'x' },
        'Service Fabric',
      ],
      ['Cloud Shell', { MSI_ENDPOINT: 'http://x' }, 'Cloud Shell'],
    ];
    for (const [title, values, words] of outside) {
      it(`${title} is out of scope and says so`, async () => {
        const error = await failure(fromEnvironment(values));
        expect(error).to.include({ code: 'AUTH_SOURCE_NONE' });
        expect(error.message).to.contain(words);
      });
    }

    it('AZURE_TOKEN_CREDENTIALS narrows the chain', async () => {
      const settings = fromEnvironment({
        ...application({ secret: 's' }),
        AZURE_CLIENT_SECRET: 's',
        AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
      });
      stage.fakes.env.set('AZURE_CLIENT_ID', undefined);
      const plan = await prepare(settings);
      expect(plan.trail?.[0]?.source).to.equal('managed identity (instance metadata)');
      stage.fakes.env.set('AZURE_TOKEN_CREDENTIALS', 'WorkloadIdentityCredential');
      expect((await failure(settings)).message)
        .to.contain('tried workload identity (')
        .and.not.contain('managed');
      for (const value of ['dev', 'AzureCliCredential', 'toString']) {
        stage.fakes.env.set('AZURE_TOKEN_CREDENTIALS', value);
        expect((await failure(settings)).message)
          .to.contain('AZURE_TOKEN_CREDENTIALS')
          .and.contain('prod');
      }
      stage.fakes.env.set('AZURE_TOKEN_CREDENTIALS', 'PROD');
      stage.fakes.env.set('AZURE_CLIENT_ID', CLIENT);
      expect((await prepare(settings)).trail?.[0]?.source).to.equal('client secret (AZURE_CLIENT_SECRET)');
    });
  });

  it('asks the real services where the environment names no others', () => {
    const { env } = makeFakes();
    expect(metadataOrigin(env)).to.equal('http://169.254.169.254');
    expect(tokenUrl(env, 'my-tenant')).to.equal('https://login.microsoftonline.com/my-tenant/oauth2/v2.0/token');
    env.set('AZURE_AUTHORITY_HOST', 'https://login.microsoftonline.us/');
    expect(tokenUrl(env, 'my-tenant')).to.equal('https://login.microsoftonline.us/my-tenant/oauth2/v2.0/token');
  });

  it('explains refusals of the server', async () => {
    const method = await make();
    expect(method.hint?.(400, [])).to.contain('role "app"').and.contain(RESOURCE).and.contain('clocks');
    expect(method.hint?.(403, [])).to.contain('auth/azure');
    expect(method.hint?.(429, [])).to.equal(undefined);
  });
});
