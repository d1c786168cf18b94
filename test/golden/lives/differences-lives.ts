import { isDeepStrictEqual } from 'node:util';

import { maxSurge } from '../../../src/api/rollout-defaults.ts';
import type { RolloutSpec } from '../../../src/api/rollout.ts';
import { resolveFenceposts } from '../../../src/engine/fenceposts.ts';
import type { DifferenceRule } from '../form.ts';
import type { LifeDifference } from './compare-life.ts';
import { staleEventRule, staleReadRule, wholeWriteRule } from './differences-experiments.ts';
import {
  actsAtOnce,
  canaryOf,
  eventsAbout,
  hasReason,
  isPromotedFully,
  isRouted,
  specOf,
  usesAnalysis,
} from './life-facts.ts';
import type { EventRule, LifeRule } from './life-rule.ts';
import type { RecordedLife } from './life.ts';

/** Everything in which lives differ on purpose, but for the order of Events. */
const stateRules: readonly LifeRule[] = [
  {
    name: 'own words for a wrong specification',
    reason:
      'The message of InvalidSpec names the field, the value and what would be right in words of our own; field and kind ' +
      'of the mistake are the same. The text is free.',
    applies: () => true,
    explains: ({ kind, path, recorded, ours }) => {
      if (kind !== 'status' || !['message', 'conditions[InvalidSpec].message'].includes(path)) return false;
      const mistake = mistakeOf(recorded[0] ?? '');
      return mistake !== undefined && (ours[0] ?? '').includes(mistake);
    },
  },
  {
    name: 'a workload that is not there is a wrong field',
    reason:
      'The message of InvalidSpec names the field of workloadRef and its value before what the reference says, which stands ' +
      'in it word for word.',
    applies: refersToWorkload,
    explains: ({ kind, path, recorded, ours }) => {
      if (kind !== 'status' || !['message', 'conditions[InvalidSpec].message'].includes(path)) return false;
      const [before = '', missing = ''] = (recorded[0] ?? '').split(/(?<=is invalid: )/u);
      const own = ours[0] ?? '';
      return missing.endsWith('not found') && own.startsWith(before) && own.endsWith(missing);
    },
  },
  {
    name: 'a revision is no history of itself',
    reason:
      'Each time a progressive scale-down moves the generation of the workload, the reference notes the number of the current ' +
      'revision among its earlier ones, so that it becomes `1,1,1` (Appendix E). Ours notes only numbers that a ReplicaSet ' +
      'does not have any more.',
    applies: refersToWorkload,
    explains: ({ kind, path, recorded, ours }) =>
      kind === 'final' &&
      path === 'metadata.annotations' &&
      (recorded[0] ?? '').replace(/"rollout\.argoproj\.io\/revision-history":"1(?:,1)*",/u, '') === ours[0],
  },
  {
    name: 'own words for what cannot be evaluated',
    reason:
      'Why a condition cannot be evaluated, or why the specification of a run is wrong, is said in words of our own, and the ' +
      'value that could not be judged is kept beside them. Which condition it was, and everything around it, is the same; ' +
      'the text is free.',
    applies: usesAnalysis,
    explains: ({ kind, recorded, ours }) => {
      const [left, right] = [recorded, ours].map((values) => withoutFreeText(values[0] ?? ''));
      return kind === 'status' && left !== recorded[0] && left === right;
    },
  },
  {
    name: 'runs go when their time is over',
    reason:
      'Nothing asks the reference to look at a completed run again, so it stays whatever its ttlStrategy says (Appendix E, ' +
      'defect 5). Ours deletes it in time.',
    applies: ({ manifests }) =>
      manifests.some(({ kind, spec }) => kind === 'AnalysisRun' && JSON.stringify(spec).includes('"ttlStrategy"')),
    explains: ({ kind, object, what, ours }) =>
      (kind === 'play' && what === 'actions') ||
      (kind === 'final' && object.startsWith('AnalysisRun/') && ours[0] === '-'),
  },
  {
    name: 'a promotion is noted on its ReplicaSet',
    reason:
      'The reference lets every revision that still waits for its scale-down past the gates of blue/green, also a preview ' +
      'that was replaced and that nobody has ever approved. Ours does so only for a revision that users were led to, and ' +
      'notes that on its ReplicaSet in an annotation of its own (invariant I13).',
    applies: ({ manifests }) => manifests.some(({ spec }) => JSON.stringify(spec).includes('"blueGreen"')),
    explains: ({ kind, object, path, recorded, ours }) =>
      kind === 'final' &&
      object.startsWith('ReplicaSet/') &&
      path === 'metadata.annotations' &&
      (ours[0] ?? '').replace(/,?"sluice\.dev\/promoted":"true"/u, '') === recorded[0],
  },
  {
    name: 'growing comes before shrinking',
    reason:
      'Without a router the reference takes stable pods away before the first canary pod is there (Appendix E: ours may do ' +
      'the safer order when surge allows). Ours uses maxSurge first, so capacity never dips by its own doing (invariant ' +
      'I05), and the canary reaches the same sizes in smaller moves.',
    applies: (life) => {
      const spec = canaryOf(life);
      return spec !== undefined && !isRouted(spec) && resolveFenceposts(spec).maxSurge > 0 && maxSurge(spec) !== 0;
    },
    explains: ({ kind, path, recorded, ours }, life) =>
      kind === 'sequence' && path === 'spec.replicas' && isRefined(recorded, ours, actsAtOnce(life)),
  },
  {
    name: 'users come back as fast as stable can carry them',
    reason:
      'After an abort with dynamicStableScale the reference walks back through the weights of the steps. Ours gives stable ' +
      'what its available pods can carry at every moment, allowing for maxUnavailable, so that users leave the aborted ' +
      'revision earlier (invariants I10 and I03). The same holds for a template that is taken back in mid-update.',
    applies: (life) =>
      canaryOf(life)?.strategy?.canary?.dynamicStableScale === true && hasReason(life, 'RolloutAborted'),
    explains: ({ kind, object, recorded, ours }) =>
      kind === 'sequence' && isRouterObject(object) && recorded[0] === ours[0] && recorded.at(-1) === ours.at(-1),
  },
  {
    name: 'a full promotion moves traffic by its weight',
    reason:
      'At a full promotion the reference leaves the weight where it is, turns the stable Service to the new revision and ' +
      'only then sets the weight. Ours moves the weight when the new revision is complete, reads it back, and then makes ' +
      'the revision stable: its status never claims what was not verified (invariants I07 and I20).',
    applies: isPromotedFully,
    explains: ({ kind, object, recorded, ours }) =>
      kind === 'sequence' && isRouterObject(object) && isSubsequence(recorded, ours),
  },
  {
    name: 'one write for a weight and the end of routes',
    reason:
      'Where the reference takes managed routes away in one write and sets the weight in the next, ours does both at once; ' +
      'fewer passes write fewer intermediate states.',
    applies: (life) => (canaryOf(life)?.strategy?.canary?.trafficRouting?.managedRoutes ?? []).length > 0,
    explains: ({ kind, object, recorded, ours }) =>
      kind === 'sequence' &&
      isRouterObject(object) &&
      isSubsequence(ours, recorded) &&
      ours.length >= recorded.length - 1,
  },
];

