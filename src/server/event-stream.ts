import type { ServerResponse } from 'node:http';

import type { Clock } from '../base/clock.ts';

/** One server-sent event. A client that comes back names the last `id` that it saw. */
export interface StreamEvent {
  readonly event: string;
  readonly data: unknown;
  readonly id?: string;
}

/** A client that listens to server-sent events. */
export interface EventStream {
  /** Aborts when the client is gone, is too slow, or the server closes. */
  readonly signal: AbortSignal;
  /** Writes one event and resolves when the client can take more; rejects when it is gone or too slow. */
  send(event: StreamEvent): Promise<void>;
  /** Ends the stream; the client may come back. */
  end(): void;
}

/** Times of a stream, in milliseconds. */
export interface EventStreamTimes {
  readonly heartbeatMs: number;
  readonly stallTimeoutMs: number;
}

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  connection: 'close',
};

/** Opens a stream on an answer of which nothing has been sent yet. Until `parent` aborts or the client leaves. */
export function openEventStream(
  response: ServerResponse,
  clock: Clock,
  times: EventStreamTimes,
  parent: AbortSignal,
): EventStream {
  const controller = new AbortController();
  let cancelHeartbeat = (): void => undefined;

  function end(reason: string): void {
    if (controller.signal.aborted) return;
    controller.abort(new Error(reason));
    cancelHeartbeat();
    response.end();
  }

  function beat(): void {
    // While earlier bytes wait, a heartbeat tells nobody anything.
    if (!response.writableNeedDrain) response.write(': heartbeat\n\n');
    cancelHeartbeat = clock.schedule(times.heartbeatMs, beat);
  }

  const onParentAbort = (): void => end('the server closes');
  parent.addEventListener('abort', onParentAbort, { once: true });
  response.once('close', () => {
    parent.removeEventListener('abort', onParentAbort);
    end('the client has left');
  });
  // A client that leaves in the middle of a write is no error of ours.
  response.on('error', () => end('the client has left'));
  response.writeHead(200, headers);
  response.flushHeaders();
  cancelHeartbeat = clock.schedule(times.heartbeatMs, beat);
  if (parent.aborted) onParentAbort();

  return {
    signal: controller.signal,
    async send(event) {
      controller.signal.throwIfAborted();
      if (response.write(encode(event))) return;
      await drained(response, clock, times.stallTimeoutMs, controller.signal).catch((error: unknown) => {
        response.destroy();
        end('the client does not read');
        throw error;
      });
    },
    end: () => end('the stream is over'),
  };
}

function encode({ event, data, id }: StreamEvent): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

function drained(response: ServerResponse, clock: Clock, timeoutMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      cancel();
      signal.removeEventListener('abort', onAbort);
      response.removeListener('drain', onDrain);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onDrain = (): void => settle();
    const onAbort = (): void => settle(new Error('the stream has ended'));
    const cancel = clock.schedule(timeoutMs, () => settle(new Error('the client does not read')));
    signal.addEventListener('abort', onAbort, { once: true });
    response.once('drain', onDrain);
  });
}
