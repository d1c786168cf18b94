import assert from 'node:assert/strict';

import type { AnalysisTemplateSpec } from '../../src/api/analysis-template.ts';
import { canarySides } from '../../src/api/canary-sides.ts';
import { podMetadataAnnotation, podMetadataText } from '../../src/api/pod-metadata.ts';
import type { RolloutSpec, RolloutStatus } from '../../src/api/rollout.ts';
import type { TrafficPlan } from '../../src/api/traffic.ts';
import { parseInstant } from '../../src/base/instant.ts';
import { decide } from '../../src/engine/decide.ts';
import type { Decision, Effect } from '../../src/engine/decision.ts';
import {
  desiredReplicasAnnotation,
  revisionAnnotation,
  scaleDownDeadlineAnnotation,
} from '../../src/engine/revision.ts';
import { restore } from '../../src/engine/settle.ts';
import { readStored } from '../../src/engine/stored.ts';
import type { AnalysisRunView, ReplicaSetView, ServiceView, World } from '../../src/engine/world.ts';

/**
 * A cluster as small as an engine test can do with: effects are done at once, pods become available when the test says
 * so, and the router says what it was told. Time is a number that the test moves.
 */
export interface ModelWorld {
  world(): World;
  /** One pass: decides and does it. */
  pass(): Decision;
  /** Passes until nothing changes any more, with all pods becoming available in between; at most 60. */
  settle(): readonly Decision[];
  advance(seconds: number): void;
  setTemplate(hash: string): void;
  patchSpec(patch: Partial<RolloutSpec>): void;
  patchStatus(patch: Partial<RolloutStatus>): void;
  /** Sets the phase of a run; `measured` unless said otherwise. */
  setRun(name: string, phase: AnalysisRunView['phase'], measured?: boolean): void;
  /** Pods of these hashes never become available. */
  readonly broken: Set<string>;
  readonly replicaSets: Map<string, ReplicaSetView>;
  readonly services: Map<string, ServiceView>;
  readonly runs: Map<string, AnalysisRunView>;
  readonly notices: string[];
  status(): RolloutStatus;
  weight(): number;
}

export interface ModelOptions {
  readonly spec: RolloutSpec;
  readonly services?: readonly string[];
  readonly templates?: Readonly<Record<string, AnalysisTemplateSpec>>;
  readonly hash?: string;
  /** The router splits by pod-template hash. */
  readonly splitsByHash?: boolean;
}

const start = parseInstant('2026-01-01T00:00:00Z') ?? 0;

