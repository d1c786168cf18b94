import type { Clock } from '../../../base/clock.ts';
import { messageOf } from '../../../base/error.ts';
import type { Log } from '../../../base/log.ts';
import type { Random } from '../../../base/random.ts';
import type { ClusterPort } from '../../port.ts';
import type { Pod } from '../workloads/shapes.ts';
import type { ContainerHost } from './container-host.ts';
import type { ImageProgram } from './image-map.ts';
import { LocalPod } from './local-pod.ts';
import { trimLog } from './log-file.ts';
import { LoopbackAddresses } from './loopback-addresses.ts';
import { restartWaits, type PodRuntime } from './pod-runtime.ts';
import { isAlive, processesWithVariable, sendSignal } from './process-table.ts';
import { RuntimeDirectory, type PodRecord } from './runtime-directory.ts';

/** How to run pods as processes of this machine. */
export interface LocalProcessesOptions {
  readonly cluster: ClusterPort;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Folder of the runtime's own: what runs, and logs. A later life of this process must be given the same one. */
  readonly directory: string;
  /** Folder that relative working directories of image programs start from. */
  readonly programFolder: string;
  /** The program of an image, e.g. by an image map; may throw when the map cannot be read. */
  readonly programFor: (image: string) => ImageProgram | undefined;
  /** Variables that every program gets, at least PATH. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Called before a process of a pod is asked to stop: resolves when nobody sends requests to the address any more, or
   * after `timeoutMs`. The answer lets requests come again.
   */
  readonly drain?: (podAddress: string, timeoutMs: number) => Promise<() => void>;
  /** First of the doubling waits before a container is started again; Kubernetes' 10 s when absent. */
  readonly firstRestartWaitMs?: number;
}

/** Names of the variables by which processes of a runtime, and of a pod, are known. */
const runtimeVariable = 'SLUICE_RUNTIME_ID';
const podVariable = 'SLUICE_POD_UID';

/** How often logs are looked at for their size. */
const trimMs = 2000;

/**
 * Runs pods as child processes. Each pod has a loopback address of its own. Processes do not end with this process: a
 * later life takes them over by number and start time, or ends them when their pod is gone.
 */
export function localProcesses(options: LocalProcessesOptions): PodRuntime {
  return new LocalProcesses(options);
}

class LocalProcesses implements PodRuntime {
  readonly #options: LocalProcessesOptions;
  readonly #directory: RuntimeDirectory;
  readonly #addresses: LoopbackAddresses;
  readonly #pods = new Map<LocalPod, { readonly pod: Pod; readonly podIP: string }>();
  #cancelTrim: () => void;

  constructor(options: LocalProcessesOptions) {
    this.#options = options;
    this.#directory = new RuntimeDirectory(options.directory);
    this.#addresses = new LoopbackAddresses(options.random);
    for (const { podIP } of this.#directory.pods()) this.#addresses.keep(podIP);
    this.#cancelTrim = options.clock.schedule(trimMs, () => this.#trimLogs());
  }

  run(pod: Pod, report: Parameters<PodRuntime['run']>[1]): ReturnType<PodRuntime['run']> {
    const { uid = '' } = pod.metadata;
    const record = this.#directory.pod(uid);
    const podIP = record?.podIP ?? this.#addresses.take();
    const remember = (news: PodRecord): void => this.#remember(pod, news);
    remember(record ?? { uid, podIP, containers: [] });
    const local = new LocalPod({ pod, host: this.#host(pod, podIP), record, report, remember });
    this.#pods.set(local, { pod, podIP });
    local.start();
    return {
      end: async (graceSeconds) => {
        await local.end(graceSeconds);
        if (!this.#pods.delete(local)) return;
        this.#clean(uid, podIP);
      },
    };
  }

  endStrays(pods: readonly Pod[]): Promise<void> {
    const known = new Set(pods.map(({ metadata: { uid = '' } }) => uid));
    const kept = new Set<number>();
    for (const { uid, podIP, containers } of this.#directory.pods()) {
      if (known.has(uid)) {
        for (const { pid } of containers) kept.add(pid);
        continue;
      }
      for (const container of containers) if (isAlive(container)) sendSignal(container.pid, 'SIGKILL', 'group');
      this.#addresses.give(podIP);
      this.#directory.forget(uid);
    }
    // Whatever else carries our name was started in the moment in which an earlier life ended.
    for (const { pid, group } of processesWithVariable(`${runtimeVariable}=${this.#directory.id}`)) {
      if (!kept.has(group) && pid !== process.pid) sendSignal(pid, 'SIGKILL', 'process');
    }
    this.#directory.dropOldLogs();
    return Promise.resolve();
  }

  async close(pods: 'end' | 'leave'): Promise<void> {
    this.#cancelTrim();
    if (pods === 'leave') {
      for (const local of this.#pods.keys()) local.leave();
      return;
    }
    await Promise.all(
      [...this.#pods].map(async ([local, { pod, podIP }]) => {
        await local.end(pod.spec?.terminationGracePeriodSeconds ?? 30);
        this.#clean(pod.metadata.uid ?? '', podIP);
      }),
    );
    this.#pods.clear();
  }

  /** A full disk must not end the pod: without a record its processes are still known by their variable. */
  #remember(pod: Pod, record: PodRecord): void {
    try {
      this.#directory.remember(record);
    } catch (error) {
      const fields = { pod: pod.metadata.name, error: messageOf(error) };
      this.#options.log.error(fields, 'the processes of a pod could not be remembered for the next start');
    }
  }

  /** Nothing of an ended pod is left, not even a process that has left the group of its container. */
  #clean(uid: string, podIP: string): void {
    for (const { pid } of processesWithVariable(`${podVariable}=${uid}`)) sendSignal(pid, 'SIGKILL', 'process');
    this.#addresses.give(podIP);
    this.#directory.forget(uid);
  }

  #host(pod: Pod, podIP: string): Omit<ContainerHost, 'onChange'> {
    const { cluster, clock, log, programFolder, programFor, drain, firstRestartWaitMs } = this.#options;
    const environment = new Map(Object.entries(this.#options.environment));
    environment.set(runtimeVariable, this.#directory.id).set(podVariable, pod.metadata.uid ?? '');
    return {
      cluster,
      clock,
      log,
      pod,
      podIP,
      environment,
      programFolder,
      programFor,
      firstRestartWaitMs: firstRestartWaitMs ?? restartWaits.firstMs,
      logPath: (container) => this.#directory.logPath(pod, container),
      drain: (timeoutMs) => drain?.(podIP, timeoutMs) ?? Promise.resolve(() => undefined),
    };
  }

  #trimLogs(): void {
    for (const { pod } of this.#pods.values()) {
      for (const { name } of [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]) {
        try {
          trimLog(this.#directory.logPath(pod, name));
        } catch (error) {
          this.#options.log.debug({ pod: pod.metadata.name, error: messageOf(error) }, 'a log could not be trimmed');
        }
      }
    }
    this.#cancelTrim = this.#options.clock.schedule(trimMs, () => this.#trimLogs());
  }
}
