import { dump } from 'js-yaml';

import type { KubeObject } from '../../api/object.ts';
import { installName } from './access-objects.ts';
import { ChartSlots } from './chart-template.ts';
import { chartValues, chartValuesSchema } from './chart-values.ts';
import { installFiles, type InstallFile } from './install-objects.ts';

/** A file of the chart. */
export interface ChartFile {
  /** Below the folder of the chart. */
  readonly path: string;
  readonly text: string;
}

/** Version of the chart and of the controller in it. */
export interface ChartVersions {
  readonly chart: string;
  readonly app: string;
}

/** What stands for the namespaces until the text is made: of the release, and of each one that is looked after. */
const namespace = 'release-namespace';
const watched = 'watched-namespace';

/**
 * The Helm chart, made from the same objects as the kustomize bases: what a release named `sluice` with the default
 * values renders is the base. Kinds are in `crds/`, so that Helm leaves those alone that are there already.
 */
export function chartFiles({ chart, app }: ChartVersions): readonly ChartFile[] {
  const [cluster, single] = (['cluster', 'namespace'] as const).map((scope) =>
    installFiles({ scope, namespace, namespaces: [watched], image: 'image' }),
  );
  const own = (cluster ?? []).filter(({ name }) => name !== 'crds.yaml');
  const description = {
    apiVersion: 'v2',
    name: installName,
    description: 'Progressive delivery for Kubernetes',
    type: 'application',
    version: chart,
    appVersion: app,
    kubeVersion: '>=1.27.0-0',
  };
  return [
    { path: 'Chart.yaml', text: dump(description) },
    { path: 'values.yaml', text: chartValues },
    { path: 'values.schema.json', text: `${JSON.stringify(chartValuesSchema, undefined, 2)}\n` },
    ...(cluster ?? [])
      .filter(({ name }) => name === 'crds.yaml')
      .map(({ name, objects }) => ({
        path: `crds/${name}`,
        text: objects.map((object) => dump(object, { noRefs: true, lineWidth: 120 })).join('---\n'),
      })),
    ...own.map((file) => ({
      path: `templates/${file.name}`,
      text: templateText(
        file,
        (single ?? []).find(({ name }) => name === file.name),
      ),
    })),
    { path: 'templates/service-monitor.yaml', text: serviceMonitor },
  ];
}

/** Objects that are the same for both scopes come first; then those of the one, and those of the other. */
function templateText(cluster: InstallFile, single: InstallFile | undefined): string {
  const [all, one] = [cluster, single].map((file) => (file?.objects ?? []).map(objectText));
  const [common, wide, narrow] = [
    (all ?? []).filter((text) => one?.includes(text)),
    (all ?? []).filter((text) => one?.includes(text) === false),
    (one ?? []).filter((text) => all?.includes(text) === false),
  ];
  return [...common, ...scoped('cluster', wide ?? []), ...scoped('namespace', narrow ?? [])].join('');
}

function scoped(scope: string, texts: readonly string[]): readonly string[] {
  if (texts.length === 0) return [];
  return [`{{- if eq .Values.scope "${scope}" }}\n`, ...texts, '{{- end }}\n'];
}

/** An object that some value leaves out stands in a condition, and one for each namespace in a loop. */
function objectText(object: KubeObject): string {
  const slots = new ChartSlots();
  const isWatched = object.metadata.namespace === watched;
  const root = isWatched ? '$' : '';
  const text = slots
    .render(withValues(object, slots))
    .replaceAll(
      new RegExp(`^(?<key> *(?:- )?[^ ]+: )(?<value>.*\\b(?:${installName}|${namespace}|${watched})\\b.*)$`, 'gm'),
      '$1"$2"',
    )
    .replaceAll(new RegExp(`\\b${installName}\\b`, 'g'), `{{ ${root}.Release.Name }}`)
    .replaceAll(new RegExp(`\\b${namespace}\\b`, 'g'), `{{ ${root}.Release.Namespace }}`)
    .replaceAll(new RegExp(`\\b${watched}\\b`, 'g'), '{{ . }}');
  if (isWatched) return `{{- range ${watchedNamespaces} }}\n---\n${text}{{- end }}\n`;
  const condition = conditions[object.kind] ?? (isAggregate(object) ? '.Values.aggregateRoles' : undefined);
  return condition === undefined ? `---\n${text}` : `---\n{{- if ${condition} }}\n${text}{{- end }}\n`;
}

const watchedNamespaces = '.Values.namespaces | default (list .Release.Namespace)';

