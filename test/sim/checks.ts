import type { Cluster } from './cluster.js';
export class Observers {
  constructor(readonly cluster: Cluster) {}
  end() {}
}
export function unsettled(_c: Cluster): string | null {
  return null;
}
export function atRest(_c: Cluster): void {}
