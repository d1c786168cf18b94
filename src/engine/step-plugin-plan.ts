import { approvalStepName } from '../api/approval-step.ts';
import type { Json } from '../api/object.ts';
import type { StepPluginStatus } from '../api/rollout-status.ts';
import { approvalEndsAt } from './approval.ts';
import type { Effect } from './decision.ts';
import { heldBy } from './gates.ts';
import { isIn, stepsOf, type Situation } from './situation.ts';
import { answeredEntries } from './step-plugin-status.ts';
import { callKey, dueAt, isGivenUp, isOpen, operationOf, type StepPluginCall } from './step-plugin.ts';

/**
 * Calls of step plug-ins that are due: at most one for each entry of the stored status, and none while one is under
 * way. What a step does may reach users, so it is only done while no gate holds; taking it back is always done.
 */
export function planStepPlugins(situation: Situation): readonly Effect[] {
  const { calls = [] } = situation.world.stepPlugins ?? {};
  return callable(situation)
    .filter((entry) => dueAt(entry) <= situation.world.now)
    .map((entry) => callOf(situation, entry))
    .filter(({ key }) => !calls.some((call) => call.key === key))
    .map((call): Effect => ({ kind: 'callStepPlugin', phase: 'analyse', call }));
}

/** When a plug-in is to be asked next, or an approval is too late. */
export function stepPluginsDueAt(situation: Situation): readonly number[] {
  const approvals = answeredEntries(situation)
    .filter((entry) => entry.name === approvalStepName && isOpen(entry))
    .map((entry) => approvalEndsAt(entry, configOf(situation, entry)))
    .filter((time) => time !== undefined);
  return [...callable(situation).map(dueAt), ...approvals];
}

function callable(situation: Situation): readonly StepPluginStatus[] {
  if (isIn(situation, 'deleting', 'invalid', 'superseding')) return [];
  const entries = answeredEntries(situation);
  const runs = isIn(situation, 'canary.step.plugin') && heldBy(situation.world) === undefined;
  return entries.filter((entry) => {
    if (!isOpen(entry) || entry.name === approvalStepName || entry.startedAt === undefined) return false;
    if (operationOf(entry) !== 'Run') return true;
    return runs && entry.index === situation.stepIndex && !isGivenUp(entries, entry);
  });
}

function callOf(situation: Situation, entry: StepPluginStatus): StepPluginCall {
  const { index, name, status, executions = 0 } = entry;
  return {
    key: callKey(situation.world.rollout, entry),
    operation: operationOf(entry),
    index,
    name,
    config: configOf(situation, entry),
    status,
    execution: executions + 1,
  };
}

/** The step may be another one by now. */
function configOf(situation: Situation, { index, name }: StepPluginStatus): Json | undefined {
  const plugin = stepsOf(situation)[index]?.plugin;
  return plugin?.name === name ? plugin.config : undefined;
}
