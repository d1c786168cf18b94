import { trafficRouterNames } from '../../src/api/traffic-routing.ts';
import { trafficRouters } from '../../src/providers/traffic/registry.ts';
import { analysisDifferences, type AnalysisExpected } from './differences-analysis.ts';
import { durationDifferences } from './differences-duration.ts';
import { phaseDifferences } from './differences-phase.ts';
import { replicasDifferences } from './differences-replicas.ts';
import { trafficDifferences } from './differences-traffic.ts';
import { validationDifferences } from './differences-validation.ts';
import { comparedForm, isRecord, mismatch, type GoldenForm, type RawCase } from './form.ts';
import { checkLife } from './lives/check-life.ts';
import { lifeDifferences } from './lives/differences-lives.ts';
import type { RecordedLife } from './lives/life.ts';
import { recordedLives } from './lives/recorded-lives.ts';
import { runAnalysis, type AnalysisInput } from './run-analysis.ts';
import {
  readCanaryReplicas,
  runCanaryReplicas,
  type CanaryReplicasInput,
  type CanaryReplicasOutput,
} from './run-canary-replicas.ts';
import { expectedCondition, runCondition, type ConditionInput, type ConditionOutput } from './run-condition.ts';
import {
  askedParts,
  durationKinds,
  runDurationWindow,
  withoutErrorText,
  type DurationInput,
  type DurationOutput,
} from './run-duration-window.ts';
import { expectedExpression, runExpression, type ExpressionCase } from './run-expression.ts';
import {
  expectedPodTemplateHash,
  runPodTemplateHash,
  type PodTemplateInput,
  type PodTemplateOutput,
} from './run-pod-template-hash.ts';
import { runRolloutPhase, type RolloutPhaseInput, type RolloutPhaseOutput } from './run-rollout-phase.ts';
import {
  expectedTraffic,
  runTraffic,
  type TrafficExpected,
  type TrafficInput,
  type TrafficOutput,
} from './run-traffic.ts';
import {
  errorPlaces,
  runValidation,
  validationKinds,
  wantedErrors,
  type ValidationCaseInput,
  type ValidationExpected,
} from './run-validation.ts';

const podTemplateHash = comparedForm<PodTemplateInput, PodTemplateOutput>({
  name: 'pod-template-hash',
  title: 'Pod-template hashes and names of ReplicaSets',
  differences: [],
  matches: ({ template }, { hash }) => isRecord(template) && typeof hash === 'string',
  run: runPodTemplateHash,
  expect: (_input, recorded) => expectedPodTemplateHash(recorded as PodTemplateOutput),
});

const canaryReplicas = comparedForm<CanaryReplicasInput, CanaryReplicasOutput>({
  name: 'canary-replicas',
  title: 'Sizes of the ReplicaSets of a canary',
  differences: replicasDifferences,
  matches: (input, { pass, panic }) =>
    isRecord(input['rollout']) &&
    ['newRS', 'stableRS', 'olderRSs'].some((field) => field in input) &&
    (isRecord(pass) || panic === true),
  read: readCanaryReplicas,
  run: runCanaryReplicas,
  // Where the reference crashes it is enough that ours answers.
  expect: (input, recorded) =>
    (recorded as CanaryReplicasOutput).panic === true
      ? { ...runCanaryReplicas(input), panic: true }
      : (recorded as CanaryReplicasOutput),
});

const rolloutPhase = comparedForm<RolloutPhaseInput, RolloutPhaseOutput>({
  name: 'rollout-phase',
  title: 'Phase and message of a Rollout',
  differences: phaseDifferences,
  matches: ({ rollout, kind }, { calculated, phase }) =>
    isRecord(rollout) && kind === undefined && isRecord(calculated) && typeof phase === 'string',
  run: runRolloutPhase,
});

const durationWindow = comparedForm<DurationInput, DurationOutput>({
  name: 'duration-window',
  title: 'Durations, delays, deadlines and rollback windows',
  differences: durationDifferences,
  // Only what a case speaks of is compared, so one that speaks of nothing is none.
  matches: ({ kind }, expected) =>
    typeof kind === 'string' && durationKinds.includes(kind) && Object.keys(expected).length > 0,
  run: (input, expected) => askedParts(runDurationWindow(input), expected),
  expect: (_input, recorded) => withoutErrorText(recorded as DurationOutput),
});

