import type { KubeObject } from '../../api/object.ts';
import { SluiceError } from '../../base/error.ts';
import type { WatchEvent } from '../port.ts';
import { statusError } from './status-error.ts';

/**
 * The event that a line of a watch holds. An ERROR event is thrown as what it stands for (410 as Gone). A line that is
 * no event throws Unavailable: watching again from the last version brings what it was.
 */
export function readWatchEvent(line: Buffer): WatchEvent {
  const { type, object } = parse(line);
  if (type === 'ERROR') throw statusError(500, object);
  if (!isObject(object)) throw unreadable(line);
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object };
    case 'BOOKMARK':
      return { type, resourceVersion: object.metadata.resourceVersion ?? '' };
    default:
      throw unreadable(line);
  }
}

function parse(line: Buffer): { readonly type?: unknown; readonly object?: unknown } {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Falls through to the same error as a value of another shape.
  }
  throw unreadable(line);
}

function isObject(value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null) return false;
  const { metadata } = value as { readonly metadata?: unknown };
  return typeof metadata === 'object' && metadata !== null;
}

function unreadable(line: Buffer): SluiceError {
  const start = JSON.stringify(line.subarray(0, 80).toString('utf8'));
  return new SluiceError('Unavailable', `the watch sent a line of ${line.length} bytes that is no event: ${start}`);
}
