import { passesGate } from '../analysis/passes-gate.ts';
import type { AnalysisPhase, AnalysisRun } from '../api/analysis-run.ts';
import { controllerUid } from '../api/controller-owner.ts';
import { hashedTemplate, templateIdentity, type HashedTemplate, type TemplateIdentity } from '../api/hash-in-use.ts';
import type { KubeObject } from '../api/object.ts';
import { hashLabel, stepsHash } from '../api/pod-template-hash.ts';
import type { Rollout } from '../api/rollout.ts';
import { soundStatus } from '../api/sound-status.ts';
import { parseInstant } from '../base/instant.ts';
import { experimentTemplateAnnotation } from '../engine/experiment/experiment-world.ts';
import { desiredReplicasAnnotation, revisionAnnotation, scaleDownDeadlineAnnotation } from '../engine/revision.ts';
import type { AnalysisRunView, PodView, ReplicaSetView, RolloutView, ServiceView } from '../engine/world.ts';

/*
 * What the caches keep of each kind: only what a decision needs, because at ten thousand Rollouts memory is what is
 * kept. Stored objects may be older than their schema, so nothing here trusts a type that it did not look at.
 */

/** Annotation of a Service with the Rollouts that manage it, separated by commas. */
export const managedByAnnotation = 'argo-rollouts.argoproj.io/managed-by-rollouts';

/** A Rollout without its pod template, whose hashes are computed once per object. */
export function projectRollout(object: KubeObject): RolloutView & TemplateIdentity {
  const { spec: { template = {}, ...spec } = {} } = object as unknown as Partial<Rollout>;
  const { status } = soundStatus(object['status']);
  const { canary } = spec.strategy ?? {};
  return {
    ...identityOf(object),
    generation: object.metadata.generation ?? 0,
    labels: object.metadata.labels ?? {},
    spec,
    ...templateIdentity(template, status.collisionCount),
    stepsHash: canary === undefined ? '' : stepsHash(canary.steps),
    status,
  };
}

/** What every projection has: who it is, and how old. */
export function identityOf({ metadata }: KubeObject) {
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    createdAt: parseInstant(metadata.creationTimestamp ?? '') ?? 0,
    deleting: metadata.deletionTimestamp !== undefined,
    annotations: ownAnnotations(metadata),
  };
}

/** kubectl notes the whole object in an annotation: larger than all that is kept, and nothing is decided by it. */
const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** The annotations that are kept of an object. */
export function ownAnnotations({ annotations = {} }: KubeObject['metadata']): Readonly<Record<string, string>> {
  if (annotations[lastAppliedAnnotation] === undefined) return annotations;
  const { [lastAppliedAnnotation]: _, ...kept } = annotations;
  return kept;
}

/** A ReplicaSet with the uid of its owner. */
export interface ObservedReplicaSet extends ReplicaSetView, HashedTemplate {
  readonly owner: string | undefined;
}

/** A ReplicaSet without its pod template. */
export function projectReplicaSet(object: KubeObject): ObservedReplicaSet {
  const spec = record(object['spec']);
  const status = record(object['status']);
  const identity = identityOf(object);
  const failure = list(status['conditions'])
    .map(record)
    .find((condition) => condition['type'] === 'ReplicaFailure' && condition['status'] === 'True');
  return {
    ...identity,
    ...hashedTemplate(object),
    revision: optionalCount(identity.annotations[revisionAnnotation]) ?? 0,
    specReplicas: count(spec['replicas'] ?? 1),
    statusReplicas: count(status['replicas']),
    readyReplicas: count(status['readyReplicas']),
    availableReplicas: count(status['availableReplicas']),
    desiredReplicas: optionalCount(identity.annotations[desiredReplicasAnnotation]),
    scaleDownAt: parseInstant(identity.annotations[scaleDownDeadlineAnnotation] ?? ''),
    owner: controllerUid(object),
    ...(failure === undefined ? {} : { failure: text(failure['message']) }),
  };
}

function hashOf({ metadata }: KubeObject): string {
  return metadata.labels?.[hashLabel] ?? '';
}

