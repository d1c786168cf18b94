import { approvalStepName } from '../../api/approval-step.ts';
import { messageOf, SluiceError } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import { revisionAnnotation } from '../../engine/revision.ts';
import {
  wantedCalls,
  type StepPluginAnswer,
  type StepPluginCall,
  type StepPluginsView,
} from '../../engine/step-plugin.ts';
import type { RolloutView, SpecProblem } from '../../engine/world.ts';
import { stepPluginApiVersion, type StepPluginRegistry, type StepPluginRequest } from './contract.ts';

/** What calling is done with. */
export interface StepPluginTools {
  readonly plugins: StepPluginRegistry;
  readonly log: Log;
  /** There is an answer for this Rollout. */
  wake(namespace: string, name: string): void;
}

interface Ongoing {
  readonly ending: AbortController;
  answer: StepPluginAnswer | undefined;
}

/** A copy of the whole manifest, which is nobody's business. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Calls under way at the same time. */
const callsMax = 256;

/**
 * The calls of step plug-ins. A pass begins one and goes on; the answer is shown to the next pass, and is forgotten
 * when the status holds it. Nothing here is needed after a restart: what the status still waits for is called again.
 */
export class StepPluginCalls {
  readonly #tools: StepPluginTools;
  readonly #byRollout = new Map<string, Map<string, Ongoing>>();
  #active = 0;

  constructor(tools: StepPluginTools) {
    this.#tools = tools;
  }

  /** Calls that wait for their answer. */
  get active(): number {
    return this.#active;
  }

  /** What is known about the calls of a Rollout. Those that its status does not wait for any more are ended. */
  view(rollout: RolloutView): StepPluginsView {
    const calls = this.#byRollout.get(rollout.uid) ?? new Map<string, Ongoing>();
    const wanted = new Set(calls.size === 0 ? [] : wantedCalls(rollout));
    for (const [key, call] of calls) if (!wanted.has(key)) this.#end(rollout.uid, key, call);
    return {
      disabled: [...this.#tools.plugins].flatMap(([name, { disabled }]) => (disabled ? [name] : [])),
      calls: [...calls].map(([key, { answer }]) => ({ key, answer })),
    };
  }

  /** Plug-ins that steps ask for and that are not configured. */
  problems({ spec }: RolloutView): readonly SpecProblem[] {
    const { plugins } = this.#tools;
    return (spec.strategy?.canary?.steps ?? []).flatMap(({ plugin }, index) => {
      if (plugin === undefined || plugin.name === approvalStepName || plugins.has(plugin.name)) return [];
      const known = [approvalStepName, ...plugins.keys()].join(', ');
      const message = `Unsupported value: ${JSON.stringify(plugin.name)}: the controller knows ${known}`;
      return [{ field: `spec.strategy.canary.steps[${index}].plugin.name`, message }];
    });
  }

  /** Begins a call, unless it was begun already. Fails with Unavailable when too many are under way. */
  begin(call: StepPluginCall, rollout: RolloutView): void {
    const calls = this.#byRollout.get(rollout.uid) ?? new Map<string, Ongoing>();
    if (calls.has(call.key)) return;
    if (this.#active >= callsMax) {
      throw new SluiceError('Unavailable', `${callsMax} calls of step plug-ins are under way already`);
    }
    const ongoing: Ongoing = { ending: new AbortController(), answer: undefined };
    this.#byRollout.set(rollout.uid, calls.set(call.key, ongoing));
    this.#active += 1;
    void this.#ask(call, rollout, ongoing.ending.signal).then((answer) => {
      this.#active -= 1;
      ongoing.answer = answer;
      const { namespace, name } = rollout;
      if (calls.get(call.key) === ongoing) this.#tools.wake(namespace, name);
    });
  }

  /** Ends the calls of a Rollout that is gone. */
  forget(uid: string): void {
    for (const [key, call] of this.#byRollout.get(uid) ?? []) this.#end(uid, key, call);
  }

  /** Ends all calls. */
  stop(): void {
    for (const uid of this.#byRollout.keys()) this.forget(uid);
  }

  async #ask(call: StepPluginCall, rollout: RolloutView, signal: AbortSignal): Promise<StepPluginAnswer> {
    const { plugins, log } = this.#tools;
    const { name, operation, key } = call;
    const plugin = plugins.get(name);
    if (plugin === undefined) return { phase: 'Error', message: `the controller knows no step plug-in "${name}"` };
    try {
      const answer = await plugin.call(requestOf(call, rollout), signal);
      const fields = { rollout: `${rollout.namespace}/${rollout.name}`, plugin: name, operation, call: key };
      log.info({ ...fields, phase: answer.phase, message: answer.message }, 'a step plug-in answered');
      return answer;
    } catch (error) {
      return { phase: 'Error', message: messageOf(error) };
    }
  }

  #end(uid: string, key: string, { ending }: Ongoing): void {
    const calls = this.#byRollout.get(uid);
    calls?.delete(key);
    if (calls?.size === 0) this.#byRollout.delete(uid);
    ending.abort(new SluiceError('Cancelled', 'the call is not wanted any more'));
  }
}

function requestOf(call: StepPluginCall, rollout: RolloutView): StepPluginRequest {
  const { key: id, operation, name: plugin, index, config = null, execution, status = null } = call;
  const { namespace, name, uid, labels, annotations, templateHash } = rollout;
  return {
    apiVersion: stepPluginApiVersion,
    id: `${uid}/${id}`,
    operation,
    plugin,
    step: { index, config },
    execution,
    status,
    rollout: {
      namespace,
      name,
      uid,
      revision: Number(annotations[revisionAnnotation] ?? 0),
      labels,
      annotations: Object.fromEntries(Object.entries(annotations).filter(([key]) => key !== lastApplied)),
      podTemplateHash: templateHash,
      stablePodTemplateHash: rollout.status.stableRS ?? '',
    },
  };
}
