import type { ContainerState, Pod } from '../workloads/shapes.ts';

/**
 * Where pods run. Two implementations: `localProcesses` runs containers as child processes of this machine,
 * `modelledPods` only plays their lives on a clock. The node agent (`node-agent.ts`) tells either which pods there are
 * and writes what they report into the cluster.
 */
export interface PodRuntime {
  /**
   * Begins to run a pod, or goes on with one that already runs from an earlier life of this process. Calls `report`
   * at once and after every change; it must not be called synchronously from within `run`.
   */
  run(pod: Pod, report: (observation: PodObservation) => void): RunningPod;
  /** Ends whatever runs without a pod in the cluster. Called once, when all pods of the cluster are known. */
  endStrays(pods: readonly Pod[]): Promise<void>;
  /** Stops: with `end` every pod is ended first, with `leave` they go on and can be taken over by the next process. */
  close(pods: 'end' | 'leave'): Promise<void>;
}

/** A pod that the runtime has been given. */
export interface RunningPod {
  /**
   * Ends the pod within the grace period: hooks, a request to stop, and force in the end. Resolves when nothing of it
   * runs any more. May be called again with a shorter period.
   */
  end(gracePeriodSeconds: number): Promise<void>;
}

/** A pod as its runtime sees it. */
export interface PodObservation {
  /** Address of the pod; absent until it has one. */
  readonly podIP?: string;
  readonly initContainers: readonly ContainerObservation[];
  readonly containers: readonly ContainerObservation[];
}

/** A container as its runtime sees it. */
export interface ContainerObservation {
  readonly name: string;
  readonly image: string;
  readonly state: ContainerState;
  /** How it ended the time before. */
  readonly lastState?: ContainerState;
  readonly restartCount: number;
  /** Its startup probe, if any, has succeeded. */
  readonly started: boolean;
  /** Its readiness probe, if any, succeeds. */
  readonly ready: boolean;
  /** Names this run of the container, e.g. `process://4711`. */
  readonly containerID?: string;
}

/** How a container that ended is treated. */
export function isRestarted(restartPolicy: string | undefined, exitCode: number): boolean {
  if (restartPolicy === 'Never') return false;
  return restartPolicy === 'OnFailure' ? exitCode !== 0 : true;
}

/** Kubernetes' waits before a container is started again: none, then 10 s, doubled each time, 5 minutes at most. */
export const restartWaits = { firstMs: 10_000, maxMs: 300_000, forgottenAfterMs: 600_000 } as const;

/** The wait before the next start of a container that has failed `failureCount` times in a row (at least 1). */
export function restartWaitMs(failureCount: number, firstMs: number = restartWaits.firstMs): number {
  return failureCount <= 1 ? 0 : Math.min(firstMs * 2 ** (failureCount - 2), restartWaits.maxMs);
}
