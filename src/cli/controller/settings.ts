import { SluiceError } from '../../base/error.ts';

/** One setting of the controller: a flag, a variable of the environment and a key of the file at once. */
export interface Setting {
  /** Key of the file; the flag is `--` and this. */
  readonly name: string;
  /** What stands for the value in the help. */
  readonly value: string;
  readonly kind: 'text' | 'list' | 'count' | 'switch';
  /** Largest count. */
  readonly maximum?: number;
  /** Allowed texts. */
  readonly choices?: readonly string[];
  /** Used when nothing is said; absent: nothing. */
  readonly fallback?: string;
  readonly description: string;
}

const portMax = 65_535;

/** Every setting there is. The help, the page about them and the file's check come from here. */
export const settings = [
  {
    name: 'config',
    value: 'file',
    kind: 'text',
    description: 'YAML file with settings; what is given otherwise counts first',
  },
  {
    name: 'kubeconfig',
    value: 'file',
    kind: 'text',
    description: 'how the cluster is reached; else KUBECONFIG, the service account of the pod, or ~/.kube/config',
  },
  { name: 'context', value: 'name', kind: 'text', description: 'context of the kubeconfig; else its current one' },
  {
    name: 'namespace',
    value: 'names',
    kind: 'list',
    description: 'only these namespaces, divided by commas, with no rights outside of them; else the whole cluster',
  },
  {
    name: 'instance-id',
    value: 'id',
    kind: 'text',
    fallback: '',
    description:
      'only Rollouts with this label argo-rollouts.argoproj.io/controller-instance-id; else only those without the label',
  },
  {
    name: 'workers',
    value: 'count',
    kind: 'count',
    maximum: 1000,
    fallback: '32',
    description: 'Rollouts worked on at the same time',
  },
  {
    name: 'api-requests-max',
    value: 'count',
    kind: 'count',
    maximum: 1000,
    fallback: '64',
    description: 'requests to the API server under way at the same time',
  },
  {
    name: 'leader-elect',
    value: 'true|false',
    kind: 'switch',
    fallback: 'true',
    description: 'work only while this process holds the lease',
  },
  {
    name: 'lease-name',
    value: 'name',
    kind: 'text',
    fallback: 'argo-rollouts-controller-lock',
    description:
      'name of the lease, which is also that of Argo Rollouts: the two never work side by side; an instance id is added to it',
  },
  {
    name: 'lease-namespace',
    value: 'name',
    kind: 'text',
    description: "namespace of the lease; else the pod's or the context's own",
  },
  {
    name: 'metrics-port',
    value: 'port',
    kind: 'count',
    maximum: portMax,
    fallback: '8090',
    description: 'port of /metrics; 0 takes any free one',
  },
  {
    name: 'health-port',
    value: 'port',
    kind: 'count',
    maximum: portMax,
    fallback: '8080',
    description: 'port of /healthz and /readyz; 0 takes any free one',
  },
  {
    name: 'listen',
    value: 'address',
    kind: 'text',
    fallback: '0.0.0.0',
    description: 'address on which both ports listen',
  },
  {
    name: 'prometheus-address',
    value: 'url',
    kind: 'text',
    description: 'Prometheus of metrics that name no address',
  },
  {
    name: 'metric-hosts',
    value: 'names',
    kind: 'list',
    description:
      'only these hosts may be asked by metrics, divided by commas; *.example.com stands for all names below; else any',
  },
  {
    name: 'metric-loopback',
    value: 'true|false',
    kind: 'switch',
    fallback: 'false',
    description: "metrics and notifications may ask the controller's own machine",
  },
  {
    name: 'self-service-notification-enabled',
    value: 'true|false',
    kind: 'switch',
    fallback: 'false',
    description:
      'namespaces may configure notifications for their own Rollouts, sent only where metrics may ask; the controller then needs the right to read that ConfigMap in them',
  },
  {
    name: 'trace-endpoint',
    value: 'url',
    kind: 'text',
    description: 'collector of OpenTelemetry traces of passes, by OTLP over HTTP in JSON; else nothing is traced',
  },
  {
    name: 'trace-percent',
    value: 'count',
    kind: 'count',
    maximum: 100,
    fallback: '100',
    description: 'of a hundred passes so many are traced',
  },
  {
    name: 'metric-plugins',
    value: 'file',
    kind: 'text',
    description: 'YAML file with the metric plug-ins (docs/metric-plug-ins.md); else only those that are built in',
  },
  {
    name: 'step-plugins',
    value: 'file',
    kind: 'text',
    description: 'YAML file with the step plug-ins (docs/step-plug-ins.md); else only those that are built in',
  },
  {
    name: 'log-level',
    value: 'level',
    kind: 'text',
    choices: ['debug', 'info', 'warn', 'error'],
    fallback: 'info',
    description: 'least important lines that are logged',
  },
] as const satisfies readonly Setting[];

/** Name of a setting. */
export type SettingName = (typeof settings)[number]['name'];

/** Values by name, as text; a name that is missing has no value. */
export type SettingTexts = Readonly<Partial<Record<SettingName, string>>>;

