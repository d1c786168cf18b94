import type { RolloutSpec } from '../../../src/api/rollout.ts';
import type { RecordedLife } from './life.ts';

/** Whether anything is judged in a life. */
export function usesAnalysis({ manifests, actions }: RecordedLife): boolean {
  const created = actions.flatMap(({ do: { object } }) => (object === undefined ? [] : [object]));
  return [...manifests, ...created].some(({ kind }) => kind.includes('Analysis'));
}

/** The specification of the Rollout, when it is a canary. */
export function canaryOf(life: RecordedLife): RolloutSpec | undefined {
  const spec = specOf(life);
  return spec?.strategy?.canary === undefined ? undefined : spec;
}

/** Whether a step of the canary is an experiment. */
export function hasExperimentStep(life: RecordedLife): boolean {
  return canaryOf(life)?.strategy?.canary?.steps?.some(({ experiment }) => experiment !== undefined) === true;
}

/** Whether a router splits traffic. */
export function isRouted(spec: RolloutSpec | undefined): boolean {
  return spec?.strategy?.canary?.trafficRouting !== undefined;
}

/** Whether a routed update is promoted fully by a person. */
export function isPromotedFully(life: RecordedLife): boolean {
  const asked = life.actions.some(({ do: { body } }) => JSON.stringify(body ?? {}).includes('"promoteFull":true'));
  return asked && isRouted(canaryOf(life));
}

/** An action in the middle of a change meets another state when the moves before it are smaller. */
export function actsAtOnce({ actions }: RecordedLife): boolean {
  return actions.some(({ when: { quiet = 0, after = 0 } }) => quiet === 0 && after === 0);
}

/** The recorded Events about the Rollout. */
export function eventsAbout({ trace }: RecordedLife): readonly unknown[] {
  return trace.filter(({ kind, regarding }) => kind === 'Event' && regarding?.startsWith('Rollout/') === true);
}

/** Whether an Event with this reason was recorded. */
export function hasReason({ trace }: RecordedLife, wanted: string): boolean {
  return trace.some(({ kind, reason }) => kind === 'Event' && reason === wanted);
}

/** The specification of the Rollout. */
export function specOf({ manifests, actions }: RecordedLife): RolloutSpec | undefined {
  const created = actions.flatMap(({ do: { object } }) => (object === undefined ? [] : [object]));
  const rollout = [...manifests, ...created].find(({ kind }) => kind === 'Rollout');
  return rollout?.['spec'] as RolloutSpec | undefined;
}
