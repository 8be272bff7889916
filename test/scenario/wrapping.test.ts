// Wrapping through the agent: the time to live that a client asks for is the one that it gets (D-18).
import { expect } from 'chai';
import type { Json } from './client.js';
import { ask } from './client.js';
import { fileSink, onRig, SERVE } from './rig.js';

describe('scenario: wrapping', function () {
  this.timeout(20_000);

  it("a client's X-Vault-Wrap-TTL reaches the server as it is, sys/wrapping/wrap included, whatever the environment of the agent says (D-18)", () =>
    onRig({}, async (rig) => {
      await rig.admin('POST', 'secret/data/app', { data: { color: 'red' } });
      const { method } = await rig.approle('app');
      const config = rig.config(`auto_auth {\n${method}${fileSink(rig.path('token'))}}\n${SERVE}`);
      const env = { VAULT_WRAP_TTL: '10m', BAO_WRAP_TTL: '11m' };
      const running = rig.command(['agent', `-config=${config}`], { env });
      const url = (await running.says(/Api Address 1: (\S+)/))[1]!;
      await running.says(/authentication successful/);
      const ttlOf = async (
        path: string,
        method_: string,
        ttl?: string,
        body?: unknown,
      ): Promise<number | undefined> => {
        const headers = ttl === undefined ? {} : { 'X-Vault-Wrap-TTL': ttl };
        const { json } = await ask(url, `/v1/${path}`, { method: method_, headers, body });
        return (json as { wrap_info: Json }).wrap_info?.ttl as number | undefined;
      };
      expect(await ttlOf('secret/data/app', 'GET', '300')).to.equal(300);
      expect(await ttlOf('secret/data/app', 'GET')).to.equal(undefined);
      expect(await ttlOf('sys/wrapping/wrap', 'POST', '2m', { a: 1 })).to.equal(120);
      expect(await running.stop()).to.equal(0);
    }));
});
