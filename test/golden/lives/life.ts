import type { KubeObject } from '../../../src/api/object.ts';
import type { LifeCondition } from './life-condition.ts';

/** A recorded life, as far as it is replayed. */
export interface Life {
  readonly name: string;
  readonly manifests: readonly KubeObject[];
  readonly actions: readonly { readonly when: LifeCondition; readonly do: LifeRequest }[];
  readonly end: LifeCondition;
  /** Seconds. */
  readonly duration: number;
  /** Answers of the metric server by the first part of the path, in their order; the last one repeats. */
  readonly metrics?: Readonly<Record<string, readonly (readonly [status: number, body: unknown])[]>>;
}

/** What a user did. */
export interface LifeRequest {
  readonly as: string;
  readonly verb: 'create' | 'patch' | 'delete';
  readonly kind?: string;
  readonly name?: string;
  readonly subresource?: 'status' | 'scale';
  readonly type?: 'merge' | 'json';
  readonly body?: unknown;
  readonly object?: KubeObject;
}

/** A recorded life with what was recorded. */
export interface RecordedLife extends Life {
  readonly trace: readonly TraceEntry[];
  readonly unstable?: readonly UnstablePath[];
  readonly final?: Readonly<Record<string, Fields>>;
}

/** Parts of an object. */
export type Fields = Readonly<Record<string, unknown>>;

/** What was not the same in all recordings. */
export interface UnstablePath {
  readonly object: string;
  readonly path: string;
  readonly differs: string;
}

/** One recorded change, Event or action. */
export interface TraceEntry {
  readonly t: number;
  readonly kind: string;
  readonly name?: string;
  readonly op?: 'created' | 'deleted';
  readonly change?: Fields;
  readonly regarding?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly elided?: { readonly count: number; readonly until: number };
  /** Number of the action. */
  readonly index?: number;
  readonly result?: readonly { readonly code: number }[];
}