/** A Service with the part of it that references to it are checked against. */
export interface ObservedService extends ServiceView {
  readonly object: KubeObject;
  readonly uid: string;
  /** uid of the Experiment that made it; undefined for one that a person made. */
  readonly owner: string | undefined;
  /** The template of that Experiment that it belongs to. */
  readonly template: string;
}

/** A pod with what metrics are read by. */
export interface ObservedPod extends PodView {
  readonly resourceVersion: string;
  /** Empty until it has one. */
  readonly address: string;
  /** The first port that a container declares. */
  readonly port: number | undefined;
  /** When it was started, in milliseconds since the epoch; its creation until then. */
  readonly startedAt: number;
  readonly restarts: number;
  /** uid of its ReplicaSet. */
  readonly owner: string | undefined;
}

/** A Service as far as revisions go. */
export function projectService(object: KubeObject): ObservedService {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace, uid = '', resourceVersion = '', annotations = {} } = metadata;
  const managedBy = annotations[managedByAnnotation];
  const selector = record(record(object['spec'])['selector']);
  return {
    name,
    uid,
    owner: controllerUid(object),
    template: annotations[experimentTemplateAnnotation] ?? '',
    resourceVersion,
    hash: text(selector[hashLabel]),
    managedBy: (managedBy ?? '')
      .split(',')
      .map((rollout) => rollout.trim())
      .filter((rollout) => rollout !== ''),
    object: {
      apiVersion,
      kind,
      metadata: {
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(managedBy === undefined ? {} : { annotations: { [managedByAnnotation]: managedBy } }),
      },
      spec: { selector },
    },
  };
}

/** An AnalysisRun: whole while it is under way, by name, labels and phase once it is finished. */
export interface ObservedRun extends AnalysisRunView {
  readonly namespace: string;
  readonly resourceVersion: string;
  /** uid of the Rollout or Experiment that it belongs to; undefined for one that a person made. */
  readonly owner: string | undefined;
  /** Undefined once it is finished and nothing will happen to it any more. */
  readonly run: AnalysisRun | undefined;
}

/** Projects an AnalysisRun. */
export function projectAnalysisRun(object: KubeObject): ObservedRun {
  const { spec, status = { phase: '' } } = object as unknown as Partial<AnalysisRun>;
  const labels = object.metadata.labels ?? {};
  const { phase, message = '', startedAt = '', completedAt = '' } = status;
  return {
    ...identityOf(object),
    hash: hashOf(object),
    role: roleOf(labels['rollout-type']),
    stepIndex: optionalCount(labels['step-index']),
    terminating: spec?.terminate === true,
    phase: phase as AnalysisPhase | '',
    message,
    startedAt: parseInstant(startedAt),
    completedAt: parseInstant(completedAt),
    measured: spec !== undefined && passesGate(spec, status),
    owner: controllerUid(object),
    run: completedAt === '' || spec?.ttlStrategy !== undefined ? (object as unknown as AnalysisRun) : undefined,
  };
}

/** A pod, for restarts and for metrics. */
export function projectPod(object: KubeObject): ObservedPod {
  const { annotations: _, ...identity } = identityOf(object);
  const status = record(object['status']);
  const ready = list(status['conditions'])
    .map(record)
    .some((condition) => condition['type'] === 'Ready' && condition['status'] === 'True');
  const [port] = list(record(object['spec'])['containers']).flatMap((container) => list(record(container)['ports']));
  const restarts = list(status['containerStatuses']).map((container) => count(record(container)['restartCount']));
  return {
    ...identity,
    owner: controllerUid(object),
    hash: hashOf(object),
    available: ready,
    address: text(status['podIP']),
    port: count(record(port)['containerPort']) || undefined,
    startedAt: parseInstant(text(status['startTime'])) ?? identity.createdAt,
    restarts: restarts.reduce((total, some) => total + some, 0),
  };
}

const roles: readonly AnalysisRunView['role'][] = ['Step', 'Background', 'PrePromotion', 'PostPromotion'];

function roleOf(label: string | undefined): AnalysisRunView['role'] {
  return roles.find((role) => role === label) ?? '';
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : 0;
}

function optionalCount(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}
