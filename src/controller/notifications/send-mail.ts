import { withDeadline, type Clock } from '../../base/clock.ts';
import { SluiceError } from '../../base/error.ts';
import type { DeliveryOutcome, Mail } from '../../providers/notifications/contract.ts';

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
 * this machine. What fails is told by codes only: answers of servers may repeat what they were sent.
 */
export function createMailPort(clock: Clock): MailPort {
  return {
    async send(mail, signal) {
      // Most controllers send no letters.
      const { createTransport } = await import('nodemailer');
      const { host, port, insecure, login } = mail;
      const transport = createTransport({
        host,
        port,
        secure: port === encryptedPort,
        requireTLS: login !== undefined && !isThisMachine(host),
        ...(login === undefined ? {} : { auth: { user: login.username, pass: login.password } }),
        tls: { rejectUnauthorized: !insecure },
        connectionTimeout: timeoutMs,
        greetingTimeout: timeoutMs,
        socketTimeout: timeoutMs,
        // A letter is what it is given, never a file or an address to fetch from.
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      const letter = {
        from: mail.from,
        to: mail.to,
        subject: mail.subject,
        ...(mail.isHtml ? { html: mail.body } : { text: mail.body }),
        messageId: `<${mail.id}@sluice>`,
      };
      try {
        const onTimeout = (): SluiceError => new SluiceError('Timeout', 'the mail server did not answer in time');
        await withDeadline(clock, timeoutMs, signal, () => transport.sendMail(letter), onTimeout);
        return { kind: 'sent' };
      } catch (error) {
        return failure(error);
      } finally {
        transport.close();
      }
    },
  };
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
