import type { CanaryStrategy } from './canary-strategy.ts';
import { invalid, notSupported, type FieldErrors } from './field-error.ts';
import { bareNumber } from './int-or-percent.ts';
import { textOf } from './json-access.ts';
import { maxSurge, maxUnavailable } from './rollout-defaults.ts';
import type { RouterCapabilities } from './traffic.ts';
import { anyRouterCan, usedRouters, type UsedRouter } from './used-routers.ts';
import { validateAntiAffinity } from './validate-anti-affinity.ts';
import { validateCanarySteps } from './validate-canary-steps.ts';

/** Checks the canary strategy by itself, against what its traffic routers can do. */
export function validateCanary(
  canary: CanaryStrategy,
  known: Readonly<Record<string, RouterCapabilities>>,
  field: string,
): FieldErrors {
  const routers = usedRouters(canary.trafficRouting, known);
  return [
    ...validateSurge(canary, field),
    ...validateServices(canary, routers, field),
    ...validatePingPong(canary, routers, field),
    ...validateRouters(canary, routers, Object.keys(known), field),
    ...validateScaleOptions(canary, field),
    ...validateCanarySteps(canary, routers, field),
    ...validateAntiAffinity(canary.antiAffinity, `${field}.antiAffinity`),
  ];
}

/** With neither room to add nor to remove a pod, a basic canary could never change a pod. */
function validateSurge(canary: CanaryStrategy, field: string): FieldErrors {
  const spec = { strategy: { canary } };
  return bareNumber(maxSurge(spec)) === 0 && bareNumber(maxUnavailable(spec)) === 0
    ? [invalid(`${field}.maxSurge`, maxSurge(spec), 'maxSurge and maxUnavailable must not both be 0')]
    : [];
}

function validateServices(canary: CanaryStrategy, routers: readonly UsedRouter[], field: string): FieldErrors {
  const { canaryService = '', stableService = '' } = canary;
  const needing = routers.filter((router) => needsServices(router, canary)).map(({ name }) => name);
  const detail = `the traffic router ${needing.join(', ')} needs canaryService and stableService`;
  return [
    ...(canaryService !== '' && canaryService === stableService
      ? [invalid(`${field}.stableService`, stableService, 'it must differ from canaryService')]
      : []),
    ...(needing.length > 0 && stableService === '' ? [invalid(`${field}.stableService`, '', detail)] : []),
    ...(needing.length > 0 && canaryService === '' ? [invalid(`${field}.canaryService`, '', detail)] : []),
  ];
}

/** A router that splits by subset, or between ping and pong, does without the two Services. */
function needsServices(router: UsedRouter, canary: CanaryStrategy): boolean {
  if (router.capabilities?.needsServices !== true) return false;
  if (canary.pingPong !== undefined && router.capabilities.pingPong !== false) return false;
  return !(router.name === 'istio' && canary.trafficRouting?.istio?.destinationRule !== undefined);
}

function validatePingPong(canary: CanaryStrategy, routers: readonly UsedRouter[], field: string): FieldErrors {
  const { pingPong, trafficRouting } = canary;
  if (pingPong === undefined) return [];
  const supported = trafficRouting === undefined || anyRouterCan(routers, (router) => router.pingPong !== false);
  const rootMissing = trafficRouting?.alb !== undefined && (trafficRouting.alb.rootService ?? '') === '';
  return [
    ...(supported
      ? []
      : [
          // The path is the one that clients know; it names alb whichever router is used.
          invalid(
            `${field}.trafficRouting.alb`,
            null,
            `ping-pong needs a router that can swap two Services; ${namesOf(routers)} cannot`,
          ),
        ]),
    ...validatePingPongServices(textOf(pingPong.pingService), textOf(pingPong.pongService), `${field}.pingPong`),
    ...(rootMissing ? [invalid(`${field}.trafficRouting.alb.rootService`, '', 'ping-pong with alb needs it')] : []),
  ];
}

function validatePingPongServices(pingService: string, pongService: string, field: string): FieldErrors {
  return [
    ...(pingService === '' ? [invalid(`${field}.pingService`, '', 'name a Service')] : []),
    ...(pongService === '' ? [invalid(`${field}.pongService`, '', 'name a Service')] : []),
    ...(pingService === pongService
      ? [invalid(`${field}.pingService`, pingService, 'it must differ from pongService')]
      : []),
  ];
}

function validateRouters(
  canary: CanaryStrategy,
  routers: readonly UsedRouter[],
  known: readonly string[],
  field: string,
): FieldErrors {
  const weightMax = canary.trafficRouting?.maxTrafficWeight;
  return [
    ...routers.flatMap((router) =>
      router.capabilities === undefined
        ? [notSupported(`${field}.trafficRouting.${router.field}`, router.name, known)]
        : [],
    ),
    ...(weightMax !== undefined && !anyRouterCan(routers, (router) => router.weightMax)
      ? [
          invalid(
            `${field}.trafficRouting.maxTrafficWeight`,
            weightMax,
            `${namesOf(routers)} always counts to 100; remove maxTrafficWeight`,
          ),
        ]
      : []),
  ];
}

function validateScaleOptions(canary: CanaryStrategy, field: string): FieldErrors {
  const { trafficRouting, scaleDownDelaySeconds: delay, dynamicStableScale } = canary;
  if (trafficRouting === undefined) {
    const detail = 'it works only with trafficRouting';
    return [
      ...(delay === undefined ? [] : [invalid(`${field}.scaleDownDelaySeconds`, delay, detail)]),
      ...(dynamicStableScale === true ? [invalid(`${field}.dynamicStableScale`, true, detail)] : []),
    ];
  }
  return delay !== undefined && dynamicStableScale === true
    ? [invalid(`${field}.dynamicStableScale`, true, 'it must not stand beside scaleDownDelaySeconds')]
    : [];
}

function namesOf(routers: readonly UsedRouter[]): string {
  return routers.length === 0 ? 'no router' : routers.map(({ name }) => name).join(', ');
}
