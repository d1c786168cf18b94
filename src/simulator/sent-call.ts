import type { ResourceType } from '../api/object.ts';
import type { SluiceError } from '../base/error.ts';

/** Who changes the cluster. */
export type WriterKind =
  /** The controller under test. */
  | 'sluice'
  /** The cluster itself: workload controllers, nodes, the store's own controllers. */
  | 'cluster'
  /** The gateway's controller. */
  | 'router'
  /** People, through commands or by editing. */
  | 'person'
  /** Anybody else who changes what is not theirs: a GitOps tool, another controller. */
  | 'foreign';

/** What a person meant by a call: a command, and what it was given for. */
export interface CommandIntent {
  /** Unique in a run. */
  readonly id: string;
  /** Pod-template hash of the revision. */
  readonly revision: string;
}

/** A call that would change the cluster, as it was sent. */
export interface SentCall {
  readonly writer: WriterKind;
  /** Counts the calls of this kind of writer in a run, from 1. */
  readonly number: number;
  readonly verb: 'create' | 'update' | 'patch' | 'delete' | 'evict' | 'deleteCollection';
  readonly type: ResourceType;
  readonly subresource?: 'status' | 'scale';
  readonly namespace: string;
  /** Empty when the server makes it up, or for a collection. */
  readonly name: string;
  /** The resourceVersion that is a precondition; undefined without one. */
  readonly resourceVersion: string | undefined;
  /** The uid that is a precondition. */
  readonly uid: string | undefined;
  /** The command behind a call of a person, given through our own interface. */
  readonly intent?: CommandIntent;
  /** What was sent: the object or the patch. */
  readonly body: unknown;
  /** Milliseconds since the simulation began. */
  readonly atMs: number;
}

/** What goes wrong with a call. `loseAnswer` and `crashAfter` happen after it was performed. */
export type CallFault =
  | { readonly kind: 'refuse'; readonly error: SluiceError }
  | { readonly kind: 'loseAnswer'; readonly error: SluiceError }
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** Whoever sent it gives up with this error, and some time after that it is performed nevertheless. */
  | { readonly kind: 'late'; readonly error: SluiceError; readonly giveUpMs: number; readonly lateMs: number }
  | { readonly kind: 'crashBefore' }
  | { readonly kind: 'crashAfter' };
