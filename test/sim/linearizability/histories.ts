// Small histories with known verdicts, one lesson each, most of them in pairs: what must be accepted beside what must not.

export interface Known {
  name: string;
  verdict: 'ok' | 'violation';
  /** In the notation of script.ts. */
  text: string;
}

export const HISTORIES: Known[] = [
  {
    name: 'stale read: a read after an acknowledged write returns the value before it',
    verdict: 'violation',
    text: `
      A 1-2 SET x 1 = "OK"
      A 3-4 SET x 2 = "OK"
      B 5-6 GET x = "1"`,
  },
  {
    name: 'a read concurrent with the write may return either value',
    verdict: 'ok',
    text: `
      A 1-2 SET x 1 = "OK"
      A 3-8 SET x 2 = "OK"
      B 4-5 GET x = "1"
      B 6-7 GET x = "2"`,
  },
  {
    name: 'going back: of two reads during one write the second returns the older value',
    verdict: 'violation',
    text: `
      A 1-2 SET x 1 = "OK"
      A 3-8 SET x 2 = "OK"
      B 4-5 GET x = "2"
      C 6-7 GET x = "1"`,
  },
  {
    name: 'lost update: two increments acknowledged with the same result',
    verdict: 'violation',
    text: `
      A 1-4 INCR n = 1
      B 2-3 INCR n = 1
      A 5-6 GET n = "1"`,
  },
  {
    name: 'lost update: an acknowledged write vanishes at a failover',
    verdict: 'violation',
    text: `
      A 1-2 SET x 1 = "OK"
      B 3-4 APPEND x 2 = 2
      A 5-6 GET x = "1"`,
  },
  {
    name: 'two increments at once, in either order',
    verdict: 'ok',
    text: `
      A 1-4 INCR n = 2
      B 2-3 INCR n = 1
      A 5-6 GET n = "2"`,
  },
  {
    name: 'a read sees an undecided write, which then vanishes',
    verdict: 'violation',
    text: `
      A 1-? SET x 1
      B 2-3 GET x = "1"
      B 4-5 GET x = null`,
  },
  {
    name: 'a read sees an undecided write, which stays',
    verdict: 'ok',
    text: `
      A 1-? SET x 1
      B 2-3 GET x = "1"
      C 4-5 GET x = "1"`,
  },
  {
    name: 'an undecided write that a read saw vanishes under its successor: SETNX succeeds after it',
    verdict: 'violation',
    text: `
      A 1-? SET x 1
      B 2-3 GET x = "1"
      C 4-5 SETNX x 2 = 1`,
  },
  {
    name: 'duplicate execution: one INCR, tried again after a failover, counts twice',
    verdict: 'violation',
    text: `
      A 1-2 INCR n = 1
      B 3-4 GET n = "2"`,
  },
  {
    name: 'duplicate execution: one INCR of unknown outcome counts twice',
    verdict: 'violation',
    text: `
      A 1-? INCR n
      B 2-3 GET n = "1"
      B 4-5 GET n = "2"`,
  },
  {
    name: 'two INCR of unknown outcome may count twice, at any two moments',
    verdict: 'ok',
    text: `
      A 1-? INCR n
      A 2-? INCR n
      B 3-4 GET n = null
      B 5-6 GET n = "1"
      B 7-8 GET n = "1"
      B 9-10 GET n = "2"`,
  },
  {
    name: 'duplicate execution: an APPEND applied twice',
    verdict: 'violation',
    text: `
      A 1-2 APPEND x ab = 2
      B 3-4 GET x = "abab"`,
  },
  {
    name: 'unknown outcome that took effect late, after another client wrote',
    verdict: 'ok',
    text: `
      A 1-? SET x 1
      B 2-3 SET x 2 = "OK"
      B 4-5 GET x = "2"
      C 6-7 GET x = "1"
      C 8-9 GET x = "1"`,
  },
  {
    name: 'unknown outcome that took effect late, and then a second time',
    verdict: 'violation',
    text: `
      A 1-? SET x 1
      B 2-3 GET x = "1"
      B 4-5 SET x 2 = "OK"
      C 6-7 GET x = "1"`,
  },
  {
    name: 'unknown outcome that took effect before it was asked for',
    verdict: 'violation',
    text: `
      B 1-2 GET x = "1"
      A 3-? SET x 1`,
  },
  {
    name: 'unknown outcome that never took effect',
    verdict: 'ok',
    text: `
      A 1-2 SET x 1 = "OK"
      B 3-? DEL x
      A 4-5 GET x = "1"
      C 6-7 APPEND x 2 = 2
      A 8-9 GET x = "12"`,
  },
  {
    name: 'a known outcome cannot be one that never took effect',
    verdict: 'violation',
    text: `
      A 1-2 SET x 1 = "OK"
      B 3-4 DEL x = 1
      A 5-6 GET x = "1"`,
  },
  {
    name: 'half an MSET seen by MGET',
    verdict: 'violation',
    text: `
      A 1-2 MSET x 1 y 1 = "OK"
      A 3-6 MSET x 2 y 2 = "OK"
      B 4-5 MGET x y = ["2", "1"]`,
  },
  {
    name: 'half an MSET of unknown outcome seen by MGET',
    verdict: 'violation',
    text: `
      A 1-? MSET x 1 y 1
      B 2-3 MGET x y = ["1", null]`,
  },
  {
    name: 'a whole MSET seen by MGET, before and after',
    verdict: 'ok',
    text: `
      A 1-2 MSET x 1 y 1 = "OK"
      A 3-8 MSET x 2 y 2 = "OK"
      B 4-5 MGET x y = ["1", "1"]
      B 6-7 MGET x y = ["2", "2"]`,
  },
  {
    name: 'half an MSET seen by two GETs in turn, each of which is right about its own key',
    verdict: 'violation',
    text: `
      A 1-6 MSET x 1 y 1 = "OK"
      B 2-3 GET x = "1"
      B 4-5 GET y = null`,
  },
  {
    name: 'two readers see two writes in opposite orders: each key alone is linearizable, the pair is not',
    verdict: 'violation',
    text: `
      A 1-10 SET x 1 = "OK"
      B 1-10 SET y 1 = "OK"
      C 2-9 MGET x y = ["1", null]
      D 2-9 MGET x y = [null, "1"]`,
  },
  {
    name: 'MSETNX that failed although no key existed',
    verdict: 'violation',
    text: `
      A 1-2 MSETNX x 1 y 1 = 0
      B 3-4 MGET x y = [null, null]`,
  },
  {
    name: 'MSETNX that fails for a key written meanwhile',
    verdict: 'ok',
    text: `
      A 1-4 MSETNX x 1 y 1 = 0
      B 2-3 SET y 2 = "OK"
      B 5-6 MGET x y = [null, "2"]`,
  },
  {
    name: 'RENAME leaves the value under both keys',
    verdict: 'violation',
    text: `
      A 1-2 SET x 1 = "OK"
      A 3-4 RENAME x y = "OK"
      B 5-6 EXISTS x y = 2`,
  },
  {
    name: 'RENAME loses the value in between: a read of the two keys finds neither',
    verdict: 'violation',
    text: `
      A 1-2 SET x 1 = "OK"
      A 3-6 RENAME x y = "OK"
      B 4-5 MGET x y = [null, null]`,
  },
  {
    name: 'RENAME, RENAMENX and COPY in order, with an error for what is gone',
    verdict: 'ok',
    text: `
      A 1-2 SET x "a b" = "OK"
      A 3-4 COPY x z = 1
      A 5-6 RENAME x y = "OK"
      B 7-8 RENAME x y = {"error": "ERR no such key"}
      B 9-10 RENAMENX y z = 0
      B 11-12 MGET x y z = [null, "a b", "a b"]`,
  },
  {
    name: 'a key moved between groups is absent for a moment (R1)',
    verdict: 'violation',
    text: `
      A 1-2 SET x 1 = "OK"
      A 3-6 APPEND x 2 = 2
      B 4-5 GET x = null`,
  },
  {
    name: 'GETDEL gives the value to two clients',
    verdict: 'violation',
    text: `
      A 1-2 SET x 1 = "OK"
      B 3-5 GETDEL x = "1"
      C 4-6 GETDEL x = "1"`,
  },
  {
    name: 'operations that touch count as concurrent',
    verdict: 'ok',
    text: `
      A 1-2 SET x 1 = "OK"
      B 2-3 GET x = null`,
  },
  {
    name: 'of two unknown outcomes with the same effect now, only one may be saved for later: INCR',
    verdict: 'ok',
    text: `
      A 1-2 SET n 0 = "OK"
      A 3-? INCR n
      B 4-? SET n 1
      C 5-6 GET n = "1"
      C 7-8 GET n = "2"`,
  },
  {
    name: 'an unknown outcome that could have been used early is still there when it is needed',
    verdict: 'ok',
    text: `
      A 1-3 SET x 5 = "OK"
      B 2-4 GETSET x 5 = null
      C 2-? DEL x
      D 5-6 GET x = "5"
      D 7-8 GET x = null`,
  },
  {
    name: 'an unknown outcome cannot be both: what let GETSET find nothing, and what deleted the key later',
    verdict: 'violation',
    text: `
      A 1-2 SET x 5 = "OK"
      B 3-4 GETSET x 5 = null
      C 2-? DEL x
      D 5-6 GET x = "5"
      D 7-8 GET x = null`,
  },
  {
    name: 'three unknown outcomes in a row explain what fewer do not',
    verdict: 'ok',
    text: `
      A 1-? SET x 1
      B 2-? RENAME x y
      D 2-? RENAME y z
      C 3-4 GETDEL z = "1"
      C 5-6 MGET x y z = [null, null, null]`,
  },
  {
    name: 'two unknown outcomes in a row, in an order that their calls forbid',
    verdict: 'violation',
    text: `
      B 1-? RENAME x y
      C 2-3 GETDEL y = "1"
      A 4-? SET x 1`,
  },
];
