// The yardstick: a bare node:http server with a fixed 1 KB answer. As `lease` it is also the upstream of the hit measurement: it answers logins
// and a renewable lease of exactly 1 KB.
import http from 'node:http';

const [mode = 'hello'] = process.argv.slice(2);
const pad = (object, key) => {
  const bare = JSON.stringify(object).length;
  object[key[0]][key[1]] = 'x'.repeat(Math.max(0, 1024 - bare));
  return JSON.stringify(object);
};
const lease = (renewable) =>
  pad(
    {
      request_id: '3f6a1f52-5c1f-2b1e-8a7f-9d1c6a6c2b11',
      lease_id: renewable ? 'bench/creds/app/abcdefghijklmnopqrstuvwx' : '',
      renewable,
      lease_duration: renewable ? 86_400 : 0,
      data: { pad: '' },
      wrap_info: null,
      warnings: null,
      auth: null,
    },
    ['data', 'pad'],
  );
const auth = JSON.stringify({
  request_id: '3f6a1f52-5c1f-2b1e-8a7f-9d1c6a6c2b11',
  lease_id: '',
  renewable: false,
  lease_duration: 0,
  data: null,
  wrap_info: null,
  warnings: null,
  auth: {
    client_token: 'hvs.bench-client-token-0000000000',
    accessor: 'bench-accessor',
    policies: ['default'],
    token_policies: ['default'],
    metadata: null,
    lease_duration: 86_400,
    renewable: true,
    entity_id: '',
    token_type: 'service',
    orphan: true,
    mfa_requirement: null,
    num_uses: 0,
  },
});
const secret = lease(true);
const plain = lease(false);

const hello = (request, response) => {
  response.setHeader('Content-Type', 'application/json');
  response.end(plain);
};
const upstream = (request, response) => {
  response.setHeader('Content-Type', 'application/json');
  if (request.url.startsWith('/v1/auth/')) response.end(auth);
  else response.end(request.url.startsWith('/v1/bench/creds/') ? secret : plain);
};

const server = http.createServer({ keepAliveTimeout: 60_000 }, mode === 'hello' ? hello : upstream);
server.listen(0, '127.0.0.1', () => process.stdout.write(`ready ${server.address().port}\n`));
