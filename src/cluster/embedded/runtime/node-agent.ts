import { resourceTypes } from '../../../api/resource-types.ts';
import { hasCode, messageOf, SluiceError } from '../../../base/error.ts';
import { parseInstant } from '../../../base/instant.ts';
import { equalJson } from '../json.ts';
import { CachedCluster } from '../workloads/cached-cluster.ts';
import { keyQueue, type KeyQueue } from '../workloads/key-queue.ts';
import { keyOf, type CacheChange, type FollowOptions, type ObjectCache } from '../workloads/object-cache.ts';
import { isPodFinished, isPodTerminating } from '../workloads/pod-facts.ts';
import type { Pod, PodStatus } from '../workloads/shapes.ts';
import type { PodObservation, PodRuntime, RunningPod } from './pod-runtime.ts';
import { podStatus } from './pod-status.ts';

/** How to run a node agent. */
export interface NodeAgentOptions extends FollowOptions {
  readonly runtime: PodRuntime;
  /** Name of the one node, which every unbound pod is bound to; `local` when absent. */
  readonly nodeName?: string;
}

/** A running node agent. */
export interface NodeAgent {
  /** Resolves when all pods are known and strays of an earlier life have been ended. */
  readonly synced: Promise<void>;
  /** Stops watching; with `end` the processes of all pods are ended too, with `leave` they go on. */
  stop(pods: 'end' | 'leave'): Promise<void>;
}

interface Assignment {
  readonly key: string;
  readonly running: RunningPod;
  observation: PodObservation | undefined;
  ending: { readonly graceSeconds: number } | undefined;
  isOver: boolean;
}

/** Takes the pods of a cluster to a runtime and what happens to them back into their status. */
export function startNodeAgent(options: NodeAgentOptions): NodeAgent {
  const agent = new Agent(options);
  return { synced: agent.start(), stop: (pods) => agent.stop(pods) };
}

class Agent {
  readonly #options: NodeAgentOptions;
  readonly #nodeName: string;
  readonly #cluster: CachedCluster;
  readonly #pods: ObjectCache;
  readonly #queue: KeyQueue;
  readonly #assignments = new Map<string, Assignment>();
  readonly #ending = new AbortController();
  #followed: Promise<void> | undefined;
  #unsubscribe = (): unknown => undefined;

  constructor(options: NodeAgentOptions) {
    this.#options = options;
    this.#nodeName = options.nodeName ?? 'local';
    this.#cluster = new CachedCluster([resourceTypes.pod], options, this.#ending.signal, 'sluice-node');
    this.#pods = this.#cluster.of(resourceTypes.pod);
    this.#queue = keyQueue({ clock: options.clock, log: options.log, work: (key) => this.#reconcile(key) });
  }

  async start(): Promise<void> {
    const { synced, ended } = this.#cluster.follow();
    this.#followed = ended;
    await synced;
    const pods: readonly Pod[] = this.#pods.all();
    await this.#options.runtime.endStrays(pods.filter((pod) => !isPodFinished(pod)));
    if (this.#ending.signal.aborted) return;
    this.#unsubscribe = this.#pods.subscribe((change) => this.#onChange(change));
    for (const pod of this.#pods.all()) this.#queue.add(keyOf(pod));
  }

  async stop(pods: 'end' | 'leave'): Promise<void> {
    this.#unsubscribe();
    await this.#queue.stop();
    await this.#options.runtime.close(pods);
    this.#ending.abort(new SluiceError('Cancelled', 'the node agent is stopping'));
    await this.#followed;
  }

  #onChange({ before, after }: CacheChange): void {
    // A pod that was deleted without its end being waited for must end all the same.
    const gone = before !== undefined && before.metadata.uid !== after?.metadata.uid ? before.metadata.uid : undefined;
    if (gone !== undefined) this.#beginEnd(gone, 0);
    if (after !== undefined) this.#queue.add(keyOf(after));
  }

  async #reconcile(key: string): Promise<undefined> {
    const [namespace = '', name = ''] = key.split('/');
    const pod: Pod | undefined = this.#pods.get(namespace, name);
    if (pod === undefined) return;
    const { uid = '' } = pod.metadata;
    const assignment = this.#assignments.get(uid);
    if (isPodTerminating(pod)) {
      await this.#terminate(pod, assignment);
    } else if (assignment !== undefined) {
      await this.#writeStatus(pod, assignment);
    } else if (!isPodFinished(pod)) {
      await this.#admit(pod);
    }
  }

