import type { TrafficDestination } from '../api/traffic.ts';
import { heldBy } from './gates.ts';
import { isIn, type Situation } from './situation.ts';
import { experimentStep, findExperiment } from './step-experiment.ts';
import type { StepExperimentTemplate } from './world.ts';

/** A Service of an Experiment as a destination, and the pods behind it. */
interface Candidate {
  readonly template: StepExperimentTemplate;
  readonly weight: number;
}

/**
 * The shares that Services of the step's Experiment may have now, beside the two sides. They get them while the
 * Experiment runs and all pods of the template are available, and lose them in any other case; while one loses some,
 * no other gains. `left` is what the canary leaves of the maximum weight; `isFree` says that nothing else is lowered
 * and that the routers took the last change.
 */
export function additionalDestinations(
  situation: Situation,
  left: number,
  isFree: boolean,
): readonly TrafficDestination[] {
  const wanted = candidates(situation);
  const shares = new Map(wanted.map(({ template, weight }) => [template.service, weight]));
  const mayRaise = isFree && heldBy(situation.world) === undefined && !anyIsLowered(situation, shares);
  let open = left;
  return wanted.flatMap(({ template, weight }) => {
    const { service, hash, available, replicas } = template;
    const now = shareOf(situation, service);
    const raises = weight > now;
    const allowed = raises && !(mayRaise && available >= replicas) ? now : weight;
    const share = Math.min(allowed, open);
    open -= share;
    return share === 0 ? [] : [{ role: 'additional' as const, service, hash, weight: share }];
  });
}

/** True when no router leads anybody to an Experiment. */
export function isExperimentLeft({ world }: Pick<Situation, 'world'>): boolean {
  return world.traffic.every(({ reading: { additionalWeights } }) =>
    Object.values(additionalWeights).every((weight) => weight === 0),
  );
}

/** True when some Service of an Experiment is to have a smaller share than it was read with, and none a larger one. */
export function isOnlyLowered(situation: Situation, additional: readonly TrafficDestination[]): boolean {
  const raises = additional.some(({ service, weight }) => weight > shareOf(situation, service));
  return !raises && anyIsLowered(situation, new Map(additional.map(({ service, weight }) => [service, weight])));
}

/** The largest share that any router was read to give a Service. */
function shareOf({ world }: Pick<Situation, 'world'>, service: string): number {
  return Math.max(0, ...world.traffic.map(({ reading }) => reading.additionalWeights[service] ?? 0));
}

/** Templates of the running Experiment that are to have a share, and that can answer. */
function candidates(situation: Situation): readonly Candidate[] {
  const experiment = findExperiment(situation);
  if (experiment === undefined || experiment.phase !== 'Running' || experiment.terminating) return [];
  if (!isIn(situation, 'canary.step.experiment')) return [];
  return (experimentStep(situation)?.templates ?? []).flatMap(({ name, weight = 0 }) => {
    const template = experiment.templates.find((one) => one.name === name);
    return weight <= 0 || template === undefined || template.service === '' || template.available === 0
      ? []
      : [{ template, weight }];
  });
}

/** True when a Service was read with more than its share. */
function anyIsLowered(situation: Situation, shares: ReadonlyMap<string, number>): boolean {
  return situation.world.traffic.some(({ reading }) =>
    Object.entries(reading.additionalWeights).some(([service, weight]) => weight > (shares.get(service) ?? 0)),
  );
}
