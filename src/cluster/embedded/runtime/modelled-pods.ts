import type { Clock } from '../../../base/clock.ts';
import { formatInstant } from '../../../base/instant.ts';
import type { Random } from '../../../base/random.ts';
import type { Container, ContainerState, Pod } from '../workloads/shapes.ts';
import {
  isRestarted,
  restartWaitMs,
  type ContainerObservation,
  type PodObservation,
  type PodRuntime,
  type RunningPod,
} from './pod-runtime.ts';

/** How the containers of a pod live. All times are milliseconds. */
export interface PodModel {
  /** From the pod's arrival to its containers' running. */
  readonly startMs: number;
  /** From running to ready; undefined means never. */
  readonly readyMs: number | undefined;
  /** The image cannot be had: it is asked for again with growing waits. */
  readonly isImageMissing?: boolean;
  /** The containers end by themselves this long after they began to run. */
  readonly exit?: { readonly afterMs: number; readonly exitCode: number };
  /** From the deletion to the end; cut off by the grace period. */
  readonly endMs: number;
}

/** What modelled pods need. */
export interface ModelledPodsOptions {
  readonly clock: Clock;
  readonly random: Random;
  /**
   * The model of a pod, e.g. by its image. Called at the first start and at every restart; `random` is a stream of
   * the pod's own, so that pods do not influence each other.
   */
  readonly modelOf: (pod: Pod, random: Random) => PodModel;
}

/** A runtime without processes: pods live as their models say, on the given clock. */
export function modelledPods(options: ModelledPodsOptions): PodRuntime {
  const pods = new Set<ModelledPod>();
  const addresses = addressSource();
  return {
    run(pod, report) {
      const modelled = new ModelledPod(pod, addresses(), options, report);
      pods.add(modelled);
      return {
        end: async (graceSeconds) => {
          await modelled.end(graceSeconds);
          pods.delete(modelled);
        },
      };
    },
    endStrays: () => Promise.resolve(),
    close() {
      for (const pod of pods) pod.stop();
      pods.clear();
      return Promise.resolve();
    },
  };
}

/** Addresses of 10.0.0.0/8, one after the other; none is used again before sixteen million others. */
function addressSource(): () => string {
  let count = 0;
  return () => {
    count = (count % 0xff_ff_fe) + 1;
    return `10.${count >> 16}.${(count >> 8) & 0xff}.${count & 0xff}`;
  };
}

class ModelledPod implements RunningPod {
  readonly #pod: Pod;
  readonly #podIP: string;
  readonly #options: ModelledPodsOptions;
  readonly #random: Random;
  readonly #report: (observation: PodObservation) => void;
  readonly #cancels = new Set<() => void>();
  #ending: { readonly resolve: () => void; readonly done: Promise<void>; endsAtMs: number } | undefined;
  #cancelEnd = (): void => undefined;
  #state: ContainerState = { waiting: { reason: 'ContainerCreating' } };
  #lastState: ContainerState | undefined;
  #startedAt = '';
  #isReady = false;
  #restartCount: number;
  #failureCount = 0;

  constructor(pod: Pod, podIP: string, options: ModelledPodsOptions, report: (observation: PodObservation) => void) {
    this.#pod = pod;
    this.#podIP = podIP;
    this.#options = options;
    this.#report = report;
    this.#random = options.random.fork(`${pod.metadata.namespace ?? ''}/${pod.metadata.name}`);
    this.#restartCount = restartsBefore(pod);
    this.#after(0, () => undefined);
    this.#start(1);
  }

  end(graceSeconds: number): Promise<void> {
    const { clock } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const ending = (this.#ending ??= { resolve, done: promise, endsAtMs: Infinity });
    const endsAtMs = clock.monotonic() + Math.min(this.#model().endMs, graceSeconds * 1000);
    if (endsAtMs >= ending.endsAtMs) return ending.done;
    ending.endsAtMs = endsAtMs;
    this.#cancelEnd();
    this.#cancelEnd = clock.schedule(endsAtMs - clock.monotonic(), () => {
      this.stop();
      if (this.#state.running !== undefined) this.#terminate(0, 'Completed');
      ending.resolve();
    });
    return ending.done;
  }

  /** Nothing happens to the pod any more. */
  stop(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    this.#cancelEnd();
  }

  #model(): PodModel {
    return this.#options.modelOf(this.#pod, this.#random);
  }

  #after(delayMs: number, work: () => void): void {
    const cancel = this.#options.clock.schedule(delayMs, () => {
      this.#cancels.delete(cancel);
      work();
      this.#tell();
    });
    this.#cancels.add(cancel);
  }

  /** An image that is missing may be there at the next try, as with a node that pulls it. */
  #start(tryCount: number): void {
    this.#after(this.#model().startMs, () => {
      const model = this.#model();
      if (model.isImageMissing !== true) {
        this.#run(model);
        return;
      }
      this.#state = { waiting: { reason: 'ImagePullBackOff', message: 'the image cannot be had' } };
      this.#after(restartWaitMs(tryCount + 1), () => this.#start(tryCount + 1));
    });
  }

  #run({ readyMs, exit }: PodModel): void {
    this.#startedAt = this.#now();
    this.#state = { running: { startedAt: this.#startedAt } };
    const endsMs = exit?.afterMs ?? Infinity;
    if (readyMs === 0) this.#isReady = true;
    else if (readyMs !== undefined && readyMs < endsMs) {
      this.#after(readyMs, () => {
        this.#isReady = true;
      });
    }
    if (exit !== undefined) this.#after(exit.afterMs, () => this.#exit(exit.exitCode));
  }

  #exit(exitCode: number): void {
    this.#terminate(exitCode, exitCode === 0 ? 'Completed' : 'Error');
    if (this.#ending !== undefined || !isRestarted(this.#pod.spec?.restartPolicy, exitCode)) return;
    this.#failureCount += 1;
    const waitMs = restartWaitMs(this.#failureCount);
    this.#lastState = this.#state;
    this.#state = { waiting: { reason: 'CrashLoopBackOff', message: `back-off ${waitMs / 1000}s restarting` } };
    this.#after(waitMs, () => {
      this.#restartCount += 1;
      this.#run(this.#model());
    });
  }

  #terminate(exitCode: number, reason: string): void {
    this.#isReady = false;
    const times = { startedAt: this.#startedAt, finishedAt: this.#now() };
    this.#state = { terminated: { exitCode, reason, ...times } };
    this.#tell();
  }

  #tell(): void {
    const containers = this.#pod.spec?.containers ?? [];
    this.#report({
      podIP: this.#podIP,
      initContainers: [],
      containers: containers.map((container) => this.#observe(container)),
    });
  }

  #observe({ name, image = '' }: Container): ContainerObservation {
    return {
      name,
      image,
      state: this.#state,
      ...(this.#lastState === undefined ? {} : { lastState: this.#lastState }),
      restartCount: this.#restartCount,
      started: this.#state.running !== undefined,
      ready: this.#isReady,
      ...(this.#startedAt === '' ? {} : { containerID: `model://${this.#pod.metadata.uid ?? ''}/${name}` }),
    };
  }

  #now(): string {
    return formatInstant(this.#options.clock.now());
  }
}

/** A pod that ran in an earlier life of this process starts anew, which counts as a restart. */
function restartsBefore({ status }: Pod): number {
  const counts = (status?.containerStatuses ?? []).map(
    ({ restartCount, containerID }) => restartCount + (containerID === undefined ? 0 : 1),
  );
  return Math.max(0, ...counts);
}
