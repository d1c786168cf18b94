import type { ConfigReader } from './config-reader.ts';

/** Headers that say how a request is framed; whoever could set them could smuggle a second request in. */
const framing: ReadonlySet<string> = new Set(['connection', 'content-length', 'transfer-encoding', 'upgrade', 'te']);

/**
 * Reads a list of `{key, value}` under `name`; `keyName` is another word for `key`. Of two headers with the same name
 * the last one counts. Values may come from Secrets, so that no mistake shows one.
 */
export function readHeaders(
  fields: ConfigReader,
  name: string,
  keyName: 'key' | 'name' = 'key',
): Readonly<Record<string, string>> {
  const headers = new Map<string, string>();
  for (const item of fields.items(name)) {
    const key = item.text(keyName, '').trim().toLowerCase();
    const value = item.secret('value');
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(key)) item.contradict(keyName, 'it must be the name of an HTTP header');
    else if (framing.has(key)) item.contradict(keyName, 'this header is set by Sluice itself; leave it out');
    else if (!isHeaderValue(value)) item.refuse('value', 'an HTTP header holds no line breaks or control characters');
    else headers.set(key, value);
  }
  return Object.fromEntries(headers);
}

/** True for what may stand in a header: visible characters of one byte, blanks and tabs. */
export function isHeaderValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
