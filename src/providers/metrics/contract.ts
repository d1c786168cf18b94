import type { TSchema } from 'typebox';

import type { FieldErrors } from '../../api/field-error.ts';
import type { Json } from '../../api/object.ts';
import type { ErrorCode } from '../../base/error.ts';
import type { Result } from '../../base/result.ts';

/**
 * One kind of metric as a translation between its configuration and HTTP. It is pure: the controller sends the
 * requests, with deadlines, limits and credentials, and brings the answers back. One round is
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
export interface MetricProvider<Config, State> {
  /** Key under `provider`, or under `provider.plugin` when `plugin` is true. */
  readonly name: string;
  readonly plugin: boolean;
  /** Schema of the configuration under that key, for documents and completion. */
  readonly schema: TSchema;
  /** Reads a configuration, fills in defaults, and names every mistake at once. Fields are relative to it. */
  parse(configuration: Json): Result<Config, FieldErrors>;
  /** State of a measurement that begins. */
  start(config: Config, window: MetricWindow): State;
  /** The requests of the next round, each with an id of its own. None is allowed: `fold` is called all the same. */
  requests(config: Config, window: MetricWindow, state: State): readonly MetricRequest[];
  /**
   * Takes the answers in; a request without an answer counts as failed. Total: whatever the answers are, it never
   * throws.
   */
  fold(
    config: Config,
    window: MetricWindow,
    state: State,
    responses: readonly MetricResponse[],
  ): { readonly state: State; readonly outcome: MetricOutcome };
  /** What is kept in `metricResults[].metadata`: at most `metadataBytesMax` bytes of keys and values. */
  store(config: Config, state: State): Readonly<Record<string, string>>;
  /** State from what was stored; fails with a reason when that is not what `store` writes. */
  restore(config: Config, window: MetricWindow, metadata: Readonly<Record<string, string>>): Result<State, string>;
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

/** A GET request over HTTP. */
export interface MetricRequest {
  readonly id: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** A longer body is an error (TooLarge). */
  readonly bodyBytesMax: number;
}

/** The answer to the request with the same id. */
export type MetricResponse =
  | {
      readonly kind: 'answer';
      readonly id: string;
      readonly status: number;
      /** The header Content-Type; empty when there is none. */
      readonly contentType: string;
      readonly body: string;
    }
  | { readonly kind: 'failure'; readonly id: string; readonly code: ErrorCode; readonly message: string };

/** What a round amounts to. */
export type MetricOutcome =
  /** The measured value; the conditions of the metric judge it. Never not-a-number. */
  | { readonly kind: 'sample'; readonly value: Json }
  /** Nothing was there to measure. */
  | { readonly kind: 'noData'; readonly reason: string }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly message: string }
  /** The measurement goes on; `message` is for its status. */
  | { readonly kind: 'observing'; readonly resumeAtMs: number; readonly value: string; readonly message: string }
  /** The provider judged itself; conditions are not asked. */
  | {
      readonly kind: 'verdict';
      readonly phase: 'Successful' | 'Failed' | 'Inconclusive';
      readonly value: string;
      readonly message: string;
    };

/** A provider whose types the controller need not know: it hands back the configuration and state that it was given. */
export type AnyMetricProvider = MetricProvider<unknown, unknown>;
