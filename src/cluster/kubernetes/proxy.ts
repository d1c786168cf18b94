import { BlockList, isIP } from 'node:net';

import { SluiceError } from '../../base/error.ts';
import { isSocks } from './socks-tunnel.ts';

/** Variables of the environment that name proxies, in either case, as most programs read them. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that requests to a server go through. What the kubeconfig names is always used; HTTPS_PROXY (or HTTP_PROXY
 * for plain servers) only when the host is not local and NO_PROXY does not list it. NO_PROXY holds host names (which
 * stand for their subdomains too), `.suffixes`, addresses, CIDR ranges, each with a port if wanted, or `*`. These are
 * the variables that other Kubernetes clients read, so ALL_PROXY is none of them.
 */
export function proxyFor(server: URL, named: URL | undefined, environment: ProxyEnvironment): URL | undefined {
  if (named !== undefined) return checked(named, "the kubeconfig's proxy-url");
  const variable = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const value = read(environment, variable);
  if (value === undefined || isExcepted(server, read(environment, 'NO_PROXY') ?? '')) return undefined;
  const text = value.includes('://') ? value : `http://${value}`;
  if (!URL.canParse(text)) throw new SluiceError('Usage', `${variable}: "${value}" is no URL`);
  return checked(new URL(text), variable);
}

function checked(proxy: URL, where: string): URL {
  if (proxy.protocol === 'http:' || proxy.protocol === 'https:' || isSocks(proxy)) return proxy;
  throw new SluiceError('Usage', `${where}: a proxy is reached by http:, https: or socks5:, not ${proxy.protocol}`);
}

function read(environment: ProxyEnvironment, variable: string): string | undefined {
  return environment[variable] || environment[variable.toLowerCase()] || undefined;
}

function isExcepted(server: URL, exceptions: string): boolean {
  const host = server.hostname.toLowerCase().replace(/^\[|\]$/g, '');
  if (host === 'localhost' || host.endsWith('.localhost') || isLoopback(host)) return true;
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  return exceptions
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return inRange(entry, host);
  if (isIP(entry) !== 0) return entry === host;
  const parts = /^\[?(?<name>[^\]]+?)\]?:(?<port>\d+)$/.exec(entry)?.groups;
  const { name = entry, port: entryPort } = parts ?? {};
  if (entryPort !== undefined && entryPort !== port) return false;
  const bare = name.replace(/^\*?\./, '');
  return host.endsWith(`.${bare}`) || (host === bare && !name.startsWith('.'));
}

function inRange(entry: string, host: string): boolean {
  const [address = '', bits = ''] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const range = new BlockList();
  range.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return range.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
