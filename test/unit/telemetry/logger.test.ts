import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Secret, agentError } from '../../../core/sdk/index.js';
import { LogFile } from '../../../core/telemetry/log-file.js';
import { createLogging, type Level } from '../../../core/telemetry/logger.js';

const NOW = Date.UTC(2024, 0, 2, 15, 4, 5);

function logging(format: 'standard' | 'json', level: Level = 'info', colour = false) {
  const lines: string[] = [];
  const root = createLogging({
    level,
    format,
    targets: [{ write: (line) => lines.push(line), colour }],
    now: () => NOW,
  });
  return { lines, root, log: root.named('agent.auth.handler') };
}

describe('logging', () => {
  it('writes lines in the form operators grep for (spec config 2.3)', () => {
    const { lines, log } = logging('standard');
    log.info({}, 'authenticating');
    log.error({ error: new Error('boom\nbang'), backoff: '1.5s' }, 'error authenticating');
    expect(lines[0]).to.equal('2024-01-02T15:04:05.000Z [INFO]  agent.auth.handler: authenticating\n');
    expect(lines[1]).to.match(
      /^2024-01-02T15:04:05.000Z \[ERROR\] agent\.auth\.handler: error authenticating: error="boom\\nbang" stack=.* backoff=1\.5s\n$/,
    );
  });

  it('shows what would begin a line or command a terminal by its number, in fields and in messages', () => {
    const { lines, log } = logging('standard');
    log.info({ path: '/v1/a\u009b31m\u007f', list: ['\u2028'] }, 'one\nINJECTED \u001b[31m');
    log.info({ path: 'a\nb\u0085' }, 'two');
    expect(lines[0]!.slice(33)).to.equal(
      'agent.auth.handler: one\\u000aINJECTED \\u001b[31m: path=/v1/a\\u009b31m\\u007f list=["\\u2028"]\n',
    );
    expect(lines[1]!.slice(33)).to.equal('agent.auth.handler: two: path="a\\nb\\u0085"\n');
  });

  it("writes JSON with the reference's keys", () => {
    const { lines, log } = logging('json');
    log.warn({ path: '/x', error: agentError('SINK_NOT_WRITABLE', { path: '/t', why: 'read-only' }) }, 'sink failed');
    expect(JSON.parse(lines[0]!)).to.deep.equal({
      '@level': 'warn',
      '@timestamp': '2024-01-02T15:04:05.000Z',
      '@module': 'agent.auth.handler',
      '@message': 'sink failed',
      path: '/x',
      error: 'SINK_NOT_WRITABLE: cannot write /t: read-only; create the folder or give this user write permission',
    });
  });

  it('changes the level of all loggers at once', () => {
    const { lines, log, root } = logging('standard');
    log.debug({}, 'hidden');
    root.setLevel('debug');
    log.debug({}, 'shown');
    expect(lines.map((line) => line.trim().split(': ')[1])).to.deep.equal(['shown']);
  });

  it('never shows a Secret, a token in a text, a JWT or a private key', () => {
    const token = 'hvs.CAESIJ0bq3XxxxxxxxxxxxxxxxxxQ';
    const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhcHAifQ.c2lnbmF0dXJl';
    const key = '-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----';
    for (const format of ['standard', 'json'] as const) {
      const { lines, log } = logging(format, 'trace');
      log.trace(
        { secret: new Secret('s3cr3t'), nested: { secret: new Secret('s3cr3t') }, text: `used ${token}` },
        `got ${jwt}`,
      );
      log.error({ error: new Error(`refused ${token} ${key}`) }, 'failed');
      const all = lines.join('');
      for (const planted of ['s3cr3t', token, jwt, 'MIIabc']) expect(all).not.to.include(planted);
      expect(all).to.include('[secret]');
    }
  });

  it('a target that throws does not stop the others', () => {
    const lines: string[] = [];
    const root = createLogging({
      level: 'info',
      format: 'standard',
      now: () => NOW,
      targets: [
        {
          write: () => {
            throw new Error('disk full');
          },
        },
        { write: (line) => lines.push(line) },
      ],
    });
    root.named('agent').info({}, 'still here');
    expect(lines).to.have.length(1);
  });
});

describe('log file (spec config 2.7)', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'claviger-log-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('appends with mode 0640 and rotates by bytes, keeping the newest archives', () => {
    let now = NOW;
    const file = new LogFile({
      path: join(folder, 'agent.log'),
      rotateBytes: 10,
      rotateDurationMs: 0,
      maxFiles: 2,
      now: () => now++,
    });
    for (let i = 0; i < 5; i++) file.write(`line ${i} long enough\n`);
    file.close();
    const names = readdirSync(folder).sort();
    expect(names).to.have.length(3);
    expect(names.filter((name) => /^agent-\d+\.log$/.test(name))).to.have.length(2);
    expect(readFileSync(join(folder, 'agent.log'), 'utf8')).to.equal('line 4 long enough\n');
    expect(statSync(join(folder, 'agent.log')).mode & 0o137).to.equal(0);
  });

  it('rotates by age', () => {
    let now = NOW;
    const file = new LogFile({
      path: join(folder, 'a.log'),
      rotateBytes: 0,
      rotateDurationMs: 1000,
      maxFiles: 0,
      now: () => now,
    });
    file.write('one\n');
    now += 1000;
    file.write('two\n');
    file.close();
    expect(readdirSync(folder)).to.have.length(2);
  });

  it('refuses glob characters and folders it cannot make', () => {
    const open = (path: string) =>
      new LogFile({ path, rotateBytes: 0, rotateDurationMs: 0, maxFiles: 0, now: () => NOW });
    expect(() => open(join(folder, 'a*.log'))).to.throw('must not hold');
    expect(() => open('/proc/none/agent.log')).to.throw('cannot write the log file /proc/none/agent.log');
  });
});
