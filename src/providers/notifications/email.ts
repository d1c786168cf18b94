import type { FieldErrors } from '../../api/field-error.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from '../metrics/config-reader.ts';
import type { Mail, NotificationService } from './contract.ts';
import { partText } from './part-reader.ts';

/** The server that takes letters, and who writes them. */
export type EmailConfig = Pick<Mail, 'host' | 'port' | 'insecure' | 'login' | 'from' | 'isHtml'>;

const portMax = 65_535;

/** Letters, by SMTP (RFC 5321). The recipient is an address. */
export const email: NotificationService<EmailConfig> = {
  type: 'email',
  parse,
  compose(config, notification, { destination, id }) {
    if (!/^[^\s<>@]+@[^\s<>@]+$/.test(destination.recipient)) {
      return fail(`"${destination.recipient}" is no address such as "team@example.com"`);
    }
    const body = partText(notification, 'email', 'body');
    // A header is one line.
    const subject = partText(notification, 'email', 'subject').replaceAll(/\s+/g, ' ').trim();
    return succeed({
      kind: 'mail',
      mail: { ...config, to: destination.recipient, subject, body: body === '' ? notification.message : body, id },
    });
  },
};

function parse(configuration: Json): Result<EmailConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const host = fields.text('host', '').trim();
  if (!/^[\w.:-]+$/.test(host)) fields.contradict('host', 'give the name of a mail server');
  const from = fields.text('from', '').trim();
  if (!/^[^\r\n@]+@[^\s@]+$/.test(from)) fields.contradict('from', 'give an address such as "rollouts@example.com"');
  const username = fields.secret('username');
  const password = fields.secret('password');
  const config: EmailConfig = {
    host,
    port: fields.integer('port', { min: 1, max: portMax, initial: 587 }),
    insecure: fields.flag('insecure_skip_verify', false),
    ...(username === '' || password === '' ? {} : { login: { username, password } }),
    from,
    isHtml: fields.flag('html', false),
  };
  const errors = fields.errors();
  return errors.length > 0 ? fail(errors) : succeed(config);
}
