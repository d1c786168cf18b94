import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

import { withDeadline, type Clock } from '../../base/clock.ts';
import { SluiceError } from '../../base/error.ts';
import type { DeliveryOutcome, Mail } from '../../providers/notifications/contract.ts';
import { createHttpPolicy, type HttpPolicy } from '../http-policy.ts';

/** How letters are sent. Never rejects. */
export interface MailPort {
  send(mail: Mail, signal: AbortSignal): Promise<DeliveryOutcome>;
}

/** From the first byte to the last. */
const timeoutMs = 30_000;
/** The port on which everything is encrypted from the start. */
const encryptedPort = 465;

/**
 * Sends letters by SMTP on the real network. With a login the connection must be encrypted, unless the server is on
 * this machine. It goes only where the policy lets it. What fails is told by codes only: answers of servers may repeat
 * what they were sent.
 */
export function createMailPort(clock: Clock, policy = everywhere, resolve = resolveHost): MailPort {
  return {
    async send(mail, signal) {
      const onTimeout = (): SluiceError => new SluiceError('Timeout', 'the mail server did not answer in time');
      try {
        return await withDeadline(clock, timeoutMs, signal, () => sendOnce(mail, policy, resolve), onTimeout);
      } catch (error) {
        return failure(error);
      }
    },
  };
}

async function sendOnce(mail: Mail, policy: HttpPolicy, resolve: ResolveHost): Promise<DeliveryOutcome> {
  const { host, port, insecure, login } = mail;
  const place = await placeOf(host, policy, resolve);
  if ('kind' in place) return place;
  // Most controllers send no letters.
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    // The address that was looked at, so that the name cannot mean another one a moment later.
    host: place.address,
    port,
    secure: port === encryptedPort,
    requireTLS: login !== undefined && !isThisMachine(host),
    ...(login === undefined ? {} : { auth: { user: login.username, pass: login.password } }),
    tls: { rejectUnauthorized: !insecure, ...(isIP(host) === 0 ? { servername: host } : {}) },
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // A letter is what it is given, never a file or an address to fetch from.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({
      from: mail.from,
      to: mail.to,
      subject: mail.subject,
      ...(mail.isHtml ? { html: mail.body } : { text: mail.body }),
      messageId: `<${mail.id}@sluice>`,
    });
    return { kind: 'sent' };
  } finally {
    transport.close();
  }
}

/** Where letters may go unless something else is said. */
const everywhere = createHttpPolicy({ loopback: 'allow' });

/** All addresses of a host. */
type ResolveHost = (host: string) => Promise<readonly { readonly address: string }[]>;

const resolveHost: ResolveHost = (host) => lookup(host, { all: true });

/** The address of a mail server, if a letter may go there; else why not. */
async function placeOf(
  host: string,
  policy: HttpPolicy,
  resolve: ResolveHost,
): Promise<{ readonly address: string } | DeliveryOutcome> {
  const url = URL.parse(`https://${isIP(host) === 6 ? `[${host}]` : host}/`);
  const refused = { kind: 'failed', isFinal: true, message: 'the mail server may not be asked, or is none' } as const;
  if (url === null || policy.refuseUrl(url) !== undefined) return refused;
  let addresses: readonly { readonly address: string }[];
  try {
    addresses = isIP(host) === 0 ? await resolve(host) : [{ address: host }];
  } catch {
    return { kind: 'failed', isFinal: false, message: 'the name of the mail server is not known' };
  }
  if (addresses.some(({ address }) => policy.refuseAddress(address) !== undefined)) return refused;
  return addresses[0] ?? { kind: 'failed', isFinal: false, message: 'the mail server has no address' };
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Replies from 500 on are for good (RFC 5321, section 4.2.1). */
function failure(error: unknown): DeliveryOutcome {
  if (error instanceof SluiceError) return { kind: 'failed', isFinal: false, message: error.message };
  const { responseCode, code } = error as { readonly responseCode?: number; readonly code?: string };
  const told = [code, responseCode].filter((part) => part !== undefined).join(' ');
  const isFinal = responseCode !== undefined && responseCode >= 500;
  return {
    kind: 'failed',
    isFinal,
    message: `the letter was not taken: ${told === '' ? 'for an unknown reason' : told}`,
  };
}
