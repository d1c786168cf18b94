import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { recordOf, type JsonRecord } from '../../../api/json-access.ts';
import { parseManifests } from '../../../api/manifest.ts';
import type { KubeObject, ResourceType } from '../../../api/object.ts';
import { apiVersionOf } from '../../../api/object.ts';
import { resourceTypes } from '../../../api/resource-types.ts';
import type { CommandKind } from '../command-kind.ts';
import type { Stage } from '../stage.ts';

/** Commands that put something into the cluster. */
export const setupCommands: readonly CommandKind[] = [
  {
    pattern:
      /^canary (?<name>\S+) (?<replicas>\d+) x (?<image>\S+?)(?<routed> via a route)?(?<referring> of a deployment)?$/u,
    usage:
      'canary NAME N x IMAGE [via a route] [of a deployment], below it fields of the strategy and, under spec, of the Rollout',
    make: ({ groups, body }) => {
      const { name = '', replicas = '1', image = '', routed, referring } = groups;
      const { spec, ...strategy } = body;
      const isOwn = referring === undefined;
      return async (stage) => {
        const services = routed === undefined ? [name] : [`${name}-stable`, `${name}-canary`];
        for (const service of services) await stage.apply(resourceTypes.service, composeService(service, name));
        if (routed !== undefined) await stage.apply(resourceTypes.httpRoute, composeRoute(name));
        const routing = routed === undefined ? {} : routingOf(name);
        const canary = { ...routing, ...strategy, ...mergedRouting(routing, strategy) };
        await applyRollout(stage, { name, replicas, image, isOwn, strategy: { canary }, spec: recordOf(spec) });
      };
    },
  },
  {
    pattern: /^blue-green (?<name>\S+) (?<replicas>\d+) x (?<image>\S+?)(?<referring> of a deployment)?$/u,
    usage:
      'blue-green NAME N x IMAGE [of a deployment], below it fields of the strategy and, under spec, of the Rollout',
    make: ({ groups, body }) => {
      const { name = '', replicas = '1', image = '', referring } = groups;
      const { spec, ...strategy } = body;
      const isOwn = referring === undefined;
      return async (stage) => {
        const [activeService, previewService] = [`${name}-active`, `${name}-preview`];
        for (const service of [activeService, previewService]) {
          await stage.apply(resourceTypes.service, composeService(service, name));
        }
        const blueGreen = { activeService, previewService, ...strategy };
        await applyRollout(stage, { name, replicas, image, isOwn, strategy: { blueGreen }, spec: recordOf(spec) });
      };
    },
  },
  {
    pattern: /^deployment (?<name>\S+) (?<replicas>\d+) x (?<image>\S+)$/u,
    usage: 'deployment NAME N x IMAGE, below it fields of its spec',
    make: ({ groups, body }) => {
      const { name = '', replicas = '1', image = '' } = groups;
      const spec = {
        replicas: Number(replicas),
        selector: selecting(name),
        template: composePods(name, image),
        ...body,
      };
      const { kind } = resourceTypes.deployment;
      const apiVersion = apiVersionOf(resourceTypes.deployment);
      return (stage) => stage.apply(resourceTypes.deployment, { apiVersion, kind, metadata: { name }, spec });
    },
  },
  {
    pattern: /^template (?<name>\S+)$/u,
    usage: 'template NAME, below it the spec of the AnalysisTemplate',
    make:
      ({ groups: { name = '' }, body }) =>
      (stage) =>
        stage.apply(resourceTypes.analysisTemplate, composeTemplate(name, body)),
  },
  {
    pattern: /^apply (?<file>\S+)$/u,
    usage: 'apply FILE (of manifests, beside the scenario)',
    make: ({ groups: { file = '' }, folder }) => {
      const { objects, problems } = parseManifests(readFileSync(join(folder, file), 'utf8'), file);
      if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('; '));
      return async (stage) => {
        for (const { object } of objects) await stage.apply(typeOf(object), object);
      };
    },
  },
];

interface WrittenRollout {
  readonly name: string;
  readonly replicas: string;
  readonly image: string;
  /** The pod template is its own, and not that of a Deployment with its name. */
  readonly isOwn: boolean;
  readonly strategy: object;
  readonly spec: JsonRecord;
}

async function applyRollout(stage: Stage, written: WrittenRollout): Promise<void> {
  const { name, replicas, image, isOwn, strategy, spec } = written;
  const { workloadRef, ...rest } = spec;
  const reference = { apiVersion: 'apps/v1', kind: 'Deployment', name, ...recordOf(workloadRef) };
  const pods = isOwn ? { selector: selecting(name), template: composePods(name, image) } : { workloadRef: reference };
  await stage.apply(resourceTypes.rollout, {
    apiVersion: apiVersionOf(resourceTypes.rollout),
    kind: 'Rollout',
    metadata: { name },
    spec: { replicas: Number(replicas), ...pods, strategy, ...rest },
  });
}

function selecting(app: string): JsonRecord {
  return { matchLabels: { app } };
}

function composePods(name: string, image: string): JsonRecord {
  return {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name, image, ports: [{ containerPort: 8080 }] }] },
  };
}

function composeService(name: string, app: string): KubeObject {
  const ports = [{ port: 80, targetPort: 8080 }];
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector: { app }, ports } };
}

function composeRoute(name: string): KubeObject {
  const backendRefs = [
    { name: `${name}-stable`, port: 80, weight: 100 },
    { name: `${name}-canary`, port: 80, weight: 0 },
  ];
  return {
    apiVersion: apiVersionOf(resourceTypes.httpRoute),
    kind: 'HTTPRoute',
    metadata: { name },
    spec: { parentRefs: [{ name: 'public' }], rules: [{ backendRefs }] },
  };
}

function routingOf(name: string): JsonRecord {
  return {
    stableService: `${name}-stable`,
    canaryService: `${name}-canary`,
    trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: name } } },
  };
}

/** What a scenario says about the routing comes beside what the short form says. */
function mergedRouting(routing: JsonRecord, strategy: JsonRecord): JsonRecord {
  if (routing['trafficRouting'] === undefined || strategy['trafficRouting'] === undefined) return {};
  return { trafficRouting: { ...recordOf(routing['trafficRouting']), ...recordOf(strategy['trafficRouting']) } };
}

function composeTemplate(name: string, spec: JsonRecord): KubeObject {
  const { kind } = resourceTypes.analysisTemplate;
  return { apiVersion: apiVersionOf(resourceTypes.analysisTemplate), kind, metadata: { name }, spec };
}

function typeOf({ apiVersion, kind }: KubeObject): ResourceType {
  const type = Object.values(resourceTypes).find((candidate) => candidate.kind === kind);
  if (type === undefined || apiVersionOf(type) !== apiVersion) throw new Error(`${apiVersion} ${kind} is not served`);
  return type;
}
