import { numberOf, optionalRecord } from '../../api/json-access.ts';
import type { Destination } from './contract.ts';

/** Annotation of a Rollout that remembers who was told of what: seconds since the epoch by key, as JSON. */
export const notifiedAnnotation = 'notified.notifications.argoproj.io';

/** When each notification was sent, in seconds since the epoch, by its key. */
export type NotifiedState = ReadonlyMap<string, number>;

/** Entries that are kept; of more, the oldest go. */
const entriesMax = 100;

/** What one notification is remembered by. */
export interface NotifiedItem {
  readonly trigger: string;
  /** Of the condition: its place in the trigger and the hash of its text. */
  readonly conditionKey: string;
  /** What tells one time from another; empty for a condition that is told of again only after it has not held. */
  readonly oncePer: string;
  readonly destination: Destination;
}

/** The key of a notification, as other controllers write it too. */
export function notifiedKey({ trigger, conditionKey, oncePer, destination }: NotifiedItem): string {
  const key = `${trigger}:${conditionKey}:${destination.service}:${destination.recipient}`;
  return oncePer === '' ? key : `${oncePer}:${key}`;
}

/** Reads the annotation. What is not understood counts as nothing remembered. */
export function readNotified(text: string | undefined): NotifiedState {
  if (text === undefined || text === '') return new Map();
  try {
    const entries = Object.entries(optionalRecord(JSON.parse(text)) ?? {});
    return new Map(entries.flatMap(([key, value]) => (numberOf(value) === undefined ? [] : [[key, Number(value)]])));
  } catch {
    return new Map();
  }
}

/** The annotation's text; null, which removes it, when nothing is to be remembered. */
export function writeNotified(state: NotifiedState): string | null {
  const newest = [...state].sort(([, left], [, right]) => right - left).slice(0, entriesMax);
  if (newest.length === 0) return null;
  return JSON.stringify(Object.fromEntries(newest.sort(([left], [right]) => (left < right ? -1 : 1))));
}
