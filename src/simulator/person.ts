import { isControlledBy } from '../api/controller-owner.ts';
import type { KubeObject } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import type { Rollout } from '../api/rollout.ts';
import { workloadType } from '../api/workload.ts';
import { SluiceError } from '../base/error.ts';
import { currentRevision, positionOf } from '../engine/command-target.ts';
import {
  planCommand,
  type Command,
  type CommandPatch,
  type CommandSubject,
  type CommandTarget,
} from '../engine/command.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** What came of a command. */
export type CommandOutcome =
  | { readonly kind: 'done'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string };

/** Writers that get in between at most. */
const attemptsMax = 5;

/** Somebody who gives commands through our own interface: planned from what is there, for what was looked at. */
export class Person {
  readonly process: SimulatedProcess;
  #count = 0;

  constructor(process: SimulatedProcess) {
    this.process = process;
  }

  /** Looks at a Rollout: what a command given now would be for. */
  async look(namespace: string, name: string): Promise<CommandTarget> {
    const subject = await this.#subject(namespace, name);
    return { revision: currentRevision(subject), position: positionOf(subject.rollout) };
  }

  /**
   * Gives a command for what was looked at; for what is there now when nothing was. When another writer gets in
   * between, it is looked again whether the command still fits.
   */
  async command(namespace: string, name: string, command: Command, target?: CommandTarget): Promise<CommandOutcome> {
    let looked = target;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const subject = await this.#subject(namespace, name);
        looked ??= { revision: currentRevision(subject), position: positionOf(subject.rollout) };
        const plan = planCommand(command, looked, subject);
        if (!plan.ok) return { kind: 'refused', message: `${plan.error.code}: ${plan.error.message}` };
        this.#count += 1;
        const intent = { id: `${command.kind}-${this.#count}`, revision: looked.revision };
        await this.#send(subject, plan.value.patches, intent);
        return { kind: 'done', message: plan.value.message };
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
        if (error.code === 'Conflict' && attempt < attemptsMax) continue;
        return { kind: 'refused', message: `${error.code}: ${error.message}` };
      }
    }
  }

  /** Every patch finds the version that the one before left behind, so nothing comes in between unnoticed. */
  async #send(
    { rollout, workload }: CommandSubject,
    patches: readonly CommandPatch[],
    intent: { readonly id: string; readonly revision: string },
  ): Promise<void> {
    const targets: Record<CommandPatch['on'], KubeObject> = {
      rollout: { ...rollout },
      workload: workload ?? { ...rollout },
    };
    for (const { on, subresource, body } of patches) {
      const { kind, apiVersion, metadata } = targets[on];
      const { name, namespace = '', resourceVersion } = metadata;
      const type = workloadType({ kind, apiVersion }) ?? resourceTypes.rollout;
      const patch = { kind: 'merge', body: { ...body, metadata: { resourceVersion } } } as const;
      const options = { fieldManager: 'person', ...(subresource === undefined ? {} : { subresource }) };
      this.process.intent = intent;
      const answer = this.process.patch({ type, namespace, name }, patch, options, call);
      this.process.intent = undefined;
      targets[on] = await answer;
    }
  }

  async #subject(namespace: string, name: string): Promise<CommandSubject> {
    const rollout = await this.#read(namespace, name);
    const replicaSets = await this.#replicaSets(rollout);
    const { workloadRef = {} } = rollout.spec;
    const type = workloadType(workloadRef);
    if (type === undefined) return { rollout, replicaSets };
    const workload = await this.process.get({ type, namespace, name: workloadRef.name ?? '' }, call);
    return { rollout, replicaSets, workload };
  }

  async #read(namespace: string, name: string): Promise<Rollout> {
    return (await this.process.get({ type: resourceTypes.rollout, namespace, name }, call)) as unknown as Rollout;
  }

  async #replicaSets({ metadata }: Rollout): Promise<readonly KubeObject[]> {
    const { items } = await this.process.list(resourceTypes.replicaSet, { namespace: metadata.namespace ?? '' }, call);
    return items.filter((replicaSet) => isControlledBy(replicaSet, metadata.uid));
  }
}

const call = { signal: new AbortController().signal };
