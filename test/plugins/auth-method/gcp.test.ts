// gcp beyond the conformance suite: both types, signing, every place of a credential and their order, each kind of trouble and what is said about it.
import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import { gcloudFile } from '../../../plugins/auth-method/gcp/find-credential.js';
import { askAny, metadataOrigins } from '../../../plugins/auth-method/gcp/metadata.js';
import { htmlPage } from '../../doubles/azure-http.js';
import { type RsaCertificate } from '../../doubles/entra-certificate.js';
import { isSignedBy } from '../../doubles/entra-tokens.js';
import { type MetadataDouble } from '../../doubles/gcp-metadata.js';
import { APP, OTHER, MACHINE, LOGIN, gcpStage } from './gcp-stage.js';

describe('auth method gcp', () => {
  const stage = gcpStage();
  const { make, prepare, tokenOf, claimsOf, thrown, failure, plant, key, write, nowS, sourcesOf } = stage;

  describe('type gce (auth-wire 6.2)', () => {
    it('sends an identity token of the machine for this server and role, and nothing else', async () => {
      const plan = await prepare({ type: 'gce' });
      expect(plan).to.deep.include({
        login: 'auth/gcp/login',
        show: ['role'],
        trail: [{ source: 'metadata server', outcome: 'gave an identity token of default' }],
      });
      expect('body' in plan && Object.keys(plan.body)).to.deep.equal(['role', 'jwt']);
      expect(claimsOf(plan)).to.deep.include({ aud: 'https://vault:8200/vault/dev', email: MACHINE });
      expect(claimsOf(plan)['google']).to.have.nested.property('compute_engine.instance_id', '77');
    });

    it('keeps a path of the address in the audience', async () => {
      const plan = await (await make({ type: 'gce' })).prepare({ ...LOGIN, address: new URL('https://host/vault-1/') });
      expect(claimsOf(plan)).to.include({ aud: 'https://host/vault-1/vault/dev' });
    });

    it('asks for the account of the settings, anew for each login (5.6)', async () => {
      const method = await make({ type: 'gce', service_account: OTHER });
      expect(claimsOf(await method.prepare(LOGIN))).to.include({ email: OTHER });
      const again = await method.prepare({ ...LOGIN, purpose: 'test' });
      expect(again.credential?.reveal()).to.contain(OTHER);
      expect(stage.metadata.http.asked).to.have.length(2);
    });

    it('does not send the HTML page for an unknown account as a token', async () => {
      const error = await failure({ type: 'gce', service_account: 'nobody' });
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(error.message).to.contain('service account "nobody"').and.contain('404');
      expect(error.hint).to.contain('attached');
    });

    const FLAVOR = { 'Metadata-Flavor': 'Google' };
    const answers: readonly [string, Parameters<MetadataDouble['http']['trouble']>[0], why: string][] = [
      ['an HTML page of somebody else', htmlPage(200), 'not the metadata server'],
      ['an HTML page with the header', { ...htmlPage(200), headers: FLAVOR }, 'no JSON web token'],
      ['nothing', { status: 200, body: '', headers: FLAVOR }, 'no JSON web token'],
      ['two parts', { status: 200, body: 'planted-a.b', headers: FLAVOR }, 'no JSON web token'],
      ['500', htmlPage(500), '500'],
      ['a redirect', { status: 302, body: '', headers: { Location: 'http://127.0.0.1:1/' } }, '302'],
    ];
    for (const [title, answer, why] of answers) {
      it(`does not take ${title} and waits (5.4)`, async () => {
        plant('planted-a.b');
        stage.metadata.http.trouble(answer);
        const error = await failure({ type: 'gce' });
        expect(error).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
        expect(error.message).to.contain(why);
      });
    }

    it('fails within two seconds where nobody answers (5.5)', async () => {
      stage.metadata.http.trouble('silence');
      const work = failure({ type: 'gce' });
      while (stage.metadata.http.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
      await stage.fakes.clock.advance(2000);
      expect(await work).to.include({ code: 'SERVICE_TIMEOUT', act: 'wait' });
    });

    it('says that the metadata server cannot be reached where there is none', async () => {
      stage.fakes.env.set('GCE_METADATA_HOST', '127.0.0.1:1');
      expect(await failure({ type: 'gce' })).to.include({ code: 'SERVICE_UNREACHABLE', act: 'wait' });
    });

    it('stops with the reason of an abort', async () => {
      stage.metadata.http.trouble('silence');
      const stop = new AbortController();
      const work = (await make({ type: 'gce' }))
        .prepare({ ...LOGIN, signal: stop.signal })
        .catch((why: unknown) => why);
      while (stage.metadata.http.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
      stop.abort(new Error('over'));
      expect(await work).to.have.property('message', 'over');
    });

    it('has the host of the environment, else the full name and then the address', () => {
      expect(metadataOrigins(stage.fakes.env)).to.deep.equal([stage.metadata.http.url]);
      stage.fakes.env.set('GCE_METADATA_IP', '10.0.0.1');
      expect(metadataOrigins(stage.fakes.env)).to.deep.equal([stage.metadata.http.url]);
      stage.fakes.env.set('GCE_METADATA_HOST', '');
      expect(metadataOrigins(stage.fakes.env)).to.deep.equal(['http://10.0.0.1']);
      stage.fakes.env.set('GCE_METADATA_IP', undefined);
      expect(metadataOrigins(stage.fakes.env)).to.deep.equal([
        'http://metadata.google.internal',
        'http://169.254.169.254',
      ]);
    });

    it('goes on to the address when the name is not known, and only then', async () => {
      // Longer than a name may be, so that no resolver is asked.
      const unknown = `http://${'x'.repeat(64)}.invalid`;
      const path = '/computeMetadata/v1/instance/service-accounts/default/email';
      const answer = await askAny(stage.fakes, [unknown, stage.metadata.http.url], path, LOGIN.signal);
      expect(answer.body.reveal()).to.equal(MACHINE);
      const down = askAny(stage.fakes, ['http://127.0.0.1:1', stage.metadata.http.url], path, LOGIN.signal);
      expect(await thrown(down)).to.include({ code: 'SERVICE_UNREACHABLE' });
      expect(stage.metadata.http.asked).to.have.length(1);
    });

    for (const host of ['a/b', 'a?b', 'u@h', 'a b', '#']) {
      it(`refuses "${host}" as a host`, async () => {
        stage.fakes.env.set('GCE_METADATA_HOST', host);
        expect((await failure({ type: 'gce' })).message).to.contain('GCE_METADATA_HOST');
      });
    }
  });

  describe('type iam: signing (auth-wire 6.3)', () => {
    it('signs here with the key of the account, so that nobody is asked', async () => {
      const text = key();
      const plan = await prepare({ credentials: text });
      const token = tokenOf(plan);
      expect(token.claims).to.deep.equal({ aud: 'http://vault/dev', sub: APP, exp: nowS() + 870 });
      expect(token.header).to.deep.equal({
        alg: 'RS256',
        typ: 'JWT',
        kid: (JSON.parse(text) as Record<string, string>)['private_key_id'],
      });
      expect(isSignedBy(token, issuerKeysOf(stage.pair))).to.equal(true);
      expect(stage.google.http.asked).to.deep.equal([]);
      expect(plan.trail).to.deep.equal([{ source: 'credentials', outcome: `service_account; signed here as ${APP}` }]);
    });

    it('lets Google sign with local_signing = never, as the account of the key', async () => {
      const plan = await prepare({ credentials: key(), local_signing: 'never', jwt_exp: 20 });
      expect(claimsOf(plan)).to.deep.equal({ aud: 'http://vault/dev', sub: APP, exp: nowS() + 1200 });
      expect(tokenOf(plan).header).to.include({ kid: 'system-1' });
      const body = stage.google.http.asked[1]?.body ?? '{}';
      expect(JSON.parse(body)).to.include.keys('payload', 'delegates');
      expect(plan.trail?.[0]?.outcome).to.equal(`service_account; signed by Google as ${APP}`);
    });

    it('lets Google sign for another account than that of the key', async () => {
      stage.google.accounts.get(OTHER)?.trusted.add(APP);
      expect(claimsOf(await prepare({ credentials: key(), service_account: OTHER }))).to.include({ sub: OTHER });
    });

    for (const account of [OTHER, 'nobody@shop.iam.gserviceaccount.com', 'x/../y']) {
      it(`says what may be missing when Google does not sign for ${account}`, async () => {
        const error = await failure({ credentials: key(), service_account: account });
        expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
        expect(error.message).to.contain(account);
        expect(error.hint).to.contain('iam.serviceAccounts.signJwt');
      });
    }

    it('a fresh token for each attempt is still one credential (5.1, 5.6)', async () => {
      const method = await make({ credentials: key() });
      const one = await method.prepare(LOGIN);
      await stage.fakes.clock.advance(60_000);
      const two = await method.prepare(LOGIN);
      expect(claimsOf(two)['exp']).to.equal(Number(claimsOf(one)['exp']) + 60);
      expect(one.credential?.equals(two.credential)).to.equal(true);
      expect(one.credential?.equals((await prepare({ credentials: key() })).credential)).to.equal(false);
    });

    const broken: readonly [string, () => object, why: string][] = [
      ['no PEM', () => ({ private_key: 'planted-nonsense-key' }), 'not a PEM private key'],
      ['a key of another kind', () => ({ private_key: ellipticKey() }), 'cannot sign with RS256'],
    ];
    for (const [title, more, why] of broken) {
      it(`refuses ${title} as private key without showing it`, async () => {
        plant('planted-nonsense-key');
        const error = await failure({ credentials: key(APP, more()) });
        expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
        expect(error.message).to.contain(why);
      });
    }

    for (const endpoint of ['http://example.com', 'nonsense']) {
      it(`sends nothing to ${endpoint}`, async () => {
        const error = await failure({ credentials: key(), local_signing: 'never', iam_credentials_endpoint: endpoint });
        expect(error).to.include({ code: 'CONFIG_VALUE' });
      });
    }

    const odd: readonly [string, unknown][] = [
      ['an HTML page', '<html>planted-in-a-success</html>'],
      ['another object', { note: 'planted-in-a-success' }],
      ['no token', { signedJwt: 'planted-in-a-success' }],
    ];
    for (const [title, body] of odd) {
      it(`does not take ${title} for a signed token (5.4)`, async () => {
        plant('planted-in-a-success');
        stage.google.http.trouble({ status: 200, body: { access_token: 'ya29.x' } }, { status: 200, body });
        expect(await failure({ credentials: key(), local_signing: 'never' })).to.include({
          code: 'SERVICE_BAD_ANSWER',
          act: 'wait',
        });
      });
    }
  });

  describe('type iam: where the credential is (auth-wire 6.3, step 1)', () => {
    it('goes through the places of the reference in its order', async () => {
      const places: [string, () => Promise<void>][] = [
        ['metadata server', async () => undefined],
        [
          'application default credentials of gcloud',
          async () => void (await write('.config/gcloud/application_default_credentials.json', key())),
        ],
        [
          'GOOGLE_APPLICATION_CREDENTIALS',
          async () => stage.fakes.env.set('GOOGLE_APPLICATION_CREDENTIALS', await write('adc.json', key())),
        ],
        ['~/.gcp/credentials', async () => void (await write('.gcp/credentials', key()))],
        ['GOOGLE_CLOUD_KEYFILE_JSON', async () => stage.fakes.env.set('GOOGLE_CLOUD_KEYFILE_JSON', key())],
        ['GOOGLE_CREDENTIALS', async () => stage.fakes.env.set('GOOGLE_CREDENTIALS', key())],
      ];
      for (const [name, furnish] of places) {
        await furnish();
        const plan = await prepare();
        expect(sourcesOf(plan).at(-1)).to.match(new RegExp(`^${name}`));
        expect(claimsOf(plan)).to.include({ sub: name === 'metadata server' ? MACHINE : APP });
      }
      expect(sourcesOf(await prepare({ credentials_file: await write('own.json', key()) }))).to.deep.equal([
        `credentials_file (${join(stage.dir, 'own.json')})`,
      ]);
    });

    it('says of each place why it was passed over', async () => {
      stage.fakes.env.set('GOOGLE_CREDENTIALS', plant('planted-{"broken'));
      stage.fakes.env.set('GOOGLE_CLOUD_KEYFILE_JSON', '{"type":"service_account"}');
      await write('.gcp/credentials', '');
      const { trail } = await prepare();
      expect(trail?.slice(0, 5).map(({ outcome }) => outcome)).to.deep.equal([
        'GOOGLE_CREDENTIALS is not usable: it is not a JSON object',
        'GOOGLE_CLOUD_KEYFILE_JSON is not usable: it has no client_email',
        `~/.gcp/credentials: ${join(stage.dir, '.gcp/credentials')} is empty`,
        'it is not set',
        'there is no such file',
      ]);
    });

    it('the settings mean what they say: broken text there ends the search', async () => {
      stage.fakes.env.set('GOOGLE_CREDENTIALS', key());
      const error = await failure({ credentials: plant('planted-{"type": broken') });
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(error.message).to.contain('credentials is not usable: it is not a JSON object');
    });

    for (const path of ['/etc/key.json', './key.json', 'C:\\keys\\key.json', '~/key']) {
      it(`credentials is the content, not the path ${path} (corrections)`, async () => {
        expect((await failure({ credentials: path })).hint).to.contain('credentials_file');
      });
    }

    it('a file that is named must be there and be readable', async () => {
      for (const arrange of [
        () => ({ credentials_file: join(stage.dir, 'none') }),
        () => (stage.fakes.env.set('GOOGLE_APPLICATION_CREDENTIALS', join(stage.dir, 'none')), {}),
      ]) {
        const error = await failure(arrange());
        expect(error).to.include({
          code: 'AUTH_CREDENTIAL_MISSING',
          act: 'fix-credential',
          at: join(stage.dir, 'none'),
        });
      }
    });

    const kinds: readonly [object, string][] = [
      [{}, 'its type is missing'],
      [{ type: 'gdch_service_account' }, '"gdch_service_account"'],
      [{ type: 'service_account', client_email: 'x' }, 'no private_key'],
      [{ type: 'authorized_user', client_id: 'x', client_secret: 'y' }, 'no refresh_token'],
      [
        { type: 'external_account', audience: 'x', subject_token_type: 'y', token_url: 'https://x' },
        'no credential_source',
      ],
      [
        { type: 'external_account', audience: 'x', subject_token_type: 'y', token_url: 'http://example.com' },
        'token_url is not an https address',
      ],
      [
        { type: 'service_account', client_email: 'x', private_key: 'x', token_uri: 'http://example.com/' },
        'token_uri is not an https address',
      ],
      [{ type: 'impersonated_service_account' }, 'source_credentials'],
    ];
    for (const [json, why] of kinds) {
      it(`refuses ${JSON.stringify(json).slice(0, 60)}: ${why}`, async () => {
        expect((await failure({ credentials: JSON.stringify(json) })).message).to.contain(why);
      });
    }

    it('CLOUDSDK_CONFIG moves the file of gcloud; Windows has it elsewhere', () => {
      expect(gcloudFile(stage.fakes.env, 'linux')).to.equal(
        join(stage.dir, '.config/gcloud/application_default_credentials.json'),
      );
      expect(gcloudFile(stage.fakes.env, 'win32')).to.equal(undefined);
      stage.fakes.env.set('APPDATA', 'C:\\Data');
      expect(gcloudFile(stage.fakes.env, 'win32')).to.equal('C:\\Data\\gcloud\\application_default_credentials.json');
      stage.fakes.env.set('CLOUDSDK_CONFIG', '/etc/gcloud');
      expect(gcloudFile(stage.fakes.env, 'linux')).to.equal('/etc/gcloud/application_default_credentials.json');
    });

    it('AUTH_SOURCE_NONE lists every place and why', async () => {
      stage.fakes.env.set('GCE_METADATA_HOST', '127.0.0.1:1');
      stage.fakes.env.set('HOME', undefined);
      const error = await failure();
      expect(error).to.include({ code: 'AUTH_SOURCE_NONE', act: 'fix-credential' });
      expect(error.message)
        .to.contain('GOOGLE_CREDENTIALS (it is not set)')
        .and.contain('~/.gcp/credentials (HOME is not set)')
        .and.contain('GOOGLE_APPLICATION_CREDENTIALS (it is not set)')
        .and.contain('metadata server (http://127.0.0.1:1');
    });

    for (const name of ['credentials_file', 'GOOGLE_APPLICATION_CREDENTIALS']) {
      it(`yields a change when the file of ${name} holds another credential`, async () => {
        const path = await write('own.json', key());
        if (name !== 'credentials_file') stage.fakes.env.set(name, path);
        const method = await make(name === 'credentials_file' ? { credentials_file: path } : {});
        await method.prepare(LOGIN);
        await write('own.json', key());
        const stop = new AbortController();
        const changes = method.changes?.(stop.signal)[Symbol.asyncIterator]();
        expect(await changes?.next()).to.include({ done: false });
        stop.abort();
        expect(await changes?.next()).to.include({ done: true });
      });
    }

    for (const arrange of [
      () => ({}),
      () => ({ type: 'gce' }),
      () => ({ credentials: key() }),
      () => (
        stage.fakes.env.set('GOOGLE_CREDENTIALS', key()),
        stage.fakes.env.set('GOOGLE_APPLICATION_CREDENTIALS', '/none'),
        {}
      ),
    ]) {
      it(`yields no changes where no file is named: ${arrange.toString().slice(0, 70)}`, async () => {
        const method = await make(arrange());
        await method.prepare(LOGIN);
        expect(await method.changes?.(LOGIN.signal)[Symbol.asyncIterator]().next()).to.include({ done: true });
      });
    }
  });

  it('explains refusals of the server', async () => {
    const method = await make();
    expect(method.hint?.(400, []))
      .to.contain('role "dev"')
      .and.contain('type iam')
      .and.contain('max_jwt_exp')
      .and.contain('clocks');
    expect((await make({ type: 'gce' })).hint?.(400, []))
      .to.contain('type gce')
      .and.not.contain('max_jwt_exp');
    expect(method.hint?.(403, [])).to.contain('auth/gcp');
    expect(method.hint?.(422, [])).to.contain('of type gcp');
    expect(method.hint?.(429, [])).to.equal(undefined);
  });
});

const issuerKeysOf = ({ cert }: RsaCertificate): Parameters<typeof isSignedBy>[1] =>
  new X509Certificate(cert).publicKey;

function ellipticKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