/** Where the reference asks again what a person has answered, everything after the answer goes another way. */
const answeredRule: LifeRule = {
  name: 'a person who goes on after an inconclusive run is not asked again',
  reason:
    'When a person promotes after an inconclusive background or pre-promotion run, the reference starts the run again and ' +
    'pauses at once (Appendix E, defect 6). Ours goes on; up to the answer everything is the same.',
  applies: (life) => answerOf(life) !== undefined,
  explains: ({ kind, moment = 0, recorded, ours }, life) => {
    switch (kind) {
      case 'status':
        return moment > (answerOf(life) ?? Infinity);
      case 'created':
        return isSubsequence(ours, recorded);
      case 'events':
        return isDeepStrictEqual(untilAsked(recorded), untilAsked(ours));
      case 'play':
      case 'sequence':
      case 'final':
        return true;
    }
  },
};

/** Index of the action with which a person goes on after such a run was inconclusive. */
function answerOf({ trace }: RecordedLife): number | undefined {
  const asked = trace.findIndex(
    ({ kind, reason, message = '' }) =>
      kind === 'Event' && reason === 'AnalysisRunInconclusive' && /^(?:Background|PrePromotion) /u.test(message),
  );
  return asked === -1 ? undefined : trace.slice(asked).find(({ kind }) => kind === 'Action')?.index;
}

/** Events up to the pause in which the person is asked for the first time. */
function untilAsked(reasons: readonly string[]): readonly string[] {
  const told = reasons.filter((reason) => reason !== 'AnalysisRunRunning');
  return told.slice(0, told.indexOf('RolloutPaused', told.indexOf('AnalysisRunInconclusive')) + 1);
}

