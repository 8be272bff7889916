// LIST and SCAN pass node's parser; no other byte changes.
import { expect } from 'chai';
import { VerbRepair } from '../../../../core/sdk/http/verb-repair.js';

const head = (verb: string, more = ''): string => `${verb} /v1/a HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

interface Outcome {
  readonly text: string;
  readonly verbs: readonly (string | undefined)[];
}

function through(text: string, step = text.length, upgrades = false): Outcome {
  const repair = new VerbRepair(upgrades);
  const bytes = Buffer.from(text, 'latin1');
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step) parts.push(repair.repair(bytes.subarray(at, at + step)));
  const verbs = [repair.nextVerb(), repair.nextVerb(), repair.nextVerb()].filter((verb) => verb !== undefined);
  return { text: Buffer.concat(parts).toString('latin1'), verbs };
}

describe('verb repair', () => {
  for (const [real, standIn] of [
    ['LIST', 'LINK'],
    ['SCAN', 'SEARCH'],
  ] as const) {
    it(`${real} goes through as ${standIn} and is remembered, at any segmentation`, () => {
      for (const step of [1, 2, 3, 4, 5, 7, 100]) {
        expect(through(head(real), step)).to.deep.equal({ text: head(standIn), verbs: [real] });
      }
    });
    it(`a genuine ${standIn} stays ${standIn}`, () => {
      expect(through(head(standIn) + head(real))).to.deep.equal({
        text: head(standIn) + head(standIn),
        verbs: [standIn, real],
      });
    });
  }

  it('a plain request is handed on as the very same bytes', () => {
    const repair = new VerbRepair(false);
    const bytes = Buffer.from(head('GET'));
    expect(repair.repair(bytes)).to.equal(bytes);
    const again = Buffer.from(head('GET'));
    expect(repair.repair(again)).to.equal(again);
    expect(repair.idle).to.equal(true);
  });

  it('the second of two equal chunks is not taken for a request when the first left one open', () => {
    const open = 'GET / HTTP/1.1\r\nContent-Length: 30\r\n\r\n';
    expect(through(`${open}${'x'.repeat(30)}${head('LIST')}`).verbs).to.deep.equal(['LIST']);
  });

  for (const verb of ['LISTS', 'list', 'LIS', 'SCANT', 'XLIST', 'LINT', 'LISK', 'L', 'SEARC']) {
    it(`leaves ${verb} to the parser`, () => {
      expect(through(head(verb), 1)).to.deep.equal({ text: head(verb), verbs: [] });
    });
  }

  it('blank lines before a request are skipped as the parser does', () => {
    expect(through(`\r\n\r\n${head('LIST')}\r\n${head('LIST')}`, 1).verbs).to.deep.equal(['LIST', 'LIST']);
  });

  const SMUGGLED = head('LIST');
  const bodies: readonly (readonly [string, string])[] = [
    ['a body with a length', head('POST', `Content-Length: ${SMUGGLED.length}\r\n`) + SMUGGLED],
    [
      'a chunked body',
      `${head('POST', 'Transfer-Encoding: chunked\r\n')}${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
    ],
    ['a trailer', `${head('POST', 'Transfer-Encoding: chunked\r\n')}0\r\nLIST /x HTTP/1.1: a\r\n\r\n`],
    ['a header value', head('GET', 'X: \r\nLIST /x HTTP/1.1: a\r\n')],
  ];
  for (const [what, text] of bodies) {
    it(`never touches ${what}, and repairs the request after it`, () => {
      for (const step of [1, 3, 1000]) {
        expect(through(text + head('LIST'), step)).to.deep.equal({ text: text + head('LINK'), verbs: ['LIST'] });
      }
    });
  }

  const UNSURE: readonly (readonly [string, string])[] = [
    ['length and encoding', head('POST', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')],
    ['two lengths', head('POST', 'Content-Length: 5\r\nContent-Length: 6\r\n')],
    ['a folded header', head('POST', 'Content-Length: 5\r\n 0\r\n')],
    ['a bare line feed', 'POST / HTTP/1.1\nContent-Length: 40\r\n\r\n'],
    ['an odd encoding', head('POST', 'Transfer-Encoding: identity\r\n')],
    ['a bad chunk', `${head('POST', 'Transfer-Encoding: chunked\r\n')}zz\r\n`],
    ['an endless head', `GET / HTTP/1.1\r\nX: ${'a'.repeat(200_000)}\r\n\r\n`],
  ];
  for (const [what, text] of UNSURE) {
    it(`after ${what} it changes nothing any more`, () => {
      for (const step of [7, 300_000]) expect(through(text + head('LIST'), step).text).to.equal(text + head('LIST'));
    });
  }

  it('after an upgrade it changes nothing any more; where nobody upgrades it goes on', () => {
    const upgrade = head('GET', 'Upgrade: h2c\r\n');
    const socket = head('GET', 'Upgrade: WebSocket\r\n');
    expect(through(socket + head('LIST'), 1000, true).text).to.equal(socket + head('LIST'));
    expect(through(upgrade + head('LIST'), upgrade.length, true).text).to.equal(upgrade + head('LINK'));
    expect(through(upgrade + head('LIST'), upgrade.length, false).text).to.equal(upgrade + head('LINK'));
    expect(through(upgrade + head('LIST'), 1000, false).text).to.equal(upgrade + head('LIST'));
  });

  it('is not idle while a verb or a body is incomplete', () => {
    const repair = new VerbRepair(false);
    repair.repair(Buffer.from('LIS'));
    expect(repair.idle).to.equal(false);
    repair.repair(Buffer.from('T / HTTP/1.1\r\n\r\n'));
    expect(repair.idle).to.equal(true);
  });
});