export function modelWorld(options: ModelOptions): ModelWorld {
  let now = start;
  let spec = options.spec;
  let status: RolloutStatus = {};
  let hash = options.hash ?? 'v1';
  let generation = 1;
  let plan: TrafficPlan | undefined;
  let hashes = { canary: '', stable: '' };
  const annotations: Record<string, string> = {};
  const replicaSets = new Map<string, ReplicaSetView>();
  const runs = new Map<string, AnalysisRunView>();
  const broken = new Set<string>();
  const notices: string[] = [];
  const services = new Map(
    (options.services ?? []).map((name): [string, ServiceView] => [
      name,
      { name, resourceVersion: '1', hash: '', managedBy: [] },
    ]),
  );

  const world = (): World => ({
    now,
    rollout: {
      name: 'web',
      namespace: 'default',
      uid: 'uid-web',
      resourceVersion: '1',
      generation,
      createdAt: start,
      deleting: false,
      labels: {},
      annotations: { ...annotations },
      spec,
      templateHash: hash,
      stepsHash:
        spec.strategy?.canary === undefined ? '' : `steps-${JSON.stringify(spec.strategy.canary.steps ?? []).length}`,
      status,
    },
    replicaSets: [...replicaSets.values()],
    services,
    traffic:
      spec.strategy?.canary?.trafficRouting === undefined ? [] : [{ router: 'model', fresh: true, reading: reading() }],
    analysisRuns: [...runs.values()],
    experiments: [],
    templates: new Map(
      Object.entries(options.templates ?? {}).map(([name, template]) => [`AnalysisTemplate/${name}`, template]),
    ),
    pods: [],
    problems: [],
    holds: [],
  });

  const reading = () => {
    const canaryWeight = canaryShare(spec, status, plan);
    const weightMax = plan?.weightMax ?? 100;
    return {
      canaryWeight,
      stableWeight: weightMax - canaryWeight,
      additionalWeights: {},
      weightMax,
      managedRoutes: [...(plan?.headerRoutes ?? []), ...(plan?.mirrorRoutes ?? [])].map(({ name }) => name),
      acceptance: 'accepted' as const,
      ...(options.splitsByHash === true ? { hashes } : {}),
    };
  };

  const pass = (): Decision => {
    const decision = decide(world());
    for (const effect of decision.effects) perform(effect);
    ({ status } = decision);
    const { restored } = restore(readStored(world().rollout));
    assert.equal(
      `${restored.path}@${restored.stepIndex}`,
      `${decision.state}@${restored.stepIndex}`,
      'the state is restored from the status',
    );
    notices.push(...decision.events.map(({ reason }) => reason));
    return decision;
  };

  function perform(effect: Effect): void {
    switch (effect.kind) {
      case 'setTraffic':
        ({ plan } = effect);
        if (plan.keep?.hashes !== true) hashes = hashesOf(plan);
        return;
      case 'switchService':
        services.set(effect.service, { ...services.get(effect.service)!, hash: effect.hash });
        return;
      case 'createReplicaSet':
        replicaSets.set(effect.name, newReplicaSet(effect));
        return;
      case 'scaleReplicaSet': {
        const set = replicaSets.get(effect.name)!;
        replicaSets.set(effect.name, {
          ...set,
          specReplicas: effect.to,
          statusReplicas: effect.to,
          readyReplicas: Math.min(set.readyReplicas, effect.to),
          availableReplicas: Math.min(set.availableReplicas, effect.to),
          desiredReplicas: effect.desiredReplicas,
          scaleDownAt: effect.clearScaleDownAt ? undefined : set.scaleDownAt,
        });
        return;
      }
      case 'annotateReplicaSet': {
        const set = replicaSets.get(effect.name)!;
        const revision = effect.annotations[revisionAnnotation];
        const deadline = effect.annotations[scaleDownDeadlineAnnotation];
        const desired = effect.annotations[desiredReplicasAnnotation];
        replicaSets.set(effect.name, {
          ...set,
          annotations: annotated(set.annotations, effect.annotations),
          ...(typeof revision === 'string' ? { revision: Number(revision) } : {}),
          ...(typeof desired === 'string' ? { desiredReplicas: Number(desired) } : {}),
          ...(deadline === undefined ? {} : { scaleDownAt: parseInstant(deadline ?? '') }),
        });
        return;
      }
      case 'setPodMetadata': {
        const set = replicaSets.get(effect.name)!;
        const annotations = { ...set.annotations, [podMetadataAnnotation]: podMetadataText(effect.metadata) };
        replicaSets.set(effect.name, { ...set, annotations });
        return;
      }
      case 'deleteReplicaSet':
        replicaSets.delete(effect.name);
        return;
      case 'annotateRollout':
        Object.assign(annotations, effect.annotations);
        return;
      case 'createAnalysisRun':
        runs.set(effect.name, newRun(effect));
        return;
      case 'terminateAnalysisRun':
        runs.set(effect.name, { ...runs.get(effect.name)!, terminating: true, phase: 'Successful', completedAt: now });
        return;
      case 'deleteAnalysisRun':
        runs.delete(effect.name);
        return;
      // There are no pods, workloads, plug-ins and Experiments here.
      case 'scaleWorkload':
      case 'callStepPlugin':
      case 'createExperiment':
      case 'terminateExperiment':
      case 'deleteExperiment':
      case 'evictPod':
    }
  }

  function newReplicaSet({
    name,
    hash,
    revision,
    desiredReplicas,
    podMetadata,
  }: Extract<Effect, { kind: 'createReplicaSet' }>): ReplicaSetView {
    return {
      name,
      uid: `uid-${name}`,
      resourceVersion: '1',
      hash,
      revision,
      createdAt: now,
      deleting: false,
      specReplicas: 0,
      statusReplicas: 0,
      readyReplicas: 0,
      availableReplicas: 0,
      desiredReplicas,
      scaleDownAt: undefined,
      annotations: {
        [desiredReplicasAnnotation]: String(desiredReplicas),
        [podMetadataAnnotation]: podMetadataText(podMetadata),
      },
    };
  }

  function newRun({ name, labels }: Extract<Effect, { kind: 'createAnalysisRun' }>): AnalysisRunView {
    return {
      name,
      uid: `uid-${name}`,
      hash: labels['rollouts-pod-template-hash'] ?? '',
      role: (labels['rollout-type'] ?? '') as AnalysisRunView['role'],
      stepIndex: labels['step-index'] === undefined ? undefined : Number(labels['step-index']),
      createdAt: now,
      deleting: false,
      terminating: false,
      phase: 'Running',
      message: '',
      startedAt: now,
      completedAt: undefined,
      measured: false,
    };
  }

  function startPods(): boolean {
    let changed = false;
    for (const set of replicaSets.values()) {
      const available = broken.has(set.hash) ? 0 : set.specReplicas;
      if (set.availableReplicas === available) continue;
      changed = true;
      replicaSets.set(set.name, { ...set, readyReplicas: available, availableReplicas: available });
    }
    return changed;
  }

  return {
    world,
    pass,
    settle() {
      const decisions: Decision[] = [];
      for (let turn = 0; turn < 60; turn += 1) {
        const before = JSON.stringify(status);
        const decision = pass();
        decisions.push(decision);
        const started = startPods();
        if (decision.effects.length === 0 && !started && JSON.stringify(status) === before) return decisions;
      }
      throw new Error(`does not settle: ${JSON.stringify(decisions.at(-1), undefined, 1)}`);
    },
    advance(seconds) {
      now += seconds * 1000;
    },
    setTemplate(next) {
      hash = next;
      generation += 1;
    },
    patchSpec(patch) {
      spec = { ...spec, ...patch };
      generation += 1;
    },
    patchStatus(patch) {
      status = { ...status, ...patch };
    },
    setRun(name, phase, measured = true) {
      runs.set(name, { ...runs.get(name)!, phase, measured, completedAt: now, message: 'scripted' });
    },
    broken,
    replicaSets,
    services,
    runs,
    notices,
    status: () => status,
    weight: () => reading().canaryWeight,
  };
}

