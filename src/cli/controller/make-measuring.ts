import { readFile } from 'node:fs/promises';

import { messageOf } from '../../base/error.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import { createAwsCredentials } from '../../controller/aws/aws-credentials.ts';
import { awsCredentialPolicy } from '../../controller/aws/machine-credentials.ts';
import { SharedProfiles } from '../../controller/aws/shared-profiles.ts';
import type { ControllerOptions } from '../../controller/controller.ts';
import { createGoogleToken, googleTokenPolicy } from '../../controller/google-token.ts';
import { createHttpClient, type HttpClient } from '../../controller/http-client.ts';
import { createHttpPolicy } from '../../controller/http-policy.ts';
import type { MetricSettings } from '../../providers/metrics/registry.ts';
import type { ControllerParts } from './run-controller.ts';
import type { ControllerSettings } from './settings.ts';

/** What a controller measures with. */
export interface Measuring {
  /** For all metrics. */
  readonly settings: MetricSettings;
  readonly http: HttpClient;
  /** Where the Jobs of metrics are made, when that is not beside their runs. */
  jobs(cluster: ClusterPort): Pick<ControllerOptions, 'metricJobs'>;
  close(): void;
}

/** What these parts are needed for. */
type MeasuringParts = Pick<ControllerParts, 'clock' | 'log' | 'environment' | 'connectFile'>;

/** Variables that installations of Argo Rollouts have set. */
const variables = {
  prometheus: 'ARGO_ROLLOUTS_PROMETHEUS_ADDRESS',
  jobKubeconfig: 'ARGO_ROLLOUTS_ANALYSIS_RUN_JOB_KUBECONFIG',
  jobNamespace: 'ARGO_ROLLOUTS_ANALYSIS_RUN_JOB_NAMESPACE',
} as const;

/** Makes it, from the settings and the environment. */
export async function makeMeasuring(
  settings: ControllerSettings,
  parts: MeasuringParts,
  signal: AbortSignal,
): Promise<Measuring> {
  const { environment = {}, connectFile } = parts;
  const http = createMetricClient(settings, parts);
  const namespace = environment[variables.jobNamespace] ?? '';
  const file = environment[variables.jobKubeconfig] ?? '';
  const other = file === '' ? undefined : await connectFile?.(file);
  return {
    settings: metricSettings(settings, environment, await awsRegion(parts, signal)),
    http,
    jobs(cluster) {
      if (other === undefined && namespace === '') return {};
      return { metricJobs: { cluster: other?.cluster ?? cluster, ...(namespace === '' ? {} : { namespace }) } };
    },
    close() {
      http.close();
      other?.close();
    },
  };
}

function metricSettings(
  { prometheusAddress }: ControllerSettings,
  environment: NonNullable<MeasuringParts['environment']>,
  region: string,
): MetricSettings {
  const address = prometheusAddress ?? environment[variables.prometheus] ?? '';
  return {
    ...(address === '' ? {} : { prometheus: { address } }),
    ...(region === '' ? {} : { cloudWatch: { region } }),
  };
}

/** Where credentials of clouds are read from. */
function cloudSources({ clock, environment = {} }: MeasuringParts) {
  const readOne = (file: string, signal: AbortSignal): Promise<string> => readFile(file, { encoding: 'utf8', signal });
  return { clock, environment, readFile: readOne };
}

/** The region of the environment or of AWS' shared files; empty when there is none, or when they cannot be read. */
async function awsRegion(parts: MeasuringParts, signal: AbortSignal): Promise<string> {
  try {
    return await new SharedProfiles(cloudSources(parts)).region(undefined, signal);
  } catch (error) {
    parts.log.warn({ error: messageOf(error) }, 'no region of AWS is known');
    return '';
  }
}

/** The client of metrics. Requests that get credentials of a cloud go the same way as all others. */
function createMetricClient({ metricHosts, metricLoopback }: ControllerSettings, parts: MeasuringParts): HttpClient {
  const { clock } = parts;
  const hosts = metricHosts.length === 0 ? {} : { hosts: metricHosts };
  const policy = createHttpPolicy({ loopback: metricLoopback ? 'allow' : 'deny', ...hosts });
  const sources = cloudSources(parts);
  // Who lends credentials is not for metrics to ask, whatever hosts they may ask.
  const awsHttp = createHttpClient(clock, { policy: awsCredentialPolicy });
  const googleHttp = createHttpClient(clock, { policy: googleTokenPolicy });
  return createHttpClient(clock, {
    policy,
    credentials: createAwsCredentials({ ...sources, http: awsHttp }),
    googleToken: createGoogleToken({ ...sources, http: googleHttp }),
  });
}
