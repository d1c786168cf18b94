import type { ErrorCode } from '../../base/error.ts';
import { assessStatus, type AnyNotificationService, type Dispatch } from '../../providers/notifications/contract.ts';
import type { HttpPort } from '../http-port.ts';
import type { Attempt } from './delivery-queue.ts';
import type { MailPort } from './send-mail.ts';

/** What notifications are sent with. */
export interface SendPorts {
  readonly http: HttpPort;
  readonly mail: MailPort;
}

/** Sends what a service composed and lets it judge the answer. No message shows what was sent, or what was answered. */
export async function sendDispatch(
  dispatch: Dispatch,
  service: AnyNotificationService,
  { http, mail }: SendPorts,
  signal: AbortSignal,
): Promise<Attempt> {
  if (dispatch.kind === 'mail') return mail.send(dispatch.mail, signal);
  const answer = await http.send(dispatch.request, signal);
  if (answer.kind === 'failure') return failure(answer.code);
  const outcome = service.assess?.(answer) ?? assessStatus(answer);
  const { retryAfterMs } = answer;
  return outcome.kind === 'sent' || retryAfterMs === undefined ? outcome : { ...outcome, retryAfterMs };
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
