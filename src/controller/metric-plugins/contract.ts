import type { Json } from '../../api/object.ts';
import type { MetricResponse } from '../../providers/metrics/contract.ts';

/** Version of what metric plug-ins are told and answer. */
export const metricPluginApiVersion = 'metric-plugin.sluice.dev/v1';

/** What a plug-in is told at a call. The same call may come twice: `id` is the same then. */
export interface MetricPluginRequest {
  readonly apiVersion: typeof metricPluginApiVersion;
  /** Identity of the measurement. */
  readonly id: string;
  /** The name under which the metric asks for the plug-in. */
  readonly plugin: string;
  /** As the metric gives it, with its arguments filled in; null when it gives none. */
  readonly config: Json;
  /** What the plug-in answered as `status` the last time; null at the first call of a measurement. */
  readonly status: Json;
  readonly metric: string;
  /** 1 for the first measurement of the metric; errors count. */
  readonly measurement: number;
  readonly run: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    /** Pod-template hash of the revision that is measured; empty when the run belongs to none. */
    readonly podTemplateHash: string;
  };
}

/** A plug-in that can be called. */
export interface MetricPlugin {
  /** Answers as if it came over HTTP. Never rejects. */
  call(request: MetricPluginRequest, signal: AbortSignal): Promise<MetricResponse>;
}

/** Plug-ins by the name under which metrics ask for them. */
export type MetricPluginRegistry = ReadonlyMap<string, MetricPlugin>;
