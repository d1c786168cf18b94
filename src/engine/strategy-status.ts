import type {
  AnalysisRunReference,
  BlueGreenStatus,
  CanaryStatus,
  TrafficWeights,
  WeightDestination,
} from '../api/rollout-status.ts';
import { backgroundIsDue, findRun, type RunRole } from './analysis-plan.ts';
import { compact } from './compact.ts';
import { isIn, sidesOf, type Situation } from './situation.ts';
import { findExperiment } from './step-experiment.ts';
import { stepPluginStatuses } from './step-plugin-status.ts';
import { isGated } from './stored.ts';
import { stableServesStable } from './traffic-plan.ts';

/** `status.canary`: the runs that are looked at, and the weights as they were read back. */
export function canaryStatus(situation: Situation, promoted: boolean): CanaryStatus {
  if (situation.stored.strategy !== 'canary') return {};
  const stored = situation.stored.rollout.status.canary ?? {};
  const background = backgroundIsDue(situation) ? referTo(situation, 'Background') : undefined;
  return compact<CanaryStatus>({
    ...stored,
    currentStepAnalysisRunStatus: isIn(situation, 'canary') ? referTo(situation, 'Step') : undefined,
    currentBackgroundAnalysisRunStatus: isIn(situation, 'canary')
      ? (background ?? stored.currentBackgroundAnalysisRunStatus)
      : undefined,
    stepPluginStatuses: stepPluginStatuses(situation),
    stablePingPong: nextStable(situation, promoted),
    // Until the step is left, also once it has passed: it may take a while until users have left it.
    currentExperiment: findExperiment(situation)?.name,
    weights: weightsOf(situation) ?? stored.weights,
  });
}

/** Weights as they were read back; what cannot be told stays as it was last known. */
function weightsOf(situation: Situation): TrafficWeights | undefined {
  const { canaryWeight, stableWeight } = situation.world.traffic[0]?.reading ?? {};
  if (canaryWeight === undefined || stableWeight === undefined || !haveMeaning(situation)) return undefined;
  const { canaryService, stableService } = situation.world.rollout.spec.strategy?.canary ?? {};
  const { templateHash, status } = situation.stored.rollout;
  const sides = sidesOf(situation);
  // A canary without traffic names the revision that it is meant for.
  const canaryHash = canaryWeight === 0 ? templateHash : servedBy(situation, sides.canaryService, templateHash);
  const stableHash = servedBy(situation, sides.stableService, stableHashOf(situation));
  const additional = additionalWeights(situation);
  return compact<TrafficWeights>({
    ...status.canary?.weights,
    canary: destination(canaryWeight, canaryService, canaryHash),
    stable: destination(stableWeight, stableService, stableHash),
    additional: additional.length === 0 ? undefined : additional,
  });
}

/** What Services of Experiments were read to get. */
function additionalWeights({ world }: Situation): readonly WeightDestination[] {
  const shares = world.traffic[0]?.reading.additionalWeights ?? {};
  const templates = world.experiments.flatMap((experiment) => experiment.templates);
  const known = templates.filter(({ service }) => service !== '').map(({ service }) => service);
  // Those of Experiments come in the order of their templates.
  return [...new Set([...known, ...Object.keys(shares)])].flatMap((service) => {
    const weight = shares[service] ?? 0;
    const hash = templates.find((template) => template.service === service)?.hash;
    return weight === 0 ? [] : [compact<WeightDestination>({ weight, serviceName: service, podTemplateHash: hash })];
  });
}

/** The side that is stable after a promotion: the one that was the canary's. */
function nextStable(situation: Situation, promoted: boolean): CanaryStatus['stablePingPong'] {
  const { pingPong } = situation.world.rollout.spec.strategy?.canary ?? {};
  const stored = situation.stored.rollout.status.canary?.stablePingPong;
  if (!promoted || pingPong === undefined) return stored;
  return sidesOf(situation).canaryService === pingPong.pingService ? 'ping' : 'pong';
}

/** The stable revision as the status will name it. */
function stableHashOf(situation: Situation): string {
  const { templateHash, status } = situation.stored.rollout;
  return isIn(situation, 'settled') ? templateHash : (status.stableRS ?? '');
}

/** Weights have a meaning from the time on at which the first revision is complete and the stable side leads to it. */
function haveMeaning(situation: Situation): boolean {
  if (situation.stored.rollout.status.canary?.weights !== undefined) return true;
  if (isIn(situation, 'initial') || !stableServesStable(situation)) return false;
  return (situation.stable?.availableReplicas ?? 0) >= situation.replicas;
}

function destination(weight: number, serviceName: string | undefined, hash: string): WeightDestination {
  return compact<WeightDestination>({ weight, serviceName, podTemplateHash: hash });
}

/** The revision that a Service leads to; where there is no such Service, the one that is wanted there. */
function servedBy({ world }: Situation, serviceName: string, wanted: string): string {
  return world.services.get(serviceName)?.hash ?? wanted;
}

/** `status.blueGreen`: where the Services were read to lead, and the runs around the promotion. */
export function blueGreenStatus(situation: Situation): BlueGreenStatus {
  const strategy = situation.world.rollout.spec.strategy?.blueGreen;
  if (strategy === undefined) return {};
  const stored = situation.stored.rollout.status.blueGreen ?? {};
  const run = (role: RunRole): AnalysisRunReference | undefined => referTo(situation, role);
  const passesCheckPoint =
    strategy.previewReplicaCount !== undefined &&
    isIn(situation, 'blueGreen.cutOver', 'blueGreen.postAnalysis') &&
    !isOpenedByNobody(situation);
  return compact<BlueGreenStatus>({
    ...stored,
    previewSelector: selectorOf(situation, strategy.previewService),
    activeSelector: selectorOf(situation, strategy.activeService),
    scaleUpPreviewCheckPoint: passesCheckPoint ? true : undefined,
    prePromotionAnalysisRunStatus: run('PrePromotion') ?? stored.prePromotionAnalysisRunStatus,
    postPromotionAnalysisRunStatus: run('PostPromotion') ?? stored.postPromotionAnalysisRunStatus,
  });
}

/** The way to the switch is open because no active Service was noted: no gate was passed. */
function isOpenedByNobody({ state, stored }: Situation): boolean {
  return isIn({ state }, 'blueGreen.cutOver') && isGated(stored) && !stored.blueGreen.hasActive;
}

function selectorOf({ world }: Situation, service: string | undefined): string | undefined {
  const hash = world.services.get(service ?? '')?.hash;
  return hash === '' ? undefined : hash;
}

function referTo(situation: Situation, role: RunRole): AnalysisRunReference | undefined {
  const run = findRun(situation, role);
  if (run === undefined) return undefined;
  return compact<AnalysisRunReference>({
    name: run.name,
    status: run.phase,
    message: run.message === '' ? undefined : run.message,
  });
}
