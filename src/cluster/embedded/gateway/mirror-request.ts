import { messageOf } from '../../../base/error.ts';
import type { PodEndpoint } from './endpoint-table.ts';
import type { Exchange } from './exchange.ts';
import type { GatewayContext } from './handle-request.ts';
import type { UpstreamHead } from './upstream-pool.ts';

/** One copy to be sent. */
export interface MirrorTask {
  readonly exchange: Exchange;
  readonly head: UpstreamHead;
  readonly endpoint: PodEndpoint;
  readonly route: string;
  readonly backend: string;
  readonly context: GatewayContext;
}

/** Bytes of a request body that may wait for a slow mirror; beyond that the copy is given up. */
const waitingByteCountMax = 1024 * 1024;

/** How long a mirror may take to answer. */
const mirrorMsMax = 30_000;

/**
 * Sends a copy of a request to a mirror and throws its answer away. Whatever the mirror does, the request itself is
 * neither delayed nor changed; a mirror that cannot keep up loses its copy.
 */
export function mirrorRequest({ exchange, head, endpoint, route, backend, context }: MirrorTask): void {
  const { clock, pool, record } = context;
  const startedAt = clock.now();
  const since = clock.monotonic();
  const end = pool.begin(endpoint);
  const ending = new AbortController();
  const cancel = clock.schedule(mirrorMsMax, () => ending.abort(new Error('the mirror took too long')));
  const copy = copyBody(exchange, ending);
  void send()
    .catch((error: unknown) => messageOf(error))
    .then((result) => {
      cancel();
      copy.stop();
      end();
      record({
        startedAt,
        durationMs: clock.monotonic() - since,
        method: head.method,
        host: exchange.incoming.headers.host ?? '',
        path: head.path,
        route,
        backend,
        pod: endpoint.pod,
        revision: endpoint.revision,
        status: typeof result === 'number' ? result : 502,
        outcome: typeof result === 'number' ? 'answered' : 'pod-failed',
        isMirror: true,
      });
    });

  async function send(): Promise<number> {
    const connection = await pool.connect(endpoint, head, ending.signal);
    if (connection.kind === 'unreachable') throw new Error(connection.message);
    const { request } = connection;
    return new Promise((resolve, reject) => {
      request.on('error', reject);
      request.on('response', (answer) => {
        answer.on('error', reject);
        answer.on('end', () => resolve(answer.statusCode ?? 0));
        answer.resume();
      });
      copy.to(request);
    });
  }
}

interface Sink {
  write(chunk: Buffer): boolean;
  end(): void;
  readonly writableLength: number;
}

/** Collects the body as it passes and hands it on once there is somewhere to send it. */
function copyBody({ incoming, signal }: Exchange, ending: AbortController): { to(sink: Sink): void; stop(): void } {
  let waiting: Buffer[] = [];
  let waitingByteCount = 0;
  let isOver = false;
  let sink: Sink | undefined;
  const onData = (chunk: Buffer): void => {
    if (sink === undefined) {
      waiting.push(chunk);
      waitingByteCount += chunk.length;
    } else sink.write(chunk);
    if (Math.max(waitingByteCount, sink?.writableLength ?? 0) > waitingByteCountMax) {
      ending.abort(new Error('the mirror does not keep up with the request body'));
    }
  };
  const onEnd = (): void => {
    isOver = true;
    sink?.end();
  };
  const onGone = (): void => {
    if (!isOver) ending.abort(new Error('the client has gone'));
  };
  const stop = (): void => {
    incoming.off('data', onData);
    incoming.off('end', onEnd);
    signal.removeEventListener('abort', onGone);
  };
  // Unlike on(), this does not set the stream flowing: the copy is taken when the request itself reads the stream.
  incoming.prependListener('data', onData);
  incoming.on('end', onEnd);
  signal.addEventListener('abort', onGone, { once: true });
  return {
    to(target) {
      sink = target;
      for (const chunk of waiting) target.write(chunk);
      waiting = [];
      waitingByteCount = 0;
      if (isOver) target.end();
    },
    stop,
  };
}