const conditions: Readonly<Record<string, string>> = {
  Namespace: '.Values.createNamespace',
  PodDisruptionBudget: '.Values.podDisruptionBudget',
  Service: '.Values.metrics.service',
  NetworkPolicy: '.Values.networkPolicy.enabled',
};

function isAggregate({ metadata }: KubeObject): boolean {
  return metadata.name.includes('-aggregate-to-');
}

function withValues(object: KubeObject, slots: ChartSlots): KubeObject {
  // These objects are made by this program, so their shape is known.
  if (object.kind === 'NetworkPolicy') return { ...object, spec: networkPolicy(object['spec'] as object, slots) };
  if (object.kind === 'ServiceAccount') return { ...object, metadata: accountMetadata(object.metadata, slots) };
  return object.kind === 'Deployment'
    ? { ...object, spec: deployment(object['spec'] as DeploymentSpec, slots) }
    : object;
}

/** Clouds lend their credentials to an account that an annotation names. */
function accountMetadata(metadata: KubeObject['metadata'], slots: ChartSlots): KubeObject['metadata'] {
  const [begin, end] = ['{{- with .Values.serviceAccountAnnotations }}', '{{- end }}'];
  return { ...metadata, [slots.lines(begin, 'annotations:', '  {{- toYaml . | nindent 4 }}', end)]: null };
}

function networkPolicy(spec: object, slots: ChartSlots): object {
  return { ...spec, egress: slots.block('.Values.networkPolicy.egress') };
}

interface DeploymentSpec {
  readonly template: PodTemplate;
  readonly [key: string]: unknown;
}

interface PodTemplate {
  readonly metadata: object;
  readonly spec: { readonly containers: readonly Readonly<Record<string, unknown>>[]; readonly [key: string]: unknown };
}

function deployment(spec: DeploymentSpec, slots: ChartSlots): object {
  const { metadata, spec: pod } = spec.template;
  const [container = {}] = pod.containers;
  const { name, args, env, ...rest } = container;
  const optional = (value: string, key = value): object => ({
    [slots.lines(`{{- with .Values.${value} }}`, `${key}:`, '  {{- toYaml . | nindent 8 }}', '{{- end }}')]: null,
  });
  return {
    ...spec,
    replicas: slots.value('.Values.replicas'),
    template: {
      metadata: {
        ...metadata,
        [slots.lines(
          '{{- with .Values.podAnnotations }}',
          'annotations:',
          '  {{- toYaml . | nindent 8 }}',
          '{{- end }}',
        )]: null,
      },
      spec: {
        ...optional('imagePullSecrets'),
        ...optional('nodeSelector'),
        ...optional('tolerations'),
        ...optional('affinity'),
        ...Object.fromEntries(Object.entries(pod).filter(([key]) => key !== 'containers')),
        containers: [
          {
            name,
            image: slots.value(imageExpression),
            [slots.lines('{{- with .Values.image.pullPolicy }}', 'imagePullPolicy: {{ . }}', '{{- end }}')]: null,
            args: [...(args as readonly string[]).filter((word) => !word.startsWith('--')), slots.lines(...flagLines)],
            env: [
              ...(env as readonly object[]),
              slots.lines('{{- with .Values.env }}', '{{- toYaml . | nindent 12 }}', '{{- end }}'),
            ],
            ...Object.fromEntries(Object.entries(rest).filter(([key]) => key !== 'image')),
            resources: slots.block('.Values.resources'),
          },
        ],
      },
    },
  };
}

const imageExpression =
  'printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote';

const flagLines = [
  '{{- if eq .Values.scope "namespace" }}',
  '- {{ printf "--namespace=%s" (.Values.namespaces | join "," | default "$(POD_NAMESPACE)") }}',
  '{{- end }}',
  '{{- with .Values.instanceId }}',
  '- {{ printf "--instance-id=%s" . | quote }}',
  '{{- end }}',
  '{{- range $name, $value := .Values.settings }}',
  '- {{ printf "--%s=%v" $name $value | quote }}',
  '{{- end }}',
];

/** The kind of the Prometheus operator, for clusters that have it. */
const serviceMonitor = `{{- if and .Values.metrics.service .Values.metrics.serviceMonitor.enabled }}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: "{{ .Release.Name }}"
  namespace: "{{ .Release.Namespace }}"
  labels:
    app.kubernetes.io/name: "{{ .Release.Name }}"
    app.kubernetes.io/component: controller
    {{- with .Values.metrics.serviceMonitor.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: "{{ .Release.Name }}"
      app.kubernetes.io/component: controller
  endpoints:
    - port: metrics
      interval: {{ .Values.metrics.serviceMonitor.interval }}
{{- end }}
`;
