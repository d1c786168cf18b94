import type { TSchema } from 'typebox';

import type { FieldErrors } from '../../api/field-error.ts';
import type { JobSpec } from '../../api/job-spec.ts';
import type { Json } from '../../api/object.ts';
import type { ErrorCode } from '../../base/error.ts';
import type { Result } from '../../base/result.ts';

/**
 * One kind of metric as a translation between its configuration and requests, over HTTP or for a Job of the cluster. It
 * is pure: the controller sends the requests, with deadlines, limits and credentials, and brings the answers back. One
 * round is
 *
 *     requests(config, window, state) -> answers -> fold(config, window, state, answers) -> { state, outcome }
 *
 * A provider that needs one round answers with a sample. One that observes for a while answers `observing` with the
 * time of the next round, and at last with a verdict; in between its measurement stays in phase Running with
 * `resumeAt`.
 *
 * The state of a measurement has two parts: what `store` returns goes into the run's status and survives a restart; the
 * rest lives in memory only, and losing it must cost at most one round. The shared suite is
 * `test/contract/metric-provider.ts`.
 */
export interface MetricProvider<Config, State, Request = MetricRequest, Response = MetricResponse> {
  /** Key under `provider`, or under `provider.plugin` when `plugin` is true. */
  readonly name: string;
  readonly plugin: boolean;
  /** True when what it stores is of use to the next run of the same owner; see `MetricWindow.earlier`. */
  readonly learns?: boolean;
  /** Schema of the configuration under that key, for documents and completion. */
  readonly schema: TSchema;
  /** Reads a configuration, fills in defaults, and names every mistake at once. Fields are relative to it. */
  parse(configuration: Json): Result<Config, FieldErrors>;
  /** The Secret that its requests need; none when absent. The controller reads it for every round. */
  secret?(config: Config, state: State): SecretReference | undefined;
  /** State of a measurement that begins. */
  start(config: Config, window: MetricWindow): State;
  /** The requests of the next round, each with an id of its own. None is allowed: `fold` is called all the same. */
  requests(config: Config, window: MetricWindow, state: State): readonly Request[];
  /**
   * Takes the answers in; a request without an answer counts as failed. Total: whatever the answers are, it never
   * throws.
   */
  fold(
    config: Config,
    window: MetricWindow,
    state: State,
    responses: readonly Response[],
  ): { readonly state: State; readonly outcome: MetricOutcome };
  /** Where the answers come from, as far as they tell it; for policies about sources. */
  origin?(config: Config, responses: readonly Response[]): SampleOrigin;
  /** What is kept in `metricResults[].metadata`: at most `metadataBytesMax` bytes of keys and values. */
  store(config: Config, state: State): Readonly<Record<string, string>>;
  /** State from what was stored; fails with a reason when that is not what `store` writes. */
  restore(config: Config, window: MetricWindow, metadata: Readonly<Record<string, string>>): Result<State, string>;
}

/**
 * A Secret that a provider needs. Nobody but the provider ever sees its texts, and they are replaced by stars in
 * whatever it says.
 */
