/** Bounds of the API server. */
export interface ServerLimits {
  readonly bodyBytesMax: number;
  readonly headerBytesMax: number;
  readonly urlCharactersMax: number;
  /** How long a request may take to arrive. */
  readonly requestTimeoutMs: number;
  /** How long it may take to be answered. */
  readonly answerTimeoutMs: number;
  /** Clients that watch at the same time. */
  readonly watchersMax: number;
  /** Changes that wait for one slow watcher; beyond it the watcher starts afresh. */
  readonly waitingChangesMax: number;
  /** How long a watcher may leave its connection full. */
  readonly stallTimeoutMs: number;
  readonly heartbeatMs: number;
  /** Least time between two states of one Rollout that are sent to a watcher. */
  readonly watchIntervalMs: number;
}

/** Bounds when nothing else is said. */
export const serverLimits: ServerLimits = {
  bodyBytesMax: 64 * 1024,
  headerBytesMax: 16 * 1024,
  urlCharactersMax: 2048,
  requestTimeoutMs: 10_000,
  answerTimeoutMs: 15_000,
  watchersMax: 64,
  waitingChangesMax: 1000,
  stallTimeoutMs: 30_000,
  heartbeatMs: 15_000,
  watchIntervalMs: 100,
};
