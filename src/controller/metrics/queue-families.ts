import type { PendingWork } from '../queue.ts';
import { gauge, type MetricFamily } from './metric-family.ts';

/** What `workqueue_` metrics call the queue of a kind. */
export function queueName(kind: string): string {
  return `${kind}s`;
}

/** What waits and what is worked on, by kind. Kinds with nothing to do are told of too. */
export function queueFamilies(kinds: readonly string[], pending: readonly PendingWork[]): readonly MetricFamily[] {
  const byKind = Map.groupBy(pending, ({ key }) => key.split('/', 1)[0] ?? '');
  const family = (name: string, help: string, value: (work: readonly PendingWork[]) => number): MetricFamily =>
    gauge(
      `workqueue_${name}`,
      help,
      kinds.map((kind) => ({ labels: { name: queueName(kind) }, value: value(byKind.get(kind) ?? []) })),
    );
  const seconds = ({ runningMs = 0 }: PendingWork): number => runningMs / 1000;
  return [
    family(
      'depth',
      'Objects that wait to be worked on.',
      (work) => work.filter(({ runningMs }) => runningMs === undefined).length,
    ),
    family('unfinished_work_seconds', 'Seconds for which objects are worked on by now, summed up.', (work) =>
      work.reduce((sum, one) => sum + seconds(one), 0),
    ),
    family('longest_running_processor_seconds', 'Seconds for which the longest of them is worked on.', (work) =>
      Math.max(0, ...work.map(seconds)),
    ),
  ];
}
