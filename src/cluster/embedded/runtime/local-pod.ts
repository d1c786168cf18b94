import { messageOf } from '../../../base/error.ts';
import type { Container, Pod } from '../workloads/shapes.ts';
import type { ContainerHost } from './container-host.ts';
import { Deadline } from './deadline.ts';
import { LocalContainer } from './local-container.ts';
import type { PodObservation, RunningPod } from './pod-runtime.ts';
import type { PodRecord } from './runtime-directory.ts';

/** What a pod needs from its runtime. */
export interface LocalPodOptions {
  readonly pod: Pod;
  readonly host: Omit<ContainerHost, 'onChange'>;
  /** What an earlier life of this process remembers of the pod. */
  readonly record: PodRecord | undefined;
  readonly report: (observation: PodObservation) => void;
  /** Told what a later life must know, whenever a process starts or ends. */
  readonly remember: (record: PodRecord) => void;
}

/** A pod as processes of this machine: init containers one after the other, then all containers at once. */
export class LocalPod implements RunningPod {
  readonly #options: LocalPodOptions;
  readonly #initContainers: readonly LocalContainer[];
  readonly #containers: readonly LocalContainer[];
  #ending: { readonly deadline: Deadline; readonly done: Promise<void> } | undefined;
  #remembered = '';
  #isLeft = false;

  constructor(options: LocalPodOptions) {
    this.#options = options;
    const { initContainers = [], containers = [], restartPolicy = 'Always' } = options.pod.spec ?? {};
    // An init container that is always restarted is a sidecar; all others must end once, well.
    const initPolicy = ({ restartPolicy: own }: Container): string =>
      own ?? (restartPolicy === 'Never' ? 'Never' : 'OnFailure');
    this.#initContainers = initContainers.map((container) => this.#make(container, initPolicy(container)));
    this.#containers = containers.map((container) => this.#make(container, restartPolicy));
  }

  /** Begins to run the pod. */
  start(): void {
    const { clock } = this.#options.host;
    // Not at once: whoever starts it must be ready for its reports.
    clock.schedule(0, () => {
      if (this.#ending !== undefined || this.#isLeft) return;
      this.#run().catch((error: unknown) => {
        const { log } = this.#options.host;
        log.error({ pod: this.#options.pod.metadata.name, error: messageOf(error) }, 'a pod could not be run');
      });
    });
  }

  end(gracePeriodSeconds: number): Promise<void> {
    if (this.#ending === undefined) {
      const deadline = new Deadline(this.#options.host.clock, gracePeriodSeconds * 1000);
      this.#ending = { deadline, done: this.#end(deadline) };
    } else {
      this.#ending.deadline.shorten(gracePeriodSeconds * 1000);
    }
    return this.#ending.done;
  }

  /** Leaves its processes running when this process ends. */
  leave(): void {
    this.#isLeft = true;
    for (const container of this.#all) container.leave();
  }

  get #all(): readonly LocalContainer[] {
    return [...this.#initContainers, ...this.#containers];
  }

  #make(container: Container, restartPolicy: string): LocalContainer {
    const { host, pod, record } = this.#options;
    const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
    const earlier = {
      record: record?.containers.find((one) => one.container === container.name),
      status: [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === container.name),
    };
    return new LocalContainer(container, restartPolicy, { ...host, onChange: () => this.#onChange() }, earlier);
  }

  async #run(): Promise<void> {
    this.#onChange();
    const running: Promise<void>[] = [];
    for (const init of this.#initContainers) {
      const life = init.run();
      if (init.container.restartPolicy === 'Always') {
        running.push(life);
        await Promise.race([init.started, life]);
      } else if (!this.#hasRunBefore) {
        await life;
        if (!init.isSuccess) return;
      }
      if (this.#ending !== undefined || this.#isLeft) return;
    }
    await Promise.all(this.#containers.map((container) => container.run()));
    await this.#endSidecars();
    await Promise.all(running);
  }

  /** Processes of the containers are there from before, so the init containers had done their work. */
  get #hasRunBefore(): boolean {
    const names = new Set(this.#containers.map(({ container }) => container.name));
    return this.#options.record?.containers.some(({ container }) => names.has(container)) === true;
  }

  /** When the work of a pod is done, what only accompanied it ends too. */
  async #endSidecars(): Promise<void> {
    if (this.#ending !== undefined || this.#isLeft) return;
    const { terminationGracePeriodSeconds = 30 } = this.#options.pod.spec ?? {};
    const deadline = new Deadline(this.#options.host.clock, terminationGracePeriodSeconds * 1000);
    await Promise.all(this.#initContainers.filter(({ isOver }) => !isOver).map((sidecar) => sidecar.end(deadline)));
    deadline.clear();
  }

  async #end(deadline: Deadline): Promise<void> {
    // Sidecars serve the containers to their end.
    await Promise.all(this.#containers.map((container) => container.end(deadline)));
    await Promise.all(this.#initContainers.map((container) => container.end(deadline)));
    deadline.clear();
  }

  #onChange(): void {
    const { pod, host, report, remember } = this.#options;
    const containers = this.#all.flatMap((container) => container.record() ?? []);
    const record: PodRecord = { uid: pod.metadata.uid ?? '', podIP: host.podIP, containers };
    const text = JSON.stringify(record);
    if (text !== this.#remembered) remember(record);
    this.#remembered = text;
    report({
      podIP: host.podIP,
      initContainers: this.#initContainers.map((container) => container.observe()),
      containers: this.#containers.map((container) => container.observe()),
    });
  }
}
