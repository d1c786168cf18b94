import { contradictory, type FieldErrors } from './field-error.ts';
import type { Rollout } from './rollout.ts';

/** Checks that each router is told its object in one way only: as the single one or as a list. */
export function validateRouterConfig({ spec }: Pick<Rollout, 'spec'>): FieldErrors {
  const { nginx, alb, istio } = spec.strategy?.canary?.trafficRouting ?? {};
  const at = 'spec.strategy.canary.trafficRouting';
  return [
    ...(nginx === undefined
      ? []
      : oneOf(nginx.stableIngress, nginx.stableIngresses, ['stableIngress', 'stableIngresses'], `${at}.nginx`)),
    ...(alb === undefined ? [] : oneOf(alb.ingress, alb.ingresses, ['ingress', 'ingresses'], `${at}.alb`)),
    ...(istio === undefined
      ? []
      : oneOf(istio.virtualService?.name, istio.virtualServices, ['virtualService', 'virtualServices'], `${at}.istio`)),
  ];
}

function oneOf(
  single: string | undefined,
  several: readonly unknown[] | undefined,
  names: readonly [single: string, several: string],
  field: string,
): FieldErrors {
  const hasSingle = (single ?? '') !== '';
  const hasSeveral = (several ?? []).length > 0;
  if (hasSingle !== hasSeveral) return [];
  return [
    contradictory(field, `give either ${names.join(' or ')}; ${hasSingle ? 'both are given' : 'neither is given'}`),
  ];
}
