import type { AnalysisRunArgument, AnalysisTemplateReference, RolloutAnalysis } from './analysis-reference.ts';
import type { Rollout } from './rollout.ts';
import type { TrafficRouting } from './traffic-routing.ts';
import { virtualServiceNames } from './virtual-service-name.ts';

/** Which Service a Rollout refers to. */
export type ServiceRole =
  | 'StableService'
  | 'CanaryService'
  | 'PingService'
  | 'PongService'
  | 'ActiveService'
  | 'PreviewService';

/** Where a Rollout uses analysis templates. */
export type AnalysisRole = 'PrePromotionAnalysis' | 'PostPromotionAnalysis' | 'InlineAnalysis' | 'BackgroundAnalysis';

/** A Service that a Rollout refers to. */
export interface ServiceReference {
  readonly role: ServiceRole;
  /** Path of the field that names it. */
  readonly field: string;
  readonly name: string;
}

/** An analysis that a Rollout refers to: its templates together, because they become one run. */
export interface AnalysisReference {
  readonly role: AnalysisRole;
  /** Path of the list that names the templates. */
  readonly field: string;
  /** Index of the step for an inline analysis. */
  readonly stepIndex?: number | undefined;
  readonly templates: readonly AnalysisTemplateReference[];
  readonly args: readonly AnalysisRunArgument[];
}

/** A router object that a Rollout names. */
export interface RouterObjectReference {
  readonly kind: 'Ingress' | 'VirtualService' | 'Mapping';
  readonly field: string;
  readonly name: string;
  /** undefined for the namespace of the Rollout. */
  readonly namespace?: string | undefined;
}

/** Everything that a Rollout names and that can be checked before it acts. */
export interface RolloutReferences {
  readonly services: readonly ServiceReference[];
  readonly analyses: readonly AnalysisReference[];
  readonly routerObjects: readonly RouterObjectReference[];
}

const serviceFields: Readonly<Record<ServiceRole, string>> = {
  ActiveService: 'spec.strategy.blueGreen.activeService',
  PreviewService: 'spec.strategy.blueGreen.previewService',
  CanaryService: 'spec.strategy.canary.canaryService',
  StableService: 'spec.strategy.canary.stableService',
  PingService: 'spec.strategy.canary.pingPong.pingService',
  PongService: 'spec.strategy.canary.pingPong.pongService',
};

/** Path of the field that names the Service of a role; undefined for a role that is not known. */
export function serviceField(role: string): string | undefined {
  return Object.hasOwn(serviceFields, role) ? serviceFields[role as ServiceRole] : undefined;
}

/** Path of the templates of an analysis; undefined for a role that is not known. */
export function analysisField(role: string, stepIndex = 0): string | undefined {
  switch (role) {
    case 'PrePromotionAnalysis':
      return 'spec.strategy.blueGreen.prePromotionAnalysis.templates';
    case 'PostPromotionAnalysis':
      return 'spec.strategy.blueGreen.postPromotionAnalysis.templates';
    case 'InlineAnalysis':
      return `spec.strategy.canary.steps[${stepIndex}].analysis.templates`;
    case 'BackgroundAnalysis':
      return 'spec.strategy.canary.analysis.templates';
    default:
      return undefined;
  }
}

/** Lists what a Rollout refers to, in the order of its fields. App Mesh objects are found through others, not here. */
export function rolloutReferences(rollout: Pick<Rollout, 'spec'>): RolloutReferences {
  return {
    services: serviceReferences(rollout),
    analyses: analysisReferences(rollout),
    routerObjects: routerObjectReferences(rollout),
  };
}

function serviceReferences({ spec }: Pick<Rollout, 'spec'>): readonly ServiceReference[] {
  const { canary, blueGreen } = spec.strategy ?? {};
  const names: readonly (readonly [ServiceRole, string | undefined])[] = [
    ['ActiveService', blueGreen?.activeService],
    ['PreviewService', blueGreen?.previewService],
    ['CanaryService', canary?.canaryService],
    ['StableService', canary?.stableService],
    ['PingService', canary?.pingPong?.pingService],
    ['PongService', canary?.pingPong?.pongService],
  ];
  return names.flatMap(([role, name = '']) => (name === '' ? [] : [{ role, field: serviceFields[role], name }]));
}

function analysisReferences({ spec }: Pick<Rollout, 'spec'>): readonly AnalysisReference[] {
  const { canary, blueGreen } = spec.strategy ?? {};
  return [
    ...analysisReference('PrePromotionAnalysis', blueGreen?.prePromotionAnalysis),
    ...analysisReference('PostPromotionAnalysis', blueGreen?.postPromotionAnalysis),
    ...analysisReference('BackgroundAnalysis', canary?.analysis),
    ...(canary?.steps ?? []).flatMap(({ analysis }, index) => analysisReference('InlineAnalysis', analysis, index)),
  ];
}

function analysisReference(
  role: AnalysisRole,
  analysis: RolloutAnalysis | undefined,
  stepIndex?: number,
): readonly AnalysisReference[] {
  const field = analysisField(role, stepIndex);
  if (analysis === undefined || field === undefined) return [];
  return [{ role, field, stepIndex, templates: analysis.templates ?? [], args: analysis.args ?? [] }];
}

const routingField = 'spec.strategy.canary.trafficRouting';

function routerObjectReferences({ spec }: Pick<Rollout, 'spec'>): readonly RouterObjectReference[] {
  const routing = spec.strategy?.canary?.trafficRouting;
  if (routing === undefined) return [];
  return [
    ...ingressReferences(routing),
    ...(routing.istio === undefined ? [] : virtualServiceNames(routing.istio)).map(({ name, namespace, field }) => ({
      kind: 'VirtualService' as const,
      field,
      name,
      namespace,
    })),
    ...(routing.ambassador?.mappings ?? []).map((name) => ({
      kind: 'Mapping' as const,
      field: `${routingField}.ambassador.mappings`,
      name,
    })),
  ];
}

function ingressReferences({ nginx, alb }: TrafficRouting): readonly RouterObjectReference[] {
  const names: readonly (readonly [string, readonly (string | undefined)[] | undefined])[] = [
    ['nginx.stableIngress', [nginx?.stableIngress]],
    ['nginx.stableIngresses', nginx?.stableIngresses],
    ['alb.ingress', [alb?.ingress]],
    ['alb.ingresses', alb?.ingresses],
  ];
  return names.flatMap(([field, list = []]) =>
    list.flatMap((name = '') =>
      name === '' ? [] : [{ kind: 'Ingress' as const, field: `${routingField}.${field}`, name }],
    ),
  );
}