const conditionEval = comparedForm<ConditionInput, ConditionOutput>({
  name: 'condition-eval',
  title: 'Verdicts of conditions on results',
  differences: [],
  matches: (input, { phase }) =>
    typeof phase === 'string' &&
    !('kind' in input) &&
    ['result', 'resultKind', 'successCondition', 'failureCondition'].some((field) => field in input),
  run: runCondition,
  expect: (input, recorded) => expectedCondition(input, recorded as ConditionOutput),
});

const analysisAssess = comparedForm<AnalysisInput, AnalysisExpected>({
  name: 'analysis-assess',
  title: 'Assessment of metrics and of whole runs',
  differences: analysisDifferences,
  matches: ({ kind }) => kind === 'assess' || kind === 'run' || kind === 'schedule',
  run: runAnalysis,
});

const traffic = comparedForm<TrafficInput, TrafficOutput>({
  name: 'traffic',
  title: 'Objects of traffic routers',
  files: ['istio', 'nginx', 'alb', 'smi', 'traefik', 'apisix'].map((router) => `traffic-${router}.json`),
  differences: trafficDifferences,
  matches: ({ rollout, calls }, { calls: answers }) =>
    Array.isArray(calls) && Array.isArray(answers) && hasKnownRouter(rollout),
  run: runTraffic,
  expect: (input, recorded) => expectedTraffic(input, recorded as TrafficExpected),
});

/** A router that has no translation here is none of the forms. */
function hasKnownRouter(rollout: unknown): boolean {
  const canary = field(field(field(rollout, 'spec'), 'strategy'), 'canary');
  const routing = field(canary, 'trafficRouting');
  const name = trafficRouterNames.find((candidate) => field(routing, candidate) !== undefined);
  return trafficRouters.some((router) => router.name === name);
}

function field(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}

const validation: GoldenForm = {
  name: 'validation',
  title: 'Mistakes in a Rollout and in what it refers to',
  files: ['validation.json'],
  differences: validationDifferences,
  matches: ({ input, expected }) =>
    isRecord(input) &&
    isRecord(expected) &&
    validationKinds.includes(String(input['kind'])) &&
    isRecord(input['rollout']) &&
    (Array.isArray(expected['errors']) || expected['panic'] === true),
  check(raw) {
    const input = raw['input'] as ValidationCaseInput;
    const actual = runValidation(input);
    const { wanted, used } = wantedErrors(input, raw['expected'] as ValidationExpected, actual);
    return { mismatches: mismatch('errors', errorPlaces(wanted), errorPlaces(actual)), used };
  },
};

const expression: GoldenForm = {
  name: 'expr-lang-cases',
  title: 'Values of expressions',
  files: ['expr-lang-cases.json', 'expr-lang-more.json'],
  differences: [],
  matches: (raw) => typeof raw['expression'] === 'string' && ('value' in raw || 'error' in raw),
  check(raw) {
    const example = raw as unknown as ExpressionCase;
    const [expected, ours] = [expectedExpression(example), runExpression(example)];
    // Texts of errors are free.
    if ('error' in expected && 'error' in ours) return { mismatches: [], used: [] };
    return { mismatches: mismatch('value', expected, ours), used: [] };
  },
};

const life: GoldenForm = {
  name: 'lives',
  title: 'Whole lives of Rollouts',
  files: recordedLives,
  differences: lifeDifferences,
  matches: ({ manifests, actions, trace, end }) =>
    [manifests, actions, trace].every((part) => Array.isArray(part)) && isRecord(end),
  check: (raw) => checkLife(raw as unknown as RecordedLife),
};

/** Every form of recorded cases. */
export const goldenForms: readonly GoldenForm[] = [
  podTemplateHash,
  canaryReplicas,
  rolloutPhase,
  durationWindow,
  validation,
  conditionEval,
  analysisAssess,
  expression,
  traffic,
  life,
];

/** The form of a case by its content. */
export function formOf(raw: RawCase): GoldenForm | undefined {
  return goldenForms.find((form) => form.matches(raw));
}
