import type { AnalysisPhase, AnalysisRun } from '../api/analysis-run.ts';
import type { KubeObject } from '../api/object.ts';
import { podTemplateHash, stepsHash } from '../api/pod-template-hash.ts';
import type { Rollout } from '../api/rollout.ts';
import { parseInstant } from '../base/instant.ts';
import { desiredReplicasAnnotation, revisionAnnotation, scaleDownDeadlineAnnotation } from '../engine/revision.ts';
import type { AnalysisRunView, PodView, ReplicaSetView, RolloutView, ServiceView } from '../engine/world.ts';

/*
 * What the caches keep of each kind: only what a decision needs, because at ten thousand Rollouts memory is what is
 * kept. Stored objects may be older than their schema, so nothing here trusts a type that it did not look at.
 */

/** Label, selector key and service selector key that name a revision. */
export const hashLabel = 'rollouts-pod-template-hash';
/** Annotation of a Service with the Rollouts that manage it, separated by commas. */
export const managedByAnnotation = 'argo-rollouts.argoproj.io/managed-by-rollouts';

/** A Rollout without its pod template, whose hash is computed once per object. */
export function projectRollout(object: KubeObject): RolloutView {
  const { spec: { template = {}, ...spec } = {}, status = {} } = object as unknown as Partial<Rollout>;
  const { canary } = spec.strategy ?? {};
  return {
    ...identityOf(object),
    generation: object.metadata.generation ?? 0,
    labels: object.metadata.labels ?? {},
    spec,
    templateHash: podTemplateHash(template, status.collisionCount),
    stepsHash: canary === undefined ? '' : stepsHash(canary.steps ?? []),
    status,
  };
}

function identityOf({ metadata }: KubeObject) {
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    createdAt: parseInstant(metadata.creationTimestamp ?? '') ?? 0,
    deleting: metadata.deletionTimestamp !== undefined,
    annotations: metadata.annotations ?? {},
  };
}

/** A ReplicaSet without its pod template. */
export function projectReplicaSet(object: KubeObject): ReplicaSetView {
  const spec = record(object['spec']);
  const status = record(object['status']);
  const identity = identityOf(object);
  const failure = list(status['conditions'])
    .map(record)
    .find((condition) => condition['type'] === 'ReplicaFailure' && condition['status'] === 'True');
  return {
    ...identity,
    hash: hashOf(object),
    revision: optionalCount(identity.annotations[revisionAnnotation]) ?? 0,
    specReplicas: count(spec['replicas'] ?? 1),
    statusReplicas: count(status['replicas']),
    readyReplicas: count(status['readyReplicas']),
    availableReplicas: count(status['availableReplicas']),
    desiredReplicas: optionalCount(identity.annotations[desiredReplicasAnnotation]),
    scaleDownAt: parseInstant(identity.annotations[scaleDownDeadlineAnnotation] ?? ''),
    ...(failure === undefined ? {} : { failure: text(failure['message']) }),
  };
}

function hashOf({ metadata }: KubeObject): string {
  return metadata.labels?.[hashLabel] ?? '';
}

/** A Service as far as revisions go. */
export function projectService(object: KubeObject): ServiceView {
  const { metadata } = object;
  return {
    name: metadata.name,
    resourceVersion: metadata.resourceVersion ?? '',
    hash: text(record(record(object['spec'])['selector'])[hashLabel]),
    managedBy: (metadata.annotations?.[managedByAnnotation] ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  };
}

/** An AnalysisRun by its names, labels and phase. */
export function projectAnalysisRun(object: KubeObject): AnalysisRunView {
  const { spec, status = { phase: '' } } = object as unknown as Partial<AnalysisRun>;
  const labels = object.metadata.labels ?? {};
  const { phase, message = '', startedAt = '', completedAt = '', metricResults = [] } = status;
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
    measured: metricResults.some(({ dryRun, successful = 0 }) => dryRun !== true && successful > 0),
  };
}

/** A pod, for restarts. */
export function projectPod(object: KubeObject): PodView {
  const ready = list(record(object['status'])['conditions'])
    .map(record)
    .some((condition) => condition['type'] === 'Ready' && condition['status'] === 'True');
  return { ...identityOf(object), hash: hashOf(object), available: ready };
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
