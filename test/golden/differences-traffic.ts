import { isDeepStrictEqual } from 'node:util';

import { listOf, recordOf, textOf, type JsonRecord } from '../../src/api/json-access.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { parseJson } from '../../src/providers/traffic/alb-action.ts';
import { ingressRules, pathService, rulePaths } from '../../src/providers/traffic/ingress.ts';
import type { Difference } from './difference.ts';
import { istioDifferences } from './differences-istio.ts';
import { objectsByKey, type TrafficInput, type TrafficOutput } from './run-traffic.ts';
import { callsOf, hostOf, listedObjects, managedNames, routingOf } from './traffic-input.ts';

type TrafficDifference = Difference<TrafficInput, TrafficOutput>;

/** Where router objects differ from those of the reference on purpose, whichever router it is. */
const sharedDifferences: readonly TrafficDifference[] = [
  {
    name: 'all or nothing',
    reason:
      'A list of router objects of which one is missing or wrong is not half written: the same canary would ' +
      'have two shares (invariant I02). The reference writes up to the first mistake. Ours names the ' +
      'mistake and changes nothing.',
    fields: ['calls'],
    applies: (input, { calls }) =>
      calls.some(
        ({ failed, objects }, index) =>
          failed && !isDeepStrictEqual(objects, calls[index - 1]?.objects ?? objectsByKey(input.objects)),
      ),
  },
  {
    name: 'weights above the maximum',
    reason:
      'Weights are whole numbers from 0 that sum to the maximum (invariant I02; Appendix D: a negative ' +
      'stable weight can be written). Such a plan is refused and nothing is changed.',
    fields: ['calls'],
    applies: (input) =>
      callsOf(input, 'setWeight').some(({ weight, additionalDestinations = [] }) => {
        const weights = [weight, ...additionalDestinations.map((destination) => destination.weight)];
        const sum = weights.reduce((total, one) => total + one, 0);
        return weights.some((one) => one < 0) || sum > maximumOf(input);
      }),
  },
  {
    name: 'the first one without changes stops the rest',
    reason:
      'Appendix D: in a list of objects the reference stops at the first one that needs no change. Ours ' +
      'writes every one that needs it.',
    fields: ['calls.*.objects'],
    applies: (input, { calls }) => {
      const [first, second] = listedObjects(input);
      if (first === undefined || second === undefined) return false;
      const before = objectsByKey(input.objects);
      return calls.some(({ objects }, index) =>
        isDeepStrictEqual(objects[first], (calls[index - 1]?.objects ?? before)[first]),
      );
    },
  },
  {
    name: 'routes outside managedRoutes',
    reason:
      'Appendix D: a route that is not listed in managedRoutes breaks later calls, and nothing would ever ' +
      'remove it. It is refused and nothing is changed.',
    fields: ['calls'],
    applies: (input) => {
      const set = [
        ...callsOf(input, 'setHeaderRoute').map((call) => call.setHeaderRoute),
        ...callsOf(input, 'setMirrorRoute').map((call) => call.setMirrorRoute),
      ];
      return set.some(({ name = '', match }) => match !== undefined && !managedNames(input).includes(name));
    },
  },
];

const listDifferences: readonly TrafficDifference[] = [
  {
    name: 'a side that stands twice in a list',
    reason:
      'The reference gives every place of a side the whole weight, or only the first one, so that the ' +
      'weights of both sides sum to more than the maximum (invariant I02). Ours gives it to the first, and ' +
      '0 to the others.',
    fields: ['calls.*.objects.*.spec.*'],
    values: (_expected, actual) => actual === 0,
    applies: hasSideTwice,
  },
  {
    name: 'a prefix is a text',
    reason:
      'The reference takes the prefix of a header for a pattern, so that other values match too and their ' +
      'requests are led to the canary. Ours compares it as a text.',
    fields: ['calls.*.objects.*.spec.http.*.match.exprs.*.value'],
    applies: (input) =>
      routingOf(input).apisix !== undefined &&
      callsOf(input, 'setHeaderRoute').some(({ setHeaderRoute: { match = [] } }) =>
        match.some(({ headerValue }) => /[\\^$.|?*+()[\]{}]/u.test(headerValue?.prefix ?? '')),
      ),
  },
  {
    name: 'rules that the Rollout does not split',
    reason:
      'Appendix D: the header route of the reference copies all other rules too, which then stand twice. ' +
      'Ours has only the rules that carry the traffic.',
    fields: ['calls.*.objects.*.spec.http'],
    applies: (input) => {
      const { route } = routingOf(input).apisix ?? {};
      const base = input.objects.find(({ metadata }) => metadata.name === route?.name);
      const names = listOf(recordOf(base?.['spec'])['http']).map((rule) => recordOf(rule)['name']);
      const main = (route?.rules ?? []).length === 0 ? [route?.name] : (route?.rules ?? []);
      return callsOf(input, 'setHeaderRoute').length > 0 && names.some((name) => !main.some((one) => one === name));
    },
  },
];

