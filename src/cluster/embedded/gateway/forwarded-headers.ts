import type { IncomingMessage } from 'node:http';

import type { HeaderPair } from './request-filter.ts';

/** Headers that concern one connection only and are never passed on (RFC 9110 section 7.6.1). */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** The headers of a message as it came, without those that concern the connection only. */
export function endToEndHeaders(message: IncomingMessage): readonly HeaderPair[] {
  const named = (message.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const pairs: HeaderPair[] = [];
  for (let index = 0; index + 1 < message.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = message.rawHeaders.slice(index, index + 2);
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && !named.includes(lower)) pairs.push([name, value]);
  }
  return pairs;
}

/** The headers of a request on its way to a pod: end to end, who asked for it, and how its body is framed. */
export function upstreamHeaders(incoming: IncomingMessage, isUpgrade: boolean): readonly HeaderPair[] {
  const { headers, socket } = incoming;
  // The gateway itself has answered "Expect: 100-continue".
  const pairs = endToEndHeaders(incoming).filter(([name]) => !replacedNames.has(name.toLowerCase()));
  const forwardedFor = headers['x-forwarded-for'];
  const chain = typeof forwardedFor === 'string' ? `${forwardedFor}, ` : '';
  const added: HeaderPair[] = [
    ['X-Forwarded-For', `${chain}${socket.remoteAddress ?? 'unknown'}`],
    ['X-Forwarded-Proto', headers['x-forwarded-proto']?.toString() ?? 'http'],
    ['X-Forwarded-Host', headers['x-forwarded-host']?.toString() ?? headers.host ?? ''],
  ];
  if (headers['transfer-encoding'] !== undefined) added.push(['Transfer-Encoding', 'chunked']);
  if (isUpgrade) added.push(['Connection', 'Upgrade'], ['Upgrade', headers.upgrade ?? '']);
  return [...pairs, ...added];
}

const replacedNames: ReadonlySet<string> = new Set([
  'expect',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
]);
