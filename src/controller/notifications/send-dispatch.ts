import type { ErrorCode } from '../../base/error.ts';
import type { MetricRequest } from '../../providers/metrics/contract.ts';
import {
  assessStatus,
  type AnyNotificationService,
  type Dispatch,
  type ServiceAnswer,
  type Thread,
} from '../../providers/notifications/contract.ts';
import type { HttpPort } from '../http-port.ts';
import type { Attempt } from './delivery-queue.ts';
import type { MailPort } from './send-mail.ts';
import type { ThreadMemory } from './thread-memory.ts';

/** What notifications are sent with. */
export interface SendPorts {
  readonly http: HttpPort;
  readonly mail: MailPort;
}

/** To whom a dispatch goes, and where threads are remembered. */
export interface SendPlace {
  readonly service: AnyNotificationService;
  /** Threads of one recipient are apart from those of others. */
  readonly lane: string;
  readonly threads: ThreadMemory;
}

/** Sends what a service composed and lets it judge the answer. No message shows what was sent, or what was answered. */
export async function sendDispatch(
  dispatch: Dispatch,
  place: SendPlace,
  ports: SendPorts,
  signal: AbortSignal,
): Promise<Attempt> {
  if (dispatch.kind === 'mail') return ports.mail.send(dispatch.mail, signal);
  const { request, thread } = dispatch;
  if (thread !== undefined) return sendInThread(dispatch, thread, request, place, ports, signal);
  return (await exchange(request, place, ports, signal)).attempt;
}

async function sendInThread(
  dispatch: Dispatch,
  thread: Thread,
  request: MetricRequest,
  place: SendPlace,
  ports: SendPorts,
  signal: AbortSignal,
): Promise<Attempt> {
  const { threads, lane } = place;
  const key = `${lane}\n${thread.key}`;
  const first = threads.placeOf(key);
  if (first === undefined) {
    const { attempt, answer } = await exchange(request, place, ports, signal);
    const begun = attempt.kind === 'sent' && answer !== undefined ? thread.placeOf(answer) : undefined;
    if (begun !== undefined) threads.begin(key, begun);
    return attempt;
  }
  for (const further of thread.follow(first).slice(threads.sentOf(dispatch))) {
    const { attempt, answer } = await exchange(further, place, ports, signal);
    if (attempt.kind === 'sent') {
      threads.advance(dispatch);
      continue;
    }
    if (answer === undefined || !thread.isGone(answer)) return attempt;
    threads.forget(key);
    return { ...attempt, isFinal: false };
  }
  return { kind: 'sent' };
}

async function exchange(
  request: MetricRequest,
  { service }: SendPlace,
  { http }: SendPorts,
  signal: AbortSignal,
): Promise<{ readonly attempt: Attempt; readonly answer?: ServiceAnswer }> {
  const answer = await http.send(request, signal);
  if (answer.kind === 'failure') return { attempt: failure(answer.code) };
  const outcome = service.assess?.(answer) ?? assessStatus(answer);
  const { retryAfterMs } = answer;
  const isLater = outcome.kind === 'failed' && retryAfterMs !== undefined;
  return { attempt: isLater ? { ...outcome, retryAfterMs } : outcome, answer };
}

/** The text of a failure may hold the address, which for some services is the secret itself. */
function failure(code: ErrorCode): Attempt {
  switch (code) {
    case 'Forbidden':
    case 'Invalid':
      return { kind: 'failed', isFinal: true, message: 'the address may not be asked, or is none' };
    case 'Timeout':
      return { kind: 'failed', isFinal: false, message: 'there was no answer in time' };
    case 'TooLarge':
      return { kind: 'failed', isFinal: true, message: 'the answer is too long' };
    default:
      return { kind: 'failed', isFinal: false, message: `the service could not be reached (${code})` };
  }
}