/** With pingPong the Services keep their shares when the two sides change parts; at first ping has everything. */
function canaryShare({ strategy }: RolloutSpec, { canary }: RolloutStatus, plan: TrafficPlan | undefined): number {
  const pingPong = strategy?.canary?.pingPong;
  if (pingPong === undefined) return shareOf(plan, ({ role }) => role === 'canary');
  const { canaryService } = canarySides({ pingPong }, canary?.stablePingPong);
  if (plan === undefined) return canaryService === pingPong.pingService ? 100 : 0;
  return shareOf(plan, ({ service }) => service === canaryService);
}

function shareOf(
  plan: TrafficPlan | undefined,
  isMeant: (one: TrafficPlan['destinations'][number]) => boolean,
): number {
  return plan?.destinations.find(isMeant)?.weight ?? 0;
}

function hashesOf({ destinations }: TrafficPlan): { readonly canary: string; readonly stable: string } {
  const hashOf = (role: string): string => destinations.find((destination) => destination.role === role)?.hash ?? '';
  return { canary: hashOf('canary'), stable: hashOf('stable') };
}

/** Annotations after a patch: null takes one away. */
function annotated(
  present: Readonly<Record<string, string>>,
  patch: Readonly<Record<string, string | null>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries({ ...present, ...patch });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
}
