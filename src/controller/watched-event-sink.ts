import type { Notice } from '../engine/decision.ts';
import type { EventSink, EventSubject } from './event-sink.ts';

/** A sink that tells of every Event, too; the sink itself when nobody wants to know. */
export function watchedEventSink(
  sink: EventSink,
  watcher: { onEvent?(subject: EventSubject, notice: Notice): void },
): EventSink {
  if (watcher.onEvent === undefined) return sink;
  return {
    emit(subject, notices, occasion) {
      sink.emit(subject, notices, occasion);
      for (const notice of notices) watcher.onEvent?.(subject, notice);
    },
    flushed: () => sink.flushed(),
    get isIdle() {
      return sink.isIdle;
    },
    get waiting() {
      return sink.waiting;
    },
    get lost() {
      return sink.lost;
    },
  };
}
