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

/** How much traffic there is for Experiments and for the stable side. */
export interface ExperimentRoom {
  /** What the canary leaves of the maximum weight. */
  readonly left: number;
  /** What the stable side can carry. */
  readonly stableMax: number;
  /** Nothing else is lowered, and the routers took the last change. */
  readonly isFree: boolean;
}

/**
 * The shares that Services of the step's Experiment may have now, beside the two sides. They get them while the
 * Experiment runs and all pods of the template are available, and lose them in any other case; while one loses some,
 * no other gains. What the stable side cannot carry yet stays for so long where there are pods that can.
 */
export function additionalDestinations(situation: Situation, room: ExperimentRoom): readonly TrafficDestination[] {
  return withoutOverload(situation, room, wantedDestinations(situation, room));
}

function wantedDestinations(situation: Situation, { left, isFree }: ExperimentRoom): readonly TrafficDestination[] {
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

/** The stable side gets no more than it has or can carry, as far as pods of Experiments can hold the rest. */
function withoutOverload(
  situation: Situation,
  { left, stableMax }: ExperimentRoom,
  wanted: readonly TrafficDestination[],
): readonly TrafficDestination[] {
  const { traffic, experiments } = situation.world;
  const stableNow = Math.min(...traffic.map(({ reading }) => reading.stableWeight ?? 0));
  const given = wanted.reduce((sum, { weight }) => sum + weight, 0);
  let excess = left - given - Math.max(stableNow, stableMax);
  if (excess <= 0) return wanted;
  const shares = new Map(wanted.map((destination) => [destination.service, destination]));
  for (const { service, hash, available } of experiments.flatMap(({ templates }) => templates)) {
    const share = shares.get(service)?.weight ?? 0;
    const kept = available === 0 ? 0 : Math.max(0, Math.min(shareOf(situation, service) - share, excess));
    if (kept === 0) continue;
    excess -= kept;
    shares.set(service, { role: 'additional', service, hash, weight: share + kept });
  }
  return [...shares.values()];
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
