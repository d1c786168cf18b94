import { isDeepStrictEqual } from 'node:util';

import { recordedHistory, replayedHistory, type LifeHistory } from './life-history.ts';
import { readPath } from './life-path.ts';
import { stabilityOf, type Stability } from './life-stability.ts';
import type { Replay } from './life-stage.ts';
import { valueLines } from './life-values.ts';
import type { Fields, RecordedLife } from './life.ts';

/** One thing that is not as recorded. */
export interface LifeDifference {
  readonly kind: 'play' | 'sequence' | 'created' | 'status' | 'events' | 'final';
  /** `Kind/name`; empty when it is about no object. */
  readonly object: string;
  readonly path: string;
  /** Where it shows, for people. */
  readonly what: string;
  /** Index of the action before which a status differs; the number of actions means the end. */
  readonly moment?: number;
  /** Values one after the other, each as text. */
  readonly recorded: readonly string[];
  readonly ours: readonly string[];
}

/** Everything in which a replay differs from what was recorded and that was the same in all recordings. */
export function compareLife(life: RecordedLife, replay: Replay): readonly LifeDifference[] {
  const stuck = problemOf(replay);
  // What comes after an action that was never done would all be different.
  if (replay.moments.length < life.actions.length) return stuck;
  const [recorded, ours] = [recordedHistory(life), replayedHistory(replay)];
  const comparison: Comparison = { life, recorded, ours, stability: (object, path) => stabilityOf(life, object, path) };
  return [
    ...stuck,
    ...compareAnswers(comparison),
    ...compareSequences(comparison),
    ...compareCreated(comparison),
    ...compareStatuses(comparison),
    ...compareReasons(comparison),
    ...compareFinal(comparison),
    ...compareSaid(comparison),
    ...comparePods(comparison),
  ];
}

function problemOf({ problem }: Replay): readonly LifeDifference[] {
  if (problem === undefined) return [];
  return [{ ...nowhere, kind: 'play', what: 'actions', recorded: ['all are done'], ours: [problem] }];
}

interface Comparison {
  readonly life: RecordedLife;
  readonly recorded: LifeHistory;
  readonly ours: LifeHistory;
  readonly stability: (object: string, path: string) => Stability;
}

const nowhere = { object: '', path: '' } as const;

function compareAnswers({ recorded, ours }: Comparison): readonly LifeDifference[] {
  const [left, right] = [recorded.answers, ours.answers].map((answers) => answers.map(String));
  if (isDeepStrictEqual(left, right)) return [];
  return [{ ...nowhere, kind: 'play', what: 'answers to the actions', recorded: left ?? [], ours: right ?? [] }];
}

/** Parts of objects whose values are compared one after the other: what acts on the world. */
const actingPaths: Readonly<Record<string, readonly string[]>> = {
  ReplicaSet: ['spec.replicas'],
  Deployment: ['spec.replicas'],
  Service: ['spec.selector'],
  VirtualService: ['spec'],
  DestinationRule: ['spec'],
  TrafficSplit: ['spec'],
  ApisixRoute: ['spec'],
  Ingress: ['metadata.annotations', 'spec'],
};

function compareSequences(comparison: Comparison): readonly LifeDifference[] {
  const { recorded, ours, stability } = comparison;
  return objectsOf(recorded, ours).flatMap((object) =>
    (actingPaths[kindOf(object)] ?? []).flatMap((path) => {
      const stable = stability(object, path);
      const [left, right] = [recorded, ours].map(({ states }) => valuesAt(states.get(object) ?? [], path));
      const values = valueLines(left ?? [], right ?? []);
      const isSame =
        stable === 'free' ||
        isDeepStrictEqual(values.recorded, values.ours) ||
        (stable === 'last' && values.recorded.at(-1) === values.ours.at(-1));
      return isSame ? [] : [{ kind: 'sequence' as const, object, path, what: `${object} ${path}`, ...values }];
    }),
  );
}

function valuesAt(states: readonly (Fields | undefined)[], path: string): readonly unknown[] {
  return states.map((state) => (state === undefined ? deleted : readPath(state, path)));
}

const deleted = '(deleted)';

/** Kinds whose creation acts on the world. */
const createdKinds: readonly string[] = ['ReplicaSet', 'AnalysisRun', 'Experiment', 'Job', 'Ingress', 'TrafficSplit'];

