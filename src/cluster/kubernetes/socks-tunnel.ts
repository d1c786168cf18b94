import type { Socket } from 'node:net';

import { messageOf } from '../../base/error.ts';

/** Where a tunnel leads. */
export interface TunnelEnd {
  /** A name, which the proxy looks up, or an address. */
  readonly host: string;
  readonly port: number;
}

/** Longest time in which a proxy may reach the other end. Requests have shorter deadlines of their own. */
const openTimeoutMs = 30_000;
const portDefault = 1080;

/** Whether a proxy is spoken to by SOCKS5. Both schemes let the proxy look names up, as in other Kubernetes clients. */
export function isSocks({ protocol }: URL): boolean {
  return protocol === 'socks5:' || protocol === 'socks5h:';
}

/**
 * Opens a connection through a SOCKS5 proxy (RFC 1928), as whom its URL names (RFC 1929). Rejects with an error whose
 * code is ERR_PROXY_TUNNEL.
 */
export async function openSocksTunnel(proxy: URL, { host, port }: TunnelEnd): Promise<Socket> {
  // Few clusters are behind such a proxy: the others do not load it.
  const { SocksClient } = await import('socks');
  try {
    const { socket } = await SocksClient.createConnection({
      command: 'connect',
      proxy: { type: 5, host: bareHost(proxy.hostname), port: Number(proxy.port || portDefault), ...userOf(proxy) },
      destination: { host, port },
      timeout: openTimeoutMs,
      set_tcp_nodelay: true,
    });
    return socket;
  } catch (error) {
    // The error of the client shows the password of the proxy, so only its words go on.
    throw Object.assign(new Error(messageOf(error)), { code: 'ERR_PROXY_TUNNEL' });
  }
}

function userOf({ username, password }: URL): { readonly userId?: string; readonly password?: string } {
  if (username === '') return {};
  return { userId: decodeURIComponent(username), password: decodeURIComponent(password) };
}

function bareHost(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
