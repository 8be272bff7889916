import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { banner, startedLine } from '../../../core/boot/banner.js';
import { checkPidFile, removePidFile, writePidFile } from '../../../core/boot/host-notify.js';

describe('what the host is told', () => {
  it('pid file: decimal without line break, mode 0600, removed twice without an error (spec config 2.5)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'claviger-pid-'));
    const path = join(folder, 'pid');
    writePidFile(path, 4711);
    expect(readFileSync(path, 'utf8')).to.equal('4711');
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    removePidFile(path);
    removePidFile(path);
    rmSync(folder, { recursive: true });
    expect(() => writePidFile(join(folder, 'pid'), 1)).to.throw(
      `cannot write the pid file ${path}: no such file or folder (ENOENT)`,
    );
  });

  it('pid file: proven writable before the start without leaving one, an existing one untouched', () => {
    const folder = mkdtempSync(join(tmpdir(), 'claviger-pid-'));
    const path = join(folder, 'pid');
    checkPidFile(path);
    expect(existsSync(path)).to.equal(false);
    writeFileSync(path, '12');
    checkPidFile(path);
    expect(readFileSync(path, 'utf8')).to.equal('12');
    expect(() => checkPidFile(folder)).to.throw(`cannot write the pid file ${folder}: it is a folder (EISDIR)`);
    rmSync(folder, { recursive: true });
  });

  it('pid file: a link that somebody laid where it is prepared is not followed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'claviger-pid-'));
    const [path, other] = [join(folder, 'pid'), join(folder, 'other')];
    writeFileSync(other, 'precious');
    symlinkSync(other, `${path}.4711`);
    writePidFile(path, 4711);
    expect(readFileSync(path, 'utf8')).to.equal('4711');
    expect(readFileSync(other, 'utf8')).to.equal('precious');
    rmSync(folder, { recursive: true });
  });

  it('banner: sorted keys whose colon ends at column 25 (spec config 2.3)', () => {
    const lines = banner('agent', { Version: 'v1', 'Api Address 1': 'http://h' }).split('\n');
    expect(lines[0]).to.equal('==> Claviger Agent configuration:');
    expect(lines[2]).to.equal('           Api Address 1: http://h');
    expect(lines[2]!.indexOf(':')).to.equal(24);
    expect(lines[3]).to.equal('                 Version: v1');
    expect(startedLine('proxy')).to.match(/^==> Claviger Proxy started!/);
  });
});
