import { apiVersionOf, type KubeObject } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import { formatInstantMicro } from '../base/instant.ts';

/** What a Lease (coordination.k8s.io/v1) says about who leads. */
export interface LeaseRecord {
  /** Empty when nobody holds it. */
  readonly holder: string;
  readonly durationMs: number;
  readonly transitions: number;
  readonly acquireTime: string;
  readonly renewTime: string;
}

/** Reads a Lease of any author. A duration that is missing or senseless counts as `durationMsDefault`. */
export function readLease(lease: KubeObject, durationMsDefault: number): LeaseRecord {
  const { spec } = lease;
  const fields = typeof spec === 'object' && spec !== null ? (spec as Readonly<Record<string, unknown>>) : {};
  const seconds = fields['leaseDurationSeconds'];
  const transitions = fields['leaseTransitions'];
  return {
    holder: text(fields['holderIdentity']),
    durationMs: typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : durationMsDefault,
    transitions: typeof transitions === 'number' && Number.isSafeInteger(transitions) ? transitions : 0,
    acquireTime: text(fields['acquireTime']),
    renewTime: text(fields['renewTime']),
  };
}

/** A Lease to be written over `base`: fields of others stay, and its resourceVersion is the precondition. */
export function composeLease(base: KubeObject, record: LeaseRecord): KubeObject {
  const { spec } = base;
  return {
    ...base,
    spec: {
      ...(typeof spec === 'object' ? spec : {}),
      holderIdentity: record.holder,
      leaseDurationSeconds: Math.ceil(record.durationMs / 1000),
      leaseTransitions: record.transitions,
      acquireTime: record.acquireTime,
      renewTime: record.renewTime,
    },
  };
}

/** A Lease that does not exist yet. */
export function newLease(namespace: string, name: string): KubeObject {
  const type = resourceTypes.lease;
  return { apiVersion: apiVersionOf(type), kind: type.kind, metadata: { name, namespace } };
}

/** A record of somebody who holds the lease from now on. */
export function heldBy(holder: string, durationMs: number, nowMs: number, before?: LeaseRecord): LeaseRecord {
  const now = formatInstantMicro(nowMs);
  const isRenewal = before !== undefined && before.holder === holder;
  return {
    holder,
    durationMs,
    transitions: isRenewal ? before.transitions : (before?.transitions ?? -1) + 1,
    acquireTime: isRenewal ? before.acquireTime : now,
    renewTime: now,
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
