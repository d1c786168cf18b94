import type { FieldErrors } from '../../api/field-error.ts';
import type { Json } from '../../api/object.ts';
import type { Result } from '../../base/result.ts';
import type { MetricRequest } from '../metrics/contract.ts';

/**
 * One kind of service that notifications go to, as a translation between its configuration, a notification and one
 * request. It is pure: the controller sends the request, with deadlines, limits and repetitions, and hands the answer
 * back to be judged.
 */
export interface NotificationService<Config> {
  /** The kind in the key `service.<kind>` or `service.<kind>.<name>` of the ConfigMap. */
  readonly type: string;
  /** Reads a configuration, with its secrets filled in, and names every mistake at once. No mistake shows a secret. */
  parse(configuration: Json): Result<Config, FieldErrors>;
  /** What is to be sent to one recipient; fails with a reason that shows no secret. */
  compose(config: Config, notification: Notification, occasion: Occasion): Result<Dispatch, string>;
  /** What the answer to a request means. Unless given, a status of 2xx is success. */
  assess?(answer: ServiceAnswer): DeliveryOutcome;
}

/** A service whose types the controller need not know: it hands back the configuration that it was given. */
export type AnyNotificationService = NotificationService<unknown>;

/** A notification with its texts filled in. */
export interface Notification {
  readonly message: string;
  /** What templates say for one kind of service only, by that kind, e.g. `slack`. */
  readonly parts: Readonly<Record<string, Json>>;
}

/** For whom and when. */
export interface Occasion {
  readonly destination: Destination;
  /** The same for every attempt at one delivery, and different for any two deliveries. */
  readonly id: string;
  readonly nowMs: number;
}

/** Somebody at a service, named as in the configuration. */
export interface Destination {
  readonly service: string;
  readonly recipient: string;
}

/** What is sent. */
export type Dispatch =
  /** With a thread, `request` begins it; if it was begun before, the thread says what is sent instead. */
  | { readonly kind: 'http'; readonly request: MetricRequest; readonly thread?: Thread }
  | { readonly kind: 'mail'; readonly mail: Mail };

/** Messages that belong together where they are read. */
export interface Thread {
  /** The same for all of them, among those to one recipient. */
  readonly key: string;
  /** Where the first message is, as the answer to it tells. */
  placeOf(answer: ServiceAnswer): MessagePlace | undefined;
  /** What is sent once there is a first message, one after the other. */
  follow(first: MessagePlace): readonly MetricRequest[];
  /** True when an answer says that the first message is gone: the thread is then begun anew. */
  isGone(answer: ServiceAnswer): boolean;
}

/** Where a message is. */
export interface MessagePlace {
  readonly channel: string;
  readonly id: string;
}

/** A letter and the server that takes it (SMTP). */
export interface Mail {
  readonly host: string;
  readonly port: number;
  /** The server need not prove by its certificate who it is. */
  readonly insecure: boolean;
  /** Absent: without logging in. */
  readonly login?: { readonly username: string; readonly password: string };
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly body: string;
  readonly isHtml: boolean;
  /** Identifies the letter, so that one that comes twice can be known. */
  readonly id: string;
}

/** An answer over HTTP. */
export interface ServiceAnswer {
  readonly status: number;
  readonly body: string;
}

/** What came of a delivery. `message` shows no secret and nothing of what was answered but its codes. */
export type DeliveryOutcome =
  | { readonly kind: 'sent' }
  /** `isFinal`: the same request can never succeed. */
  | { readonly kind: 'failed'; readonly isFinal: boolean; readonly message: string };

/** Bounds of every request to a service. */
export const requestBounds = { timeoutMs: 10_000, bodyBytesMax: 64 * 1024 } as const;

/** What a status means by itself (RFC 9110): what may pass is tried again. */
export function assessStatus({ status }: ServiceAnswer): DeliveryOutcome {
  if (status >= 200 && status < 300) return { kind: 'sent' };
  const mayPass = status === 408 || status === 425 || status === 429 || status >= 500;
  return { kind: 'failed', isFinal: !mayPass, message: `the answer has the status ${status}` };
}
