import { isDeepStrictEqual } from 'node:util';

import { recordOf } from '../../src/api/json-access.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { ingressRules, pathService, rulePaths } from '../../src/providers/traffic/ingress.ts';
import type { Difference } from './difference.ts';
import { istioDifferences } from './differences-istio.ts';
import { objectsByKey, type TrafficInput, type TrafficOutput } from './run-traffic.ts';
import { callsOf, listedObjects, managedNames, routingOf } from './traffic-input.ts';

type TrafficDifference = Difference<TrafficInput, TrafficOutput>;

/** Where router objects differ from those of the reference on purpose, whichever router it is. */
const sharedDifferences: readonly TrafficDifference[] = [
  {
    name: 'all or nothing',
    reason:
      'A list of router objects of which one is missing or wrong is not half written: the same canary would' +
      ' have two shares (invariant I02). The reference writes up to the first mistake. Ours names the ' +
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
      'A load balancer of AWS compares texts only; the reference writes the empty text for prefix and regex' +
      ' (Appendix D), which no request has. Ours refuses the route and changes nothing.',
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
    values: (expected, actual) => actual === undefined && isNoteOfNothing(expected),
    applies: (input) => routingOf(input).alb !== undefined,
  },
  {
    name: 'a total weight that is no longer asked for',
    reason:
      'Without maxTrafficWeight the total is 100. Left at its old value (Appendix D) it would make the ' +
      'share of the canary another than the planned one (invariants I02, I20), so ours takes the annotation' +
      ' away.',
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

/** Where router objects differ from those of the reference on purpose. */
export const trafficDifferences: readonly TrafficDifference[] = [
  ...sharedDifferences,
  ...istioDifferences,
  ...ingressDifferences,
];

function maximumOf(input: TrafficInput): number {
  const { nginx, maxTrafficWeight = 100 } = routingOf(input);
  return nginx === undefined ? 100 : maxTrafficWeight;
}

function hasRuleWithoutService(ingress: KubeObject): boolean {
  return ingressRules(ingress).some(
    (rule) => rulePaths(rule).length === 0 || rulePaths(rule).some((path) => pathService(path) === ''),
  );
}

/** `{"web":[]}`, or annotations that hold nothing else. */
function isNoteOfNothing(value: unknown): boolean {
  const text = typeof value === 'string' ? value : Object.values(recordOf(value))[0];
  const isOnly = typeof value === 'string' || Object.keys(recordOf(value)).length === 1;
  return isOnly && typeof text === 'string' && /^\{"[^"]*":\[\]\}$/u.test(text);
}