const eventRules: readonly EventRule[] = [
  staleEventRule,
  {
    name: 'Events beyond a burst are not lost',
    reason:
      'The client of the reference drops Events about one object after a burst of 25; ours keeps them. The recorded ones ' +
      'are the beginning of ours.',
    applies: (life) => eventsAbout(life).length >= 25,
    cuts: true,
  },
  {
    name: 'measuring is not waited for',
    reason:
      'The reference measures within the pass that starts a run, so a run with one measurement is never seen running. Ours ' +
      'starts the measurement and releases the worker (design section 8, metric contract), so the run is Running first.',
    applies: usesAnalysis,
    ignores: ['AnalysisRunRunning'],
  },
  {
    name: 'users leave before the Service of the canary moves',
    reason:
      'After an abort the reference turns the canary Service first, and then to and fro at every pass (Appendix E, defect ' +
      '1). Ours brings the weight to 0 first and turns the Service once (invariant I12).',
    applies: (life) => isRouted(canaryOf(life)) && hasReason(life, 'RolloutAborted'),
    ignores: ['SwitchService'],
  },
  {
    name: 'a Service is narrowed to a revision that can answer',
    reason:
      'With pingPong the reference narrows a Service with all the traffic to the first revision before that has any pod (bug ' +
      'class A). Ours waits until the revision is complete (invariant I04).',
    applies: (life) => canaryOf(life)?.strategy?.canary?.pingPong !== undefined,
    ignores: ['SwitchService'],
  },
  {
    name: 'a pause is over before what it held back is done',
    reason:
      'When autoPromotionSeconds is over, the reference switches the active Service and ends the pause in one pass. Ours ' +
      'stores the end of the pause first: nothing is raised from a state that is not stored (design section 8).',
    applies: ({ manifests }) =>
      manifests.some(
        (object) => ((object['spec'] as RolloutSpec | undefined)?.strategy?.blueGreen?.autoPromotionSeconds ?? 0) > 0,
      ),
    ignores: ['RolloutResumed'],
  },
  {
    name: 'subsets are turned when pods can answer',
    reason:
      'The reference turns a subset to a revision that has no pod yet (bug class A, AR#4775). Ours waits until its pods can ' +
      'answer.',
    applies: (life) => canaryOf(life)?.strategy?.canary?.trafficRouting?.istio?.destinationRule !== undefined,
    ignores: ['UpdatedDestinationRule'],
  },
  {
    name: 'a full promotion moves traffic by its weight',
    reason: 'Told with what is done.',
    applies: isPromotedFully,
    ignores: ['TrafficWeightUpdated', 'Updated VirtualService', 'PatchingCanaryIngress', 'PatchingALBIngress'],
  },
  {
    name: 'nobody waits for what shrinks',
    reason:
      'With dynamicStableScale the reference shrinks stable before it goes on to the next step. Ours shrinks last (order of ' +
      'effects, design section 8), so the next step begins in the meantime; traffic has left those pods already.',
    applies: (life) => canaryOf(life)?.strategy?.canary?.dynamicStableScale === true,
    ignores: ['ScalingReplicaSet'],
  },
  {
    name: 'users come back as fast as stable can carry them',
    reason: 'Told with what is done.',
    applies: (life) =>
      canaryOf(life)?.strategy?.canary?.dynamicStableScale === true && hasReason(life, 'RolloutAborted'),
    ignores: ['TrafficWeightUpdated', 'Updated VirtualService'],
  },
  {
    name: 'a revision has its full size before it is stable',
    reason:
      'With replicaProgressThreshold the reference calls a revision stable while it still lacks pods that it was not even ' +
      'told to have. Ours grows first (invariant I09: the stable revision is never short by our own doing).',
    applies: (life) => canaryOf(life)?.strategy?.canary?.replicaProgressThreshold !== undefined,
    ignores: ['ScalingReplicaSet'],
  },
];

/** Every deliberate difference of lives, each once: one may show in what is done and in the Events about it. */
export const lifeDifferences: readonly DifferenceRule[] = [
  ...new Map(
    [...eventRules, ...stateRules, staleReadRule, wholeWriteRule, answeredRule].map((rule) => [rule.name, rule]),
  ).values(),
];

/** The rules that explain a difference; undefined when none does. */
export function explainLife(difference: LifeDifference, life: RecordedLife): readonly string[] | undefined {
  if (answeredRule.applies(life) && answeredRule.explains(difference, life)) return [answeredRule.name];
  if (difference.kind === 'events') return explainEvents(difference, life);
  const rule = [...stateRules, staleReadRule, wholeWriteRule].find(
    (one) => one.applies(life) && one.explains(difference, life),
  );
  return rule === undefined ? undefined : [rule.name];
}

