import type { CanaryStep, StringMatch } from './canary-step.ts';
import type { CanaryStrategy } from './canary-strategy.ts';
import { invalid, required, type FieldErrors } from './field-error.ts';
import { anyRouterCan, type UsedRouter } from './used-routers.ts';

/** Checks setHeaderRoute and setMirrorRoute of a step against what the routers can do and which routes are managed. */
export function validateStepRoutes(
  step: CanaryStep,
  canary: CanaryStrategy,
  routers: readonly UsedRouter[],
  strategyField: string,
  field: string,
): FieldErrors {
  return [
    ...validateHeaderRoute(step, routers, `${field}.setHeaderRoute`),
    ...validateMirrorRoute(step, routers, `${field}.setMirrorRoute`),
    ...validateManagedRoutes(step, canary, strategyField, field),
  ];
}

function validateHeaderRoute(step: CanaryStep, routers: readonly UsedRouter[], field: string): FieldErrors {
  const route = step.setHeaderRoute;
  if (route === undefined) return [];
  if (!anyRouterCan(routers, (router) => router.headerRoutes !== 'none')) {
    return [invalid(field, route, `${routerText(routers)} cannot route by header`)];
  }
  const exactOnly = routers.filter(({ capabilities }) => capabilities?.headerRoutes === 'exact');
  return (route.match ?? []).flatMap(({ headerValue }, index) =>
    exactOnly.length > 0
      ? validateExactMatch(headerValue, routerText(exactOnly), `${field}.match[${index}]`)
      : validateStringMatch(headerValue, `${field}.match[${index}]`),
  );
}

function validateMirrorRoute(step: CanaryStep, routers: readonly UsedRouter[], field: string): FieldErrors {
  const route = step.setMirrorRoute;
  if (route === undefined) return [];
  return [
    ...(anyRouterCan(routers, (router) => router.mirrorRoutes)
      ? []
      : [invalid(field, route, `${routerText(routers)} cannot mirror traffic`)]),
    ...(route.match ?? []).flatMap(({ method, path }, index) =>
      [method, path].flatMap((match) =>
        match === undefined ? [] : validateStringMatch(match, `${field}.match[${index}]`),
      ),
    ),
  ];
}

function validateManagedRoutes(
  step: CanaryStep,
  canary: CanaryStrategy,
  strategyField: string,
  field: string,
): FieldErrors {
  const kinds = (['setHeaderRoute', 'setMirrorRoute'] as const).filter((kind) => step[kind] !== undefined);
  if (canary.trafficRouting === undefined || kinds.length === 0) return [];
  const managed = canary.trafficRouting.managedRoutes?.map(({ name }) => name);
  if (managed === undefined) {
    return [required(`${strategyField}.trafficRouting.managedRoutes`, 'list the routes that steps create')];
  }
  return kinds.flatMap((kind) => {
    const name = step[kind]?.name ?? '';
    return managed.includes(name)
      ? []
      : [invalid(`${field}.${kind}`, name, `it must be in trafficRouting.managedRoutes (${managed.join(', ')})`)];
  });
}

function validateStringMatch(match: StringMatch | undefined, field: string): FieldErrors {
  const given = waysOf(match);
  if (given.length === 1) return [];
  return given.length === 0
    ? [invalid(field, match ?? null, 'give one of exact, prefix, regex')]
    : [invalid(field, match, `give only one of ${given.join(' and ')}`)];
}

function validateExactMatch(match: StringMatch | undefined, routers: string, field: string): FieldErrors {
  const given = waysOf(match);
  return given.length === 1 && given[0] === 'exact'
    ? []
    : [invalid(field, match ?? null, `${routers} can compare a header only with exact; give exact and nothing else`)];
}

function waysOf(match: StringMatch | undefined): readonly string[] {
  return (['exact', 'prefix', 'regex'] as const).filter((way) => (match?.[way] ?? '') !== '');
}

function routerText(routers: readonly UsedRouter[]): string {
  return routers.length === 0 ? 'a canary without traffic router' : routers.map(({ name }) => name).join(', ');
}
