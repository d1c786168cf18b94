import type { Static } from 'typebox';

import { labelSelectorSchema } from '../../api/label-selector.ts';
import type { Json, KubeObject } from '../../api/object.ts';
import { boolean, list, object, text } from '../../api/schema.ts';
import { selectorFromObject, selectorMatches } from '../../api/selector.ts';
import { structuralSchema } from '../../api/structural-schema.ts';
import { admit } from '../../api/structural.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { RouterProblem, RouterSubject, RouterTarget } from './contract.ts';
import type { RouteLabel } from './gateway-notes.ts';
import { routerTypes } from './router-types.ts';

const routeListSchema = list(object({ name: text }, { useHeaderRoutes: boolean }));

/** Schema of `trafficRouting.plugins["argoproj-labs/gatewayAPI"]`. */
export const gatewayApiSchema = object(
  {},
  {
    namespace: text,
    httpRoute: text,
    grpcRoute: text,
    tcpRoute: text,
    tlsRoute: text,
    httpRoutes: routeListSchema,
    grpcRoutes: routeListSchema,
    tcpRoutes: routeListSchema,
    tlsRoutes: routeListSchema,
    httpRouteSelector: labelSelectorSchema,
    grpcRouteSelector: labelSelectorSchema,
    tcpRouteSelector: labelSelectorSchema,
    tlsRouteSelector: labelSelectorSchema,
    disableInProgressLabel: boolean,
    inProgressLabelKey: text,
    inProgressLabelValue: text,
  },
);

/** Configuration of the Gateway API router, as the plug-in of that name defines it. */
export type GatewayApiConfig = Static<typeof gatewayApiSchema>;

/** The kinds of routes, by the word their fields begin with. Only HTTP and gRPC requests have headers to match. */
export const gatewayProtocols = {
  http: { type: routerTypes.httpRoute, hasHeaders: true },
  grpc: { type: routerTypes.grpcRoute, hasHeaders: true },
  tcp: { type: routerTypes.tcpRoute, hasHeaders: false },
  tls: { type: routerTypes.tlsRoute, hasHeaders: false },
} as const;

/** One of `http`, `grpc`, `tcp`, `tls`. */
export type GatewayProtocol = keyof typeof gatewayProtocols;

/** One route, or all those that a selector finds, as the configuration names them. */
export interface RouteReference {
  /** Where it stands in the configuration. */
  readonly field: string;
  readonly protocol: GatewayProtocol;
  readonly target: RouterTarget;
  /** Whether header and mirror routes are added to it. */
  readonly useHeaderRoutes: boolean;
}

const admissionSchema = structuralSchema(gatewayApiSchema);

const pluginField = 'trafficRouting.plugins[argoproj-labs/gatewayAPI]';

/**
 * The routes that a configuration names. Whoever may edit a Rollout is not for that reason allowed to redirect the
 * traffic of another namespace, so routes elsewhere are changed only where that was switched on.
 */
export function routeReferences(
  config: GatewayApiConfig,
  subject: RouterSubject,
): Result<readonly RouteReference[], RouterProblem> {
  const [wrong] = admit(admissionSchema, config as Json, { path: pluginField }).errors;
  if (wrong !== undefined) return fail({ subject: wrong.field, message: wrong.message });
  const { namespace = '' } = config;
  if (namespace !== '' && namespace !== subject.namespace && subject.otherNamespaces !== true) {
    const message = `"${namespace}" is not the Rollout's namespace "${subject.namespace}"; routes elsewhere are not changed`;
    return fail({ subject: `${pluginField}.namespace`, message });
  }
  const references: RouteReference[] = [];
  for (const protocol of Object.keys(gatewayProtocols) as GatewayProtocol[]) {
    const found = referencesOf(protocol, config, subject);
    if (!found.ok) return found;
    references.push(...found.value);
  }
  return references.length > 0
    ? succeed(references)
    : fail({ subject: pluginField, message: 'it names no route; give httpRoute, httpRoutes or httpRouteSelector' });
}

/** The label that stands on routes while a canary is in progress; undefined when it is switched off. */
export function inProgressLabel(config: GatewayApiConfig): RouteLabel | undefined {
  if (config.disableInProgressLabel === true) return undefined;
  return {
    key: nonEmpty(config.inProgressLabelKey) ?? 'rollouts.argoproj.io/gatewayapi-canary',
    value: nonEmpty(config.inProgressLabelValue) ?? 'in-progress',
  };
}

function referencesOf(
  protocol: GatewayProtocol,
  config: GatewayApiConfig,
  subject: RouterSubject,
): Result<readonly RouteReference[], RouterProblem> {
  const { type } = gatewayProtocols[protocol];
  const namespace = nonEmpty(config.namespace) ?? subject.namespace;
  const named = (field: string, name: string, useHeaderRoutes: boolean): RouteReference => ({
    field: `${pluginField}.${field}`,
    protocol,
    target: { kind: 'named', type, namespace, name, optional: false },
    useHeaderRoutes,
  });
  const references: RouteReference[] = [];
  const single = nonEmpty(config[`${protocol}Route`]);
  if (single !== undefined) references.push(named(`${protocol}Route`, single, true));
  for (const [index, { name, useHeaderRoutes = false }] of (config[`${protocol}Routes`] ?? []).entries()) {
    references.push(named(`${protocol}Routes[${index}]`, name, useHeaderRoutes));
  }
  const labels = config[`${protocol}RouteSelector`];
  if (labels === undefined) return succeed(references);
  const field = `${pluginField}.${protocol}RouteSelector`;
  const selector = selectorFromObject(labels);
  if (!selector.ok) return fail({ subject: field, message: selector.error });
  const matches = (route: KubeObject): boolean =>
    route.kind === type.kind &&
    route.metadata.namespace === namespace &&
    selectorMatches(selector.value, route.metadata.labels);
  references.push({
    field,
    protocol,
    target: { kind: 'selected', type, namespace, matches },
    useHeaderRoutes: true,
  });
  return succeed(references);
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
