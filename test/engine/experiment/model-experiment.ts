import type { ExperimentAnalysis, ExperimentSpec, ExperimentStatus } from '../../../src/api/experiment.ts';
import { parseInstant } from '../../../src/base/instant.ts';
import { decideExperiment } from '../../../src/engine/experiment/decide-experiment.ts';
import type { ExperimentDecision } from '../../../src/engine/experiment/experiment-decision.ts';
import type {
  ExperimentServiceView,
  ExperimentTemplateView,
  ExperimentWorld,
} from '../../../src/engine/experiment/experiment-world.ts';
import type { AnalysisRunView, ReplicaSetView } from '../../../src/engine/world.ts';

export const startMs = parseInstant('2026-03-01T12:00:00Z') ?? 0;

/** What differs from an Experiment of two templates that has just been made. */
export interface Given {
  readonly seconds?: number;
  readonly spec?: Partial<Omit<ExperimentSpec, 'templates'>>;
  readonly status?: ExperimentStatus;
  readonly templates?: readonly Partial<ExperimentTemplateView>[];
  readonly sets?: readonly (Partial<ReplicaSetView> & { readonly template: string })[];
  readonly services?: readonly ExperimentServiceView[];
  readonly runs?: readonly (Partial<AnalysisRunView> & { readonly name: string })[];
  readonly owner?: string;
  readonly world?: Partial<ExperimentWorld>;
}

/** The world of the Experiment `trial`, with the analysis template `check`. */
export function experimentWorld(given: Given = {}): ExperimentWorld {
  const { templates = [{ name: 'baseline' }, { name: 'candidate' }] } = given;
  const metrics = [{ name: 'errors', provider: { web: { url: 'http://metrics' } } }];
  return {
    now: startMs + (given.seconds ?? 0) * 1000,
    experiment: {
      name: 'trial',
      namespace: 'shop',
      uid: 'uid-trial',
      resourceVersion: '1',
      createdAt: startMs,
      deleting: false,
      labels: {},
      annotations: {},
      owner: given.owner,
      spec: given.spec ?? {},
      templates: templates.map((template) => ({ ...templateDefault, ...template })),
      status: given.status ?? {},
    },
    replicaSets: (given.sets ?? []).map(replicaSet),
    services: given.services ?? [],
    analysisRuns: (given.runs ?? []).map((run) => ({ ...runDefault, ...run })),
    templates: new Map([['AnalysisTemplate/check', { metrics, args: [{ name: 'hash', value: '' }] }]]),
    problems: [],
    servicesInUse: new Set(),
    ...given.world,
  };
}

export function decided(given: Given = {}): ExperimentDecision {
  return decideExperiment(experimentWorld(given));
}

/** Effects in short, e.g. `scaleReplicaSet trial-baseline 0 -> 1`. */
export function effectsOf({ effects }: ExperimentDecision): readonly string[] {
  return effects.map((effect) =>
    effect.kind === 'scaleReplicaSet'
      ? `${effect.kind} ${effect.name} ${effect.from} -> ${effect.to}`
      : `${effect.kind} ${effect.name}`,
  );
}

/** Both templates with one available pod each. */
export const ready = [
  { template: 'baseline', specReplicas: 1, statusReplicas: 1, readyReplicas: 1, availableReplicas: 1 },
  { template: 'candidate', specReplicas: 1, statusReplicas: 1, readyReplicas: 1, availableReplicas: 1 },
];

/** The status of an Experiment that runs since the start. */
export const running: ExperimentStatus = {
  phase: 'Running',
  availableAt: '2026-03-01T12:00:00Z',
  templateStatuses: ['baseline', 'candidate'].map((name) => ({
    name,
    status: 'Running',
    replicas: 1,
    updatedReplicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
    lastTransitionTime: '2026-03-01T12:00:00Z',
  })),
};

export const check: ExperimentAnalysis = { name: 'check', templateName: 'check' };

const templateDefault: ExperimentTemplateView = {
  name: '',
  replicas: 1,
  hash: 'abc',
  podLabels: { app: 'web' },
  service: undefined,
  revisionHash: '',
};

const runDefault: AnalysisRunView = {
  name: '',
  uid: 'uid-run',
  hash: '',
  role: '',
  stepIndex: undefined,
  createdAt: startMs,
  deleting: false,
  terminating: false,
  phase: 'Running',
  message: '',
  startedAt: startMs,
  completedAt: undefined,
  measured: false,
};

function replicaSet({ template, ...given }: NonNullable<Given['sets']>[number]): ReplicaSetView {
  return {
    name: `trial-${template}`,
    uid: `uid-${template}`,
    resourceVersion: '1',
    hash: `hash-${template}`,
    revision: 0,
    createdAt: startMs,
    deleting: false,
    specReplicas: 0,
    statusReplicas: 0,
    readyReplicas: 0,
    availableReplicas: 0,
    desiredReplicas: undefined,
    scaleDownAt: undefined,
    annotations: { 'experiment.argoproj.io/template-name': template },
    ...given,
  };
}