const ingressDifferences: readonly TrafficDifference[] = [
  {
    name: 'rules without a Service behind them',
    reason:
      'Appendix D: a rule without http, or with a resource as backend, crashes the reference. Ours leaves ' +
      'it out, or as it is.',
    fields: ['calls'],
    applies: ({ objects }) => objects.some((object) => object.kind === 'Ingress' && hasRuleWithoutService(object)),
  },
  {
    name: 'headers that are not compared as exact text',
    reason:
      'A load balancer of AWS compares texts only; the reference writes the empty text for prefix and regex ' +
      '(Appendix D), which no request has. Ours refuses the route and changes nothing.',
    fields: ['calls'],
    applies: (input) =>
      routingOf(input).alb !== undefined &&
      callsOf(input, 'setHeaderRoute').some(({ setHeaderRoute: { match = [] } }) =>
        match.some(({ headerValue }) => (headerValue?.exact ?? '') === ''),
      ),
  },
  {
    name: 'an Ingress without annotations',
    reason: 'Appendix D: a header route on an Ingress without annotations crashes the reference. Ours adds them.',
    fields: ['calls'],
    applies: (input) =>
      callsOf(input, 'setHeaderRoute').length > 0 &&
      input.objects.some(({ kind, metadata }) => kind === 'Ingress' && metadata.annotations === undefined),
  },
  {
    name: 'a note of nothing',
    reason:
      'Taking away routes that are not there changes nothing (invariant I22); the reference writes down ' +
      'that it manages no annotation.',
    fields: ['calls.*.objects.*.metadata.annotations'],
    values: hasEmptyNoteMore,
    applies: (input) => routingOf(input).alb !== undefined,
  },
  {
    name: 'labels and annotations of others',
    reason:
      'What other controllers note on the canary Ingress is theirs (invariant I19). Ours keeps it when it ' +
      'writes the weight.',
    fields: ['calls.*.objects.*.metadata.annotations', 'calls.*.objects.*.metadata.labels'],
    values: (expected, actual) => expected === undefined && actual !== undefined,
    applies: (input) => routingOf(input).nginx !== undefined && input.objects.some(isCanaryIngress),
  },
  {
    name: 'a total weight that is no longer asked for',
    reason:
      'Without maxTrafficWeight the total is 100. Left at its old value (Appendix D) it would make the ' +
      'share of the canary another than the planned one (invariants I02, I20), so ours takes the annotation ' +
      'away.',
    fields: ['calls.*.objects.*.metadata.annotations'],
    values: (expected, actual) => typeof expected === 'string' && actual === undefined,
    applies: (input) =>
      routingOf(input).nginx !== undefined &&
      routingOf(input).maxTrafficWeight === undefined &&
      input.objects.some(({ metadata }) =>
        Object.keys(metadata.annotations ?? {}).some((key) => key.endsWith('/canary-weight-total')),
      ),
  },
];

const crash: TrafficDifference = {
  name: 'a crash',
  reason: 'A crash is never right. Ours does what was asked, or names the mistake and changes nothing.',
  fields: ['calls'],
  applies: (_input, { calls }) => calls.some(({ failed }) => failed === 'crash'),
};

/** Where router objects differ from those of the reference on purpose. */
export const trafficDifferences: readonly TrafficDifference[] = [
  ...sharedDifferences,
  ...istioDifferences,
  ...listDifferences,
  ...ingressDifferences,
  crash,
];

function maximumOf(input: TrafficInput): number {
  const { nginx, maxTrafficWeight = 100 } = routingOf(input);
  return nginx === undefined ? 100 : maxTrafficWeight;
}

/** Whether one list of some object names a side twice. */
function hasSideTwice({ objects, rollout }: TrafficInput): boolean {
  const { canaryService = '', stableService = '' } = rollout.spec.strategy?.canary ?? {};
  const twice = (value: unknown): boolean => {
    if (!Array.isArray(value)) return typeof value === 'object' && value !== null && Object.values(value).some(twice);
    const names = value.map((item) => serviceIn(recordOf(item)));
    const isTwice = [canaryService, stableService].some(
      (side) => side !== '' && names.filter((name) => name === side).length > 1,
    );
    return isTwice || value.some(twice);
  };
  return objects.some((object) => twice(object['spec']));
}

function serviceIn(entry: JsonRecord): string {
  return hostOf(entry) || textOf(entry['serviceName']) || textOf(entry['name']);
}

function hasRuleWithoutService(ingress: KubeObject): boolean {
  return ingressRules(ingress).some(
    (rule) => rulePaths(rule).length === 0 || rulePaths(rule).some((path) => pathService(path) === ''),
  );
}

const ownershipAnnotation = 'rollouts.argoproj.io/managed-alb-annotations';

/** The note with an empty list more than ours, or annotations that hold nothing but such a note. */
function hasEmptyNoteMore(expected: unknown, actual: unknown): boolean {
  if (typeof expected !== 'string') {
    const { [ownershipAnnotation]: note, ...others } = recordOf(expected);
    return actual === undefined && Object.keys(others).length === 0 && hasEmptyNoteMore(note, actual);
  }
  const note = recordOf(parseJson(expected));
  if (Object.keys(note).length === 0 || !Object.values(note).every(Array.isArray)) return false;
  const entries = Object.entries(note).filter(([, owned]) => listOf(owned).length > 0);
  const ours = typeof actual === 'string' ? recordOf(parseJson(actual)) : {};
  return isDeepStrictEqual(Object.fromEntries(entries), ours);
}

function isCanaryIngress({ kind, metadata }: KubeObject): boolean {
  return kind === 'Ingress' && metadata.name.endsWith('-canary');
}
