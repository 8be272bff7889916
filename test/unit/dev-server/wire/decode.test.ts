// Verbs, tokens and special headers.
import { expect } from 'chai';
import { isFault } from '../../../../core/dev-server/backend.js';
import { decodeCall, type RawCall } from '../../../../core/dev-server/wire/decode.js';

const raw = (method: string, headers: readonly string[] = [], more: Partial<RawCall> = {}): RawCall => ({
  method,
  rawHeaders: headers,
  body: '',
  path: 'secret/x',
  query: new URLSearchParams(),
  remoteAddress: '127.0.0.1',
  certificates: [],
  ...more,
});
const refusal = (call: RawCall): unknown => {
  try {
    decodeCall(call);
  } catch (error) {
    return isFault(error) ? error.fault : error;
  }
  return undefined;
};

describe('dev server: decoding', () => {
  it('X-Vault-Token beats Bearer, and of doubled headers the first counts', () => {
    expect(
      decodeCall(raw('GET', ['Authorization', 'Bearer b', 'x-vault-token', 'a', 'X-Vault-Token', 'c'])).token,
    ).to.equal('a');
    expect(decodeCall(raw('GET', ['authorization', 'bearer b'])).token).to.equal('b');
    expect(decodeCall(raw('GET', ['Authorization', 'Basic b'])).token).to.equal('');
  });

  it('GET with list=true is a list, and lists end in a slash', () => {
    const call = decodeCall(raw('GET', [], { query: new URLSearchParams('list=true') }));
    expect([call.operation, call.path]).to.deep.equal(['list', 'secret/x/']);
    expect(decodeCall(raw('SCAN')).operation).to.equal('scan');
  });

  it('knows only the verbs of the server; HEAD only for sys/health', () => {
    expect(refusal(raw('PROPFIND'))).to.deep.equal({ status: 405, errors: [] });
    expect(refusal(raw('HEAD'))).to.deep.equal({ status: 405, errors: [] });
    expect(refusal(raw('HEAD', [], { path: 'sys/health' }))).to.equal(undefined);
    const internalOnly = 'cannot handle internal-only request operation';
    expect(refusal(raw('OPTIONS'))).to.deep.equal({ status: 400, errors: [internalOnly] });
  });

  it('a PATCH must be a merge patch', () => {
    expect(refusal(raw('PATCH'))).to.deep.equal({ status: 400, errors: ['mime: no media type'] });
    expect(refusal(raw('PATCH', ['Content-Type', 'application/json']))).to.include({ status: 415 });
    expect(refusal(raw('PATCH', ['Content-Type', 'application/merge-patch+json; charset=utf-8']))).to.equal(undefined);
  });

  it('reads wrapping times and refuses odd ones', () => {
    expect(decodeCall(raw('GET', ['X-Vault-Wrap-TTL', '60'])).wrapMs).to.equal(60_000);
    expect(decodeCall(raw('GET', ['X-Vault-Wrap-TTL', '5m'])).wrapMs).to.equal(300_000);
    expect(refusal(raw('GET', ['X-Vault-Wrap-TTL', '-5']))).to.deep.equal({
      status: 400,
      errors: ['error parsing X-Vault-Wrap-TTL header: requested wrap ttl cannot be negative'],
    });
  });
});