  /** Binds a pod to this node and gives it to the runtime. */
  async #admit(pod: Pod): Promise<void> {
    const gates = pod.spec?.['schedulingGates'];
    if (Array.isArray(gates) && gates.length > 0) return;
    const isUnbound = pod.spec?.nodeName === undefined || pod.spec.nodeName === '';
    const bound: Pod = isUnbound
      ? await this.#cluster.patch(resourceTypes.pod, pod, { spec: { nodeName: this.#nodeName } })
      : pod;
    if (bound.spec?.nodeName !== this.#nodeName || isPodTerminating(bound)) return;
    const { uid = '' } = bound.metadata;
    const key = keyOf(bound);
    const running = this.#options.runtime.run(bound, (observation) => {
      const assignment = this.#assignments.get(uid);
      if (assignment === undefined) return;
      assignment.observation = observation;
      this.#queue.add(key);
    });
    this.#assignments.set(uid, { key, running, observation: undefined, ending: undefined, isOver: false });
  }

  async #writeStatus(pod: Pod, { observation }: Assignment): Promise<void> {
    if (observation === undefined) return;
    const status = podStatus(pod, observation, this.#options.clock.now());
    if (isAlready(pod.status ?? {}, status)) return;
    // The list of conditions is replaced as a whole, and others write conditions too.
    const { resourceVersion } = pod.metadata;
    const precondition = resourceVersion === undefined ? {} : { resourceVersion };
    try {
      await this.#cluster.patchStatus(resourceTypes.pod, pod, status, precondition);
    } catch (error) {
      if (!hasCode(error, 'NotFound')) throw error;
    }
  }

  async #terminate(pod: Pod, assignment: Assignment | undefined): Promise<void> {
    const { uid = '', deletionTimestamp = '' } = pod.metadata;
    if (assignment !== undefined && !assignment.isOver) {
      // The deadline was fixed when the deletion was asked for, whoever was there to hear it.
      const leftMs = (parseInstant(deletionTimestamp) ?? 0) - this.#options.clock.now();
      this.#beginEnd(uid, Math.max(leftMs / 1000, 0));
      await this.#writeStatus(pod, assignment);
      return;
    }
    if (assignment !== undefined) await this.#writeStatus(pod, assignment);
    this.#assignments.delete(uid);
    await this.#cluster.delete(resourceTypes.pod, pod, { gracePeriodSeconds: 0 });
  }

  #beginEnd(uid: string, graceSeconds: number): void {
    const assignment = this.#assignments.get(uid);
    if (assignment === undefined || assignment.isOver) return;
    if (assignment.ending !== undefined && assignment.ending.graceSeconds <= graceSeconds) return;
    assignment.ending = { graceSeconds };
    void assignment.running
      .end(graceSeconds)
      .catch((error: unknown) => {
        this.#options.log.error({ pod: assignment.key, error: messageOf(error) }, 'a pod could not be ended properly');
      })
      .then(() => {
        assignment.isOver = true;
        const [namespace = '', name = ''] = assignment.key.split('/');
        if (this.#pods.get(namespace, name)?.metadata.uid === uid) this.#queue.add(assignment.key);
        else this.#assignments.delete(uid);
      });
  }
}

/** Whether everything the agent wants to write is there already. */
function isAlready(before: PodStatus, wanted: PodStatus): boolean {
  const known = new Map<string, unknown>(Object.entries(before));
  return Object.entries(wanted).every(([field, value]: [string, unknown]) => equalJson(known.get(field), value));
}
