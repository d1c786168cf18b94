import { createHash } from 'node:crypto';

import type { KubeObject } from '../../src/api/object.ts';
import type { ClusterPort } from '../../src/cluster/port.ts';
import type { RecordedCall } from './record-update.ts';
import { inTurns } from './stage.ts';

/** Names of one Rollout that stand in the requests of its update. */
export interface UpdateNames {
  readonly name: string;
  readonly uid: string;
  readonly namespace: string;
  readonly oldHash: string;
  readonly newHash: string;
}

/** A recorded update, and whose it was. */
export interface Recording extends UpdateNames {
  readonly calls: readonly RecordedCall[];
}

/** As many Rollouts at once as requests that the controller has under way, and as many Events. */
const atOnce = { updates: 64, events: 16 };

/** A replay of many updates. Times are milliseconds from its start. */
export interface Replay {
  /** When the last write was answered, and when the last Event was. */
  readonly writesMs: number;
  readonly allMs: number;
}

/**
 * Sends the writes and Events of a recorded update for other Rollouts: the same requests in the same order, without
 * preconditions, without watching and without deciding anything. This is what the control plane alone takes for them.
 */
export async function replayUpdates(
  cluster: ClusterPort,
  recording: Recording,
  updates: readonly UpdateNames[],
  before: Promise<void>,
): Promise<Replay> {
  const startMs = performance.now();
  const writes = recording.calls.filter(({ plural }) => plural !== 'events');
  const events = recording.calls.filter(({ plural }) => plural === 'events');
  const send = async (calls: readonly RecordedCall[], update: UpdateNames): Promise<void> => {
    for (const call of calls) await sendCall(cluster, call, recording, update);
  };
  let writesMs = 0;
  await Promise.all([
    before,
    inTurns(updates, atOnce.updates, (update) => send(writes, update)).then(() => {
      writesMs = performance.now() - startMs;
    }),
    inTurns(updates, atOnce.events, (update) => send(events, update)),
  ]);
  return { writesMs, allMs: performance.now() - startMs };
}

async function sendCall(
  cluster: ClusterPort,
  { method, plural, parameters }: RecordedCall,
  recording: Recording,
  update: UpdateNames,
): Promise<void> {
  const words = parameters.slice(0, -1).map((parameter) => translated(parameter, recording, update));
  if (plural === 'events') words[1] = renamed(words[1] as KubeObject, update.newHash);
  const call = { signal: new AbortController().signal, timeoutMs: 60_000 };
  const send = Reflect.get(cluster, method) as (...all: readonly unknown[]) => Promise<unknown>;
  await send.call(cluster, ...words, call);
}

/** Names of Events are the same in every replay but for this. */
function renamed(event: KubeObject, suffix: string): KubeObject {
  return { ...event, metadata: { ...event.metadata, name: `${event.metadata.name}.${suffix}` } };
}

function translated(parameter: unknown, from: UpdateNames, to: UpdateNames): unknown {
  const pairs = (['name', 'uid', 'namespace', 'oldHash', 'newHash'] as const).map(
    (key) => [from[key], to[key]] as const,
  );
  const text = pairs.reduce((all, [before, after]) => all.replaceAll(before, after), JSON.stringify(parameter));
  return JSON.parse(text.replaceAll(/"resourceVersion":"\d+",?/g, '').replaceAll(',}', '}'));
}

/** A hash that no other update of this Rollout has. */
export function inventedHash(name: string, turn: string): string {
  return createHash('sha256').update(`${name}/${turn}`).digest('hex').slice(0, 10);
}
