import type { Static } from 'typebox';

import type { HeaderMatch, RouteMatch, StringMatch } from '../../api/canary-step.ts';
import { int32, list, object, stringEnum, text } from '../../api/schema.ts';
import { managedRouteNames, routesAfter } from '../../engine/managed-routes.ts';
import { isFullyPromoted } from '../../engine/phase.ts';
import type { ReplicaSetView, RolloutView } from '../../engine/world.ts';

/** Schema of a header or mirror route as people see it. */
export const routeReportSchema = object(
  { name: text, kind: stringEnum(['header', 'mirror']), matches: list(text) },
  { percentage: int32 },
);

/**
 * A route beside the weights that the steps have made: requests with these headers go to the canary, or a percentage of
 * the requests that match is copied to it. Each match is one line; any of them is enough.
 */
export type RouteReport = Static<typeof routeReportSchema>;

/** The routes that the steps until now leave in force; none without a canary that could answer, or after an abort. */
export function reportRoutes(view: RolloutView, current: ReplicaSetView | undefined): readonly RouteReport[] {
  const { spec, status } = view;
  const serves = !isFullyPromoted(status) && status.abort !== true && (current?.availableReplicas ?? 0) > 0;
  if (!serves || status.stableRS === undefined) return [];
  const steps = (spec.strategy?.canary?.steps ?? []).slice(0, (status.currentStepIndex ?? 0) + 1);
  const { headerRoutes, mirrorRoutes } = routesAfter(steps, managedRouteNames(view));
  return [
    ...headerRoutes.map(({ name, match }): RouteReport => ({
      name,
      kind: 'header',
      matches: [match.map(headerText).join(' and ')],
    })),
    ...mirrorRoutes.map(({ name, match, percentage }): RouteReport => ({
      name,
      kind: 'mirror',
      matches: match.map(matchText),
      percentage,
    })),
  ];
}

function headerText({ headerName, headerValue }: HeaderMatch): string {
  return `${headerName}${valueText(headerValue)}`;
}

function matchText({ method, path, headers = {} }: RouteMatch): string {
  const parts = [
    ...(method === undefined ? [] : [`method${valueText(method)}`]),
    ...(path === undefined ? [] : [`path${valueText(path)}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}${valueText(value)}`),
  ];
  return parts.length === 0 ? 'everything' : parts.join(' and ');
}

function valueText({ exact, prefix, regex }: StringMatch): string {
  if (exact !== undefined) return `=${exact}`;
  if (prefix !== undefined) return `=${prefix}…`;
  return regex === undefined ? '' : `~${regex}`;
}