function compareCreated({ recorded, ours }: Comparison): readonly LifeDifference[] {
  return createdKinds.flatMap((kind) => {
    const [left, right] = [recorded, ours].map(({ states }) =>
      [...states.keys()].filter((key) => kindOf(key) === kind),
    );
    if (isDeepStrictEqual(left, right)) return [];
    return [
      { ...nowhere, kind: 'created' as const, what: `created: ${kind}`, recorded: left ?? [], ours: right ?? [] },
    ];
  });
}

const conditionTypes = ['Available', 'Progressing', 'Completed', 'Healthy', 'Paused', 'InvalidSpec', 'ReplicaFailure'];

/** What of a status is compared where things have settled. */
const statusPaths: Readonly<Record<string, readonly string[]>> = {
  Rollout: [
    'phase',
    'message',
    'abort',
    'promoteFull',
    'controllerPause',
    'pauseConditions',
    'currentPodHash',
    'currentStepHash',
    'currentStepIndex',
    'stableRS',
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'HPAReplicas',
    'selector',
    'collisionCount',
    'observedGeneration',
    'workloadObservedGeneration',
    'restartedAt',
    'blueGreen',
    'canary',
    'duration.completionStatus',
    ...conditionTypes.flatMap((type) => ['status', 'reason', 'message'].map((field) => `conditions[${type}].${field}`)),
  ],
  AnalysisRun: ['phase', 'message', 'runSummary', 'dryRunSummary', 'metricResults'],
  Experiment: ['phase', 'message'],
};

/** The recorded status at the moments just before each action and at the end, against ours. */
function compareStatuses({ life, recorded, ours, stability }: Comparison): readonly LifeDifference[] {
  return recorded.moments.flatMap((objects, moment) => {
    const isEnd = moment === life.actions.length;
    const { quiet = 0, after = 0 } = (isEnd ? life.end : life.actions[moment]?.when) ?? {};
    // Where nobody waited for things to settle there is no settled status.
    if (quiet === 0 && after === 0) return [];
    return [...objects].flatMap(([object, fields]) =>
      (statusPaths[kindOf(object)] ?? []).flatMap((path): readonly LifeDifference[] => {
        const stable = stability(object, `status.${path}`);
        if (stable === 'free' || (stable === 'last' && !isEnd)) return [];
        const now = ours.moments[moment];
        if (now === undefined) return [];
        const [left, right] = [fields, now.get(object)].map((state) => statusText(state, path));
        if (left === right) return [];
        const what = `${isEnd ? 'at the end' : `before action ${moment}`}: ${object} status.${path}`;
        return [{ kind: 'status', object, path, what, moment, recorded: [left ?? ''], ours: [right ?? ''] }];
      }),
    );
  });
}

/** Absent, false, 0 and an empty structure say the same in this API. */
function statusText(object: Fields | undefined, path: string): string {
  const value = withoutEmpty(byName(readPath(object?.['status'], path)));
  if (value === undefined) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The order of results is that in which they came in. */
function byName(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const nameOf = (item: unknown): string => textOf(readPath(item, 'name') ?? readPath(item, 'reason'));
  return value.toSorted((left, right) => nameOf(left).localeCompare(nameOf(right)));
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => withoutEmpty(item) ?? null);
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .map(([key, item]) => [key, withoutEmpty(item)] as const)
      .filter(([, item]) => item !== undefined)
      .toSorted(([left], [right]) => left.localeCompare(right));
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }
  return value === null || value === '' || value === false || value === 0 ? undefined : value;
}

/** Reasons of the Events about each object in their order, repeats collapsed. */
function compareReasons({ recorded, ours, stability }: Comparison): readonly LifeDifference[] {
  const objects = [...recorded.reasons.keys()].filter((object) => kindOf(object) !== 'Job');
  return objects.flatMap((object) => {
    const stable = stability(object, '(events)');
    const [left = [], right = []] = [recorded, ours].map(({ reasons }) => collapse(reasons.get(object) ?? []));
    const isSame =
      stable === 'free' ||
      isDeepStrictEqual(left, right) ||
      (stable === 'last' && isDeepStrictEqual(new Set(left), new Set(right)));
    return isSame
      ? []
      : [{ kind: 'events' as const, object, path: '', what: `Events about ${object}`, recorded: left, ours: right }];
  });
}

function collapse(reasons: readonly string[]): readonly string[] {
  return reasons.filter((reason, index) => reason !== reasons[index - 1]);
}

