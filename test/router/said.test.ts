// What a primary says on a data lane beside replies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atIn, pushWords } from '../../src/router/said.js';

test('TOWLINE.AT is known by its bytes, wherever they lie, and nothing else is', () => {
  for (const counter of [0, 1, 7, 10, 512, 2 ** 31, 2 ** 53 - 1]) {
    const message = `>2\r\n$10\r\nTOWLINE.AT\r\n:${counter}\r\n`;
    const bytes = Buffer.from(`+OK\r\n${message}+OK\r\n`, 'latin1');
    assert.equal(atIn(bytes, 5, 5 + message.length), counter);
    assert.deepEqual(pushWords(Buffer.from(message)), ['TOWLINE.AT', `${counter}`]);
  }
  for (const other of [
    '>2\r\n$10\r\nTOWLINE.AX\r\n:1\r\n',
    '>3\r\n$10\r\nTOWLINE.AT\r\n:1\r\n:2\r\n',
    '>2\r\n$13\r\nTOWLINE.RENEW\r\n:1\r\n',
    '>2\r\n$10\r\nTOWLINE.AT\r\n',
    '>2\r\n$10\r\nTOWLINE.AT\r\n:-1\r\n',
    '>2\r\n$10\r\nTOWLINE.AT\r\n:1x\r\n',
  ])
    assert.equal(atIn(Buffer.from(other, 'latin1'), 0, other.length), -1, other);
});
