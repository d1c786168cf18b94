import type { AnalysisTemplateSpec } from '../../api/analysis-template.ts';
import type { ExperimentSpec, ExperimentStatus } from '../../api/experiment.ts';
import type { AnalysisRunView, ReplicaSetView, SpecProblem } from '../world.ts';

/** Everything one decision about an Experiment is made from. Nothing else may influence it. */
export interface ExperimentWorld {
  /** Wall time of the observation, in milliseconds since the epoch. */
  readonly now: number;
  readonly experiment: ExperimentView;
  /** ReplicaSets controlled by the Experiment. */
  readonly replicaSets: readonly ReplicaSetView[];
  /** Services controlled by the Experiment. */
  readonly services: readonly ExperimentServiceView[];
  /** AnalysisRuns controlled by the Experiment. */
  readonly analysisRuns: readonly AnalysisRunView[];
  /** Analysis templates that it names (and those they name), by `templateKey`; one that does not exist is absent. */
  readonly templates: ReadonlyMap<string, AnalysisTemplateSpec>;
  /** What is wrong with the specification or with what it refers to; empty when all is well. */
  readonly problems: readonly SpecProblem[];
  /** Names of Services to which a router was read to lead users. */
  readonly servicesInUse: ReadonlySet<string>;
}

/** An Experiment without its pod templates. */
export interface ExperimentView {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly createdAt: number;
  readonly deleting: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** uid of the Rollout whose step it is; undefined for one that stands alone. */
  readonly owner: string | undefined;
  readonly spec: Omit<ExperimentSpec, 'templates'>;
  readonly templates: readonly ExperimentTemplateView[];
  /** As stored. */
  readonly status: ExperimentStatus;
}

/** One template: what a ReplicaSet, and a Service where one is asked for, are made of. */
export interface ExperimentTemplateView {
  readonly name: string;
  /** Pods that it is to have. */
  readonly replicas: number;
  /** Hash of its pod template. */
  readonly hash: string;
  /** The Service in front of its pods; undefined when it has none. */
  readonly service: ExperimentService | undefined;
  /** Labels of its pod template. */
  readonly podLabels: Readonly<Record<string, string>>;
  /** Revision of the Rollout that its pods are of, from the hash in its selector; empty when there is none. */
  readonly revisionHash: string;
}

/** The Service that a template asks for. */
export interface ExperimentService {
  /** Empty for the name of the ReplicaSet. */
  readonly name: string;
  /** The ports of its containers. */
  readonly ports: readonly ExperimentServicePort[];
}

/** One port of such a Service. */
export interface ExperimentServicePort {
  readonly name?: string;
  readonly protocol: string;
  readonly port: number;
  readonly targetPort: number;
}

/** One Service of an Experiment. */
export interface ExperimentServiceView {
  readonly name: string;
  readonly uid: string;
  /** Name of the template that it belongs to. */
  readonly template: string;
}

/** Annotation of ReplicaSets and Services with the Experiment that made them. */
export const experimentNameAnnotation = 'experiment.argoproj.io/name';
/** Annotation of ReplicaSets and Services with the template that they belong to. */
export const experimentTemplateAnnotation = 'experiment.argoproj.io/template-name';