/** The fewest rules with which the Events are in the same order. */
function explainEvents({ recorded, ours }: LifeDifference, life: RecordedLife): readonly string[] | undefined {
  const applying = eventRules.filter((rule) => rule.applies(life));
  return subsets(applying)
    .find((rules) => agree(recorded, ours, rules))
    ?.map(({ name }) => name);
}

/** All choices of rules, small ones first. */
function subsets(rules: readonly EventRule[]): readonly (readonly EventRule[])[] {
  const all = rules.reduce<readonly (readonly EventRule[])[]>(
    (chosen, rule) => [...chosen, ...chosen.map((some) => [...some, rule])],
    [[]],
  );
  return all.toSorted((left, right) => left.length - right.length);
}

function agree(recorded: readonly string[], ours: readonly string[], rules: readonly EventRule[]): boolean {
  const ignored = new Set(rules.flatMap(({ ignores = [] }) => ignores));
  const isRepeat = (reason: string, index: number, all: readonly string[]): boolean =>
    rules.some(({ once }) => once?.test(reason) === true) && all.indexOf(reason) < index;
  const [left, right] = [recorded, ours].map((reasons) =>
    collapse(reasons.filter((reason) => !ignored.has(reason)).filter((...told) => !isRepeat(...told))),
  );
  if (left === undefined || right === undefined) return false;
  if (!rules.some(({ cuts }) => cuts === true)) return left.join('\n') === right.join('\n');
  // Warnings have a burst of their own.
  const [early, late] = [left, right].map((reasons) => collapse(reasons.filter((reason) => !isWarning(reason))));
  const isBeginning = early?.every((reason, index) => reason === late?.[index]) === true;
  return isBeginning && isSubsequence(left.filter(isWarning), right.filter(isWarning));
}

function isWarning(reason: string): boolean {
  return /(?:Aborted|Failed|Error|Inconclusive)$/u.test(reason);
}

function collapse(reasons: readonly string[]): readonly string[] {
  return reasons.filter((reason, index) => reason !== reasons[index - 1]);
}

/** `spec.x[0].y: Invalid value` of an InvalidSpec message. */
function mistakeOf(message: string): string | undefined {
  return /is invalid: (?<mistake>\S+: [A-Z][a-z]+(?: [a-z]+)?)/u.exec(message)?.groups?.['mistake'];
}

/** A message or a list of results without what is said in free words, and without values that were not judged. */
function withoutFreeText(text: string): string {
  const message = /^(?<fixed>.*?(?:could not evaluate \w+Condition \\?".*?\\?": |Analysis spec invalid: ))[^\\"]*/u;
  if (!text.startsWith('[')) return message.exec(text)?.groups?.['fixed'] ?? text;
  return JSON.stringify(JSON.parse(text, withoutUnjudged));
}

function withoutUnjudged(key: string, value: unknown): unknown {
  if (key === 'message' && typeof value === 'string') return withoutFreeText(value);
  if (typeof value !== 'object' || value === null || !('phase' in value) || value.phase !== 'Error') return value;
  return Object.fromEntries(Object.entries(value).filter(([field]) => field !== 'value'));
}

function refersToWorkload(life: RecordedLife): boolean {
  return specOf(life)?.workloadRef !== undefined;
}

const routerKinds: ReadonlySet<string> = new Set(['VirtualService', 'DestinationRule', 'Ingress', 'TrafficSplit']);

function isRouterObject(object: string): boolean {
  return routerKinds.has(object.split('/')[0] ?? '');
}

function isSubsequence(some: readonly string[], all: readonly string[]): boolean {
  let index = 0;
  for (const value of all) if (value === some[index]) index += 1;
  return index === some.length;
}

/** True when `ours` goes through all recorded sizes, with others only in between (or anywhere, where `freely`). */
function isRefined(recorded: readonly string[], ours: readonly string[], freely: boolean): boolean {
  if (recorded.at(-1) !== ours.at(-1) || !isSubsequence(recorded, ours)) return false;
  if (freely) return true;
  let at = 0;
  return ours.every((size) => {
    if (size === recorded[at + 1]) at += 1;
    const bounds = [Number(recorded[at]), Number(recorded[at + 1] ?? recorded[at])];
    return Number(size) >= Math.min(...bounds) && Number(size) <= Math.max(...bounds);
  });
}
