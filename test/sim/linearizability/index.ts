// The linearizability checker, as the simulator and the workload use it. Nothing else in this folder is for others.
export { type Budget, check, type Verdict } from './check.js';
export type { Excerpt } from './excerpt.js';
export { type Operation, Recorder, type Recording } from './history.js';
export type { Model, Outcome } from './model.js';
export { type RedisInput, type RedisOutput, redis } from './models/redis.js';
export { parseScript } from './script.js';
