import { fail, succeed, type Result } from '../../base/result.ts';

/** An address from a Secret, without a slash at its end; `initial` when there is none. A bad one is not shown. */
export function secretUrl(secret: Readonly<Record<string, string>>, key: string, initial = ''): Result<string, string> {
  const text = (secret[key] ?? '').trim() || initial;
  const url = URL.parse(text);
  const isUsable = url !== null && ['http:', 'https:'].includes(url.protocol) && url.search === '' && url.hash === '';
  if (!isUsable) return fail(`the key "${key}" of the Secret must be a URL that begins with http:// or https://`);
  return succeed(url.href.replace(/\/+$/, ''));
}
