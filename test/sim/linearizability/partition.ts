// Splits a history into parts that can be checked alone: the components of keys touched together (union-find).
// A history of single-key operations falls apart by key. Must never separate two keys of one operation.
import type { Operation } from './history.js';

/** The operations of one component, in order of call, and its keys. */
export interface Part<I, O> {
  keys: string[];
  operations: Operation<I, O>[];
}

/**
 * Linearizability is local (Herlihy and Wing, 1990): a history is linearizable exactly if each part is.
 * @throws Error for an operation that returns before it is called, or touches no key.
 */
export function partition<I, O>(
  history: readonly Operation<I, O>[],
  keysOf: (input: I) => readonly string[],
): Part<I, O>[] {
  const parent = new Map<string, string>();
  const find = (key: string): string => {
    let root = key;
    for (let up = parent.get(root); up !== undefined && up !== root; up = parent.get(root)) root = up;
    for (let at = key; at !== root; ) {
      const up = parent.get(at) ?? root;
      parent.set(at, root);
      at = up;
    }
    if (!parent.has(root)) parent.set(root, root);
    return root;
  };

  const firstKeys = history.map((operation) => {
    if (operation.return !== null && operation.return < operation.call) {
      throw new Error(`an operation of client ${operation.client} returns before it is called`);
    }
    const [first, ...others] = keysOf(operation.input);
    if (first === undefined) throw new Error(`an operation of client ${operation.client} touches no key`);
    for (const other of others) parent.set(find(other), find(first));
    find(first);
    return first;
  });

  const parts = new Map<string, Part<I, O>>();
  for (const key of parent.keys()) {
    const root = find(key);
    const part = parts.get(root);
    if (part) part.keys.push(key);
    else parts.set(root, { keys: [key], operations: [] });
  }
  history.forEach((operation, i) => {
    parts.get(find(firstKeys[i]!))!.operations.push(operation);
  });
  for (const part of parts.values()) part.operations.sort((a, b) => a.call - b.call);
  return [...parts.values()];
}