export interface SecretReference {
  readonly name: string;
  /** The namespace it is in: the controller's own, or that of the run. */
  readonly place: 'controller' | 'run';
  /** Keys that must be there and hold something. */
  readonly required: readonly string[];
  /** Keys that may be there. No others are handed over. */
  readonly optional?: readonly string[];
  /** Which of these keys hold settings that may be shown, such as an address. */
  readonly shown?: readonly string[];
  /** Variables of the controller's environment, by key, that are used instead when all that are required are set. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Bytes of metadata in UTF-8 that a measurement may keep in the status of its run. */
export const metadataBytesMax = 4096;

/** What a round is about: facts, nothing that a provider would have to look up. */
export interface MetricWindow {
  readonly nowMs: number;
  /** When the measurement began; the same in every round. */
  readonly startedAtMs: number;
  /** A background run goes on beside the steps; an inline run is waited for. */
  readonly mode: 'inline' | 'background';
  /** The pods of both sides, ready or not. */
  readonly targets: readonly MetricTarget[];
  /** What an earlier process kept with this measurement; absent when it begins. */
  readonly kept?: MeasurementMetadata;
  /** What the last finished run of the same owner kept of the metric with the same name; absent when there is none. */
  readonly earlier?: MeasurementMetadata;
  /** Pod-template hash of the revision that is measured; absent when the run belongs to none. */
  readonly revision?: string;
  /** Texts of the Secret that the provider has named, by key. */
  readonly secret?: Readonly<Record<string, string>>;
  /** Why that Secret cannot be had. There is nothing to ask then, and the outcome is an error that says so. */
  readonly secretProblem?: string;
}

/** A pod. */
export interface MetricTarget {
  /** Name, unique in the window. */
  readonly pod: string;
  readonly role: 'stable' | 'canary';
  /** Host name or IP address under which the controller reaches it. */
  readonly address: string;
  /** Port of its metrics when the configuration names none. */
  readonly port?: number;
  /** When the pod started; stays when its containers are restarted. */
  readonly startedAtMs: number;
  readonly ready: boolean;
  /** How often its containers were restarted; absent when not known. */
  readonly restarts?: number;
}

/** What an answer tells of its samples besides their values. */
export interface SampleOrigin {
  /** When the samples were taken, in milliseconds since the epoch: the oldest of those that stand for now. */
  readonly sampledAtMs?: number;
  /** Labels of the series that the values come from. */
  readonly labels?: readonly Readonly<Record<string, string>>[];
}

/** A request over HTTP. Redirects are not followed: their answer is the answer. */
export interface MetricRequest {
  readonly id: string;
  readonly url: string;
  /** `GET` when absent. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whoever answers need not prove by its certificate who it is. */
  readonly insecure?: boolean;
  /** Signs the request with credentials that only the controller has. */
  readonly signing?: RequestSigning;
  readonly timeoutMs: number;
  /** A longer body is an error (TooLarge). */
  readonly bodyBytesMax: number;
}

/** A query of Prometheus' HTTP API. The controller sends it by a client library, within the same bounds. */
export interface PrometheusRequest extends Pick<
  MetricRequest,
  'id' | 'headers' | 'insecure' | 'signing' | 'timeoutMs' | 'bodyBytesMax'
> {
  readonly kind: 'prometheus';
  /** What stands in front of `/api/v1`; parameters in it are sent along. */
  readonly address: string;
  readonly query: string;
  /** Absent: the query is evaluated for the moment at which Prometheus receives it. */
  readonly range?: { readonly startMs: number; readonly endMs: number; readonly stepMs: number };
}

/** A call of a metric plug-in. The controller says who asks, and answers as if it came over HTTP. */
export interface PluginRequest {
  readonly kind: 'plugin';
  readonly id: string;
  /** Name of the plug-in. */
  readonly plugin: string;
  /** As the metric gives it. */
  readonly config: Json;
  /** What the plug-in has asked to be told again; null at the first call of a measurement. */
  readonly status: Json;
}

/**
 * A Job of the cluster. The controller gives it its name, which is the same for every request of one measurement, and
 * the run as its owner.
 */
export interface JobRequest {
  readonly kind: 'job';
  readonly id: string;
  /** `create` makes the Job unless it is there already; `look` only asks how it stands. */
  readonly action: 'create' | 'look';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: JobSpec;
}

/** How a Job stands, or why that could not be found out. */
export type JobResponse =
  | {
      readonly kind: 'job';
      readonly id: string;
      readonly name: string;
      /** `unstartable`: an image of it cannot be had; `gone`: there is no such Job any more. */
      readonly state: 'running' | 'complete' | 'failed' | 'unstartable' | 'gone';
      /** Why, if the cluster says so. */
      readonly message: string;
    }
  | Extract<MetricResponse, { kind: 'failure' }>;

/** How a request is signed, or gets a token, with what only the controller has. */
export type RequestSigning = AwsSigning | GoogleSigning;

/** A token of the controller's Google Cloud service account that may read metrics. */
export interface GoogleSigning {
  readonly kind: 'google';
}

/** AWS Signature Version 4. */
export interface AwsSigning {
  readonly kind: 'sigv4';
  /** Name of the service in the signature, e.g. `aps`. */
  readonly service: string;
  /** Empty: that of the profile, or of the controller. */
  readonly region: string;
  /** A profile of the controller's own AWS configuration. */
  readonly profile?: string;
  /** A role to be taken on before. */
  readonly roleArn?: string;
}

/** The answer to the request with the same id. */
export type MetricResponse =
  | {
      readonly kind: 'answer';
      readonly id: string;
      readonly status: number;
      /** The header Content-Type; empty when there is none. */
      readonly contentType: string;
      /** When the server wants to be asked again, if it says so, in milliseconds from now. */
      readonly retryAfterMs?: number;
      /** The time of the server, if it tells it, in milliseconds since the epoch. */
      readonly serverTimeMs?: number;
      readonly body: string;
    }
  | { readonly kind: 'failure'; readonly id: string; readonly code: ErrorCode; readonly message: string };

/** What a round amounts to. */
export type MetricOutcome =
  /** The measured value; the conditions of the metric judge it. Numbers may be NaN or infinite. */
  | { readonly kind: 'sample'; readonly value: Json; readonly metadata?: MeasurementMetadata }
  /** Nothing was there to measure. `value` is what conditions see, null when absent. */
  | {
      readonly kind: 'noData';
      readonly reason: string;
      readonly value?: Json;
      readonly metadata?: MeasurementMetadata;
    }
  | {
      readonly kind: 'error';
      readonly code: ErrorCode;
      readonly message: string;
      readonly metadata?: MeasurementMetadata;
    }
  /** What was asked so far leads to further requests, which follow at once; never more than `roundsMax` in a row. */
  | { readonly kind: 'again' }
  /** The measurement goes on; `message` is for its status. */
  | {
      readonly kind: 'observing';
      readonly resumeAtMs: number;
      readonly value: string;
      readonly message: string;
      readonly metadata?: MeasurementMetadata;
    }
  /** The provider judged itself; conditions are not asked. */
  | {
      readonly kind: 'verdict';
      readonly phase: 'Successful' | 'Failed' | 'Inconclusive';
      readonly value: string;
      readonly message: string;
      readonly metadata?: MeasurementMetadata;
    };

/** Kept with the measurement, e.g. `warnings` of a source. */
export type MeasurementMetadata = Readonly<Record<string, string>>;

/** Rounds that a measurement may have at once; a provider that asks for more has a bug. */
export const roundsMax = 8;

/** A provider whose types the controller need not know: it hands back the configuration and state that it was given. */
export type AnyMetricProvider = MetricProvider<
  unknown,
  unknown,
  MetricRequest | PrometheusRequest | PluginRequest | JobRequest,
  MetricResponse | JobResponse
>;