/** What of an object is compared at the end, besides what was compared on the way. */
const finalPaths: Readonly<Record<string, readonly string[]>> = {
  Rollout: ['metadata.annotations'],
  ReplicaSet: [
    'metadata.labels',
    'metadata.annotations',
    'spec.selector',
    'spec.template.metadata',
    'spec.minReadySeconds',
  ],
  Service: ['metadata.annotations'],
  VirtualService: ['metadata'],
  DestinationRule: ['metadata'],
  Ingress: ['metadata.labels', 'metadata.ownerReferences'],
  TrafficSplit: ['metadata'],
  AnalysisRun: ['metadata.labels', 'metadata.annotations', 'spec'],
  Experiment: ['metadata.labels', 'metadata.annotations', 'spec'],
  Job: ['metadata.labels', 'metadata.annotations'],
};

function compareFinal({ recorded, ours, stability }: Comparison): readonly LifeDifference[] {
  return objectsOf(recorded, ours).flatMap((object) =>
    (finalPaths[kindOf(object)] ?? []).flatMap((path): readonly LifeDifference[] => {
      const [left, right] = [recorded, ours].map(({ states }) => readPath(states.get(object)?.at(-1), path));
      // What an object has from its manifest or from the API server was not recorded everywhere.
      const [seen, had] = [withoutEmpty(left), withoutEmpty(onlyRecorded(right, left))];
      if (isDeepStrictEqual(seen, had) || stability(object, path) === 'free') return [];
      const what = `at the end: ${object} ${path}`;
      return [{ kind: 'final', object, path, what, recorded: [textOf(seen)], ours: [textOf(had)] }];
    }),
  );
}

/** A recording says twice what there is at the end. When the two do not agree, one of them is wrong. */
function compareSaid({ recorded }: Comparison): readonly LifeDifference[] {
  return [...(recorded.final ?? [])].flatMap(([object, said]) => {
    const told = recorded.states.get(object)?.at(-1);
    const paths = [...new Set([...Object.keys(said), ...Object.keys(told ?? {})])];
    return paths.flatMap((path): readonly LifeDifference[] => {
      const [left, right] = [said, told].map((state) => withoutEmpty(sorted(state?.[path])));
      if (isDeepStrictEqual(left, right)) return [];
      const what = `"final" against the trace: ${object} ${path}`;
      return [{ kind: 'final', object, path, what, recorded: [textOf(left)], ours: [textOf(right)] }];
    });
  });
}

/** With every list in the order of its names. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(sorted).toSorted((left, right) => textOf(left).localeCompare(textOf(right)));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sorted(item)]));
}

/** Labels and annotations of the pods at the end, in lives whose pods were recorded. Their names are free. */
function comparePods({ recorded, ours }: Comparison): readonly LifeDifference[] {
  if (![...recorded.states.keys()].some((object) => kindOf(object) === 'Pod')) return [];
  const [left, right] = [recorded, ours].map(({ states }) =>
    [...states]
      .filter(([object, list]) => kindOf(object) === 'Pod' && list.at(-1) !== undefined)
      .map(([, list]) => podText(list.at(-1)))
      .toSorted(),
  );
  if (isDeepStrictEqual(left, right)) return [];
  return [{ ...nowhere, kind: 'final', what: 'at the end: pods', recorded: left ?? [], ours: right ?? [] }];
}

function podText(pod: Fields | undefined): string {
  const [labels, annotations] = ['labels', 'annotations'].map((field) => readPath(pod, `metadata.${field}`));
  return textOf(withoutEmpty({ labels, annotations }));
}

/** What recordings leave out. */
const serverFields: ReadonlySet<string> = new Set([
  'apiVersion',
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'managedFields',
]);

function onlyRecorded(value: unknown, recorded: unknown): unknown {
  if (Array.isArray(value))
    return value.map((item, index) => onlyRecorded(item, (recorded as unknown[] | undefined)?.[index]));
  if (typeof value !== 'object' || value === null) return value;
  const known = (recorded ?? {}) as Fields;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !serverFields.has(key) || key in known)
      .map(([key, item]) => [key, onlyRecorded(item, known[key])]),
  );
}

function textOf(value: unknown): string {
  return value === undefined ? '-' : JSON.stringify(value);
}

function objectsOf(recorded: LifeHistory, ours: LifeHistory): readonly string[] {
  return [...new Set([...recorded.states.keys(), ...ours.states.keys()])];
}

function kindOf(object: string): string {
  return object.split('/')[0] ?? '';
}
