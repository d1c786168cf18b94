import { dump } from 'js-yaml';

import { installFiles } from './install-objects.ts';

const base = installFiles({ scope: 'cluster', namespace: '', image: '' }).flatMap(({ objects }) => objects);

/** A part of the base, so that a value is said in one place. */
function part(kind: string, ...path: readonly (string | number)[]): unknown {
  let found: unknown = base.find((object) => object.kind === kind);
  for (const key of path) found = (found as Readonly<Record<string | number, unknown>> | undefined)?.[key];
  return found;
}

function indented(value: unknown): string {
  return dump(value, { noRefs: true })
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

/** `values.yaml`: the default values, which make a release the same as the kustomize base. */
export const chartValues = `# Image of the controller; without a tag it is the version of the chart's appVersion.
image:
  repository: sluice
  tag: ''
  pullPolicy: ''
imagePullSecrets: []

# One leads, the others take over within a second when it ends.
replicas: ${String(part('Deployment', 'spec', 'replicas'))}

# What is looked after: "cluster", or "namespace" with rights in some namespaces only.
scope: cluster
# These namespaces, with the scope "namespace"; the release's own when there are none. They must be there already.
namespaces: []

# Only Rollouts with this label argo-rollouts.argoproj.io/controller-instance-id.
instanceId: ''

# Other settings of the controller by their name, such as "log-level: debug" (docs/controller-settings.md).
settings: {}

# Variables of the environment, such as AWS_REGION, DD_API_KEY from a Secret, or HTTPS_PROXY.
env: []

# Annotations of the service account, by which clouds lend it their credentials.
serviceAccountAnnotations: {}

resources:
${indented(part('Deployment', 'spec', 'template', 'spec', 'containers', 0, 'resources'))}

podAnnotations: {}
nodeSelector: {}
tolerations: []
affinity: {}

# Makes the namespace of the release, where only pods under the standard "restricted" are let in. Helm itself can make
# it too, without that label.
createNamespace: false

# Keeps one pod while nodes are drained.
podDisruptionBudget: true

# Lets who may view or edit workloads view or edit Rollouts. Only with the scope "cluster".
aggregateRoles: true

metrics:
  # A Service in front of the port of metrics.
  service: true
  # A ServiceMonitor of the Prometheus operator.
  serviceMonitor:
    enabled: false
    interval: 30s
    labels: {}

networkPolicy:
  enabled: true
  # What the controller may reach: names, the API server, and what metrics, notifications and plug-ins ask. To narrow the
  # last rule, name the hosts there.
  egress:
${indented(part('NetworkPolicy', 'spec', 'egress')).replaceAll(/^/gm, '  ')}
`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const free = { type: 'object' } as const;
const texts = { type: 'object', additionalProperties: text } as const;

function closed(properties: object): object {
  return { type: 'object', additionalProperties: false, properties };
}

/** `values.schema.json`: Helm refuses values that do not fit, by name. */
export const chartValuesSchema: object = {
  $schema: 'https://json-schema.org/draft-07/schema#',
  ...closed({
    global: free,
    image: closed({ repository: { ...text, minLength: 1 }, tag: text, pullPolicy: text }),
    imagePullSecrets: { type: 'array', items: closed({ name: text }) },
    replicas: { type: 'integer', minimum: 0 },
    scope: { enum: ['cluster', 'namespace'] },
    namespaces: {
      type: 'array',
      items: { ...text, pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' },
      uniqueItems: true,
    },
    instanceId: text,
    settings: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
    env: { type: 'array', items: { type: 'object', required: ['name'] } },
    serviceAccountAnnotations: texts,
    resources: free,
    podAnnotations: texts,
    nodeSelector: texts,
    tolerations: { type: 'array', items: free },
    affinity: free,
    createNamespace: flag,
    podDisruptionBudget: flag,
    aggregateRoles: flag,
    metrics: closed({ service: flag, serviceMonitor: closed({ enabled: flag, interval: text, labels: texts }) }),
    networkPolicy: closed({ enabled: flag, egress: { type: 'array', items: free } }),
  }),
  // Rights in the whole cluster are not narrowed by a list of namespaces.
  anyOf: [{ properties: { scope: { const: 'namespace' } } }, { properties: { namespaces: { maxItems: 0 } } }],
};