/** What was set, checked. */
export interface ControllerSettings {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespaces: readonly string[];
  readonly instanceId: string;
  readonly workers: number;
  readonly apiRequestsMax: number;
  readonly leaderElect: boolean;
  readonly leaseName: string;
  readonly leaseNamespace?: string;
  readonly metricsPort: number;
  readonly healthPort: number;
  readonly listen: string;
  readonly prometheusAddress?: string;
  /** Empty: any. */
  readonly metricHosts: readonly string[];
  readonly metricLoopback: boolean;
  readonly selfServiceNotificationEnabled: boolean;
  readonly traceEndpoint?: string;
  readonly tracePercent: number;
  readonly stepPlugins?: string;
  /** File with the metric plug-ins. */
  readonly metricPlugins?: string;
  readonly logLevel: string;
}

/** Variable of the environment that stands for a setting. */
export function variableOf(name: string): string {
  return `SLUICE_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** What the environment sets. An empty variable sets nothing. */
export function environmentTexts(environment: Readonly<Record<string, string | undefined>>): SettingTexts {
  return Object.fromEntries(
    settings.flatMap(({ name }) => {
      const value = environment[variableOf(name)];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}

/** What a file sets, from its parsed content. Fails with Usage for an unknown key or a value of a wrong shape. */
export function fileTexts(content: unknown, file: string): SettingTexts {
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content)) throw new SluiceError('Usage', `${file}: is no mapping`);
  return Object.fromEntries(
    Object.entries(content).map(([key, value]: [string, unknown]) => {
      const setting = settings.find(({ name }) => name === key && name !== 'config');
      if (setting === undefined) {
        const known = settings.map(({ name }) => name).filter((name) => name !== 'config');
        throw new SluiceError('Usage', `${file}: there is no setting "${key}"; there are: ${known.join(', ')}`);
      }
      return [key, fileText(value, `${file}: ${key}`)];
    }),
  );
}

function fileText(value: unknown, where: string): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(',');
  throw new SluiceError('Usage', `${where}: must be a text, a number, true or false, or a list of texts`);
}

/** Checks what was set. `sources` in order of precedence. Fails with Usage that names the setting and the value. */
export function checkSettings(sources: readonly SettingTexts[]): ControllerSettings {
  const text = (name: SettingName): string | undefined => {
    const setting: Setting | undefined = settings.find((candidate) => candidate.name === name);
    return sources.map((source) => source[name]).find((value) => value !== undefined) ?? setting?.fallback;
  };
  const given = (name: SettingName): string => checkText(name, text(name) ?? '');
  const count = (name: SettingName): number => checkCount(name, text(name) ?? '');
  const toggle = (name: SettingName): boolean => checkSwitch(name, text(name) ?? '');
  const kubeconfig = text('kubeconfig');
  const context = text('context');
  const leaseNamespace = text('lease-namespace');
  const prometheusAddress = text('prometheus-address');
  const traceEndpoint = text('trace-endpoint');
  const metricPlugins = text('metric-plugins');
  const stepPlugins = text('step-plugins');
  return {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    namespaces: splitList(text('namespace') ?? ''),
    instanceId: given('instance-id'),
    workers: Math.max(1, count('workers')),
    apiRequestsMax: Math.max(1, count('api-requests-max')),
    leaderElect: toggle('leader-elect'),
    leaseName: given('lease-name'),
    ...(leaseNamespace !== undefined && { leaseNamespace }),
    metricsPort: count('metrics-port'),
    healthPort: count('health-port'),
    listen: given('listen'),
    ...(prometheusAddress !== undefined && { prometheusAddress: checkUrl('prometheus-address', prometheusAddress) }),
    metricHosts: splitList(text('metric-hosts') ?? ''),
    metricLoopback: toggle('metric-loopback'),
    selfServiceNotificationEnabled: toggle('self-service-notification-enabled'),
    ...(traceEndpoint !== undefined && { traceEndpoint: checkUrl('trace-endpoint', traceEndpoint) }),
    tracePercent: count('trace-percent'),
    ...(metricPlugins !== undefined && { metricPlugins }),
    ...(stepPlugins !== undefined && { stepPlugins }),
    logLevel: given('log-level'),
  };
}

function splitList(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function checkText(name: SettingName, value: string): string {
  const { choices }: Setting = settingOf(name);
  if (choices === undefined || choices.includes(value)) return value;
  throw new SluiceError('Usage', `${name}: "${value}" is none of ${choices.join(', ')}`);
}

function checkCount(name: SettingName, value: string): number {
  const { maximum = Number.MAX_SAFE_INTEGER }: Setting = settingOf(name);
  const count = Number(value);
  if (/^\d{1,10}$/.test(value) && count <= maximum) return count;
  throw new SluiceError('Usage', `${name}: "${value}" is no whole number from 0 to ${maximum}`);
}

function checkUrl(name: SettingName, value: string): string {
  const url = URL.parse(value);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return value;
  throw new SluiceError('Usage', `${name}: "${value}" is no URL that begins with http:// or https://`);
}

function checkSwitch(name: SettingName, value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  throw new SluiceError('Usage', `${name}: "${value}" is neither true nor false`);
}

function settingOf(name: SettingName): Setting {
  const setting = settings.find((candidate) => candidate.name === name);
  if (setting === undefined) throw new SluiceError('Usage', `there is no setting "${name}"`);
  return setting;
}
