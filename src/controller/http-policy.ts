import { BlockList, isIP } from 'node:net';

/**
 * Where requests of metrics may go. Whoever writes a template names the URL, but it is the controller that sends the
 * request, from inside the network: without a policy a tenant could read what only the controller can reach.
 */
export interface HttpPolicy {
  /** Why nothing is sent to this URL whatever its host's address is; undefined when that is allowed. */
  refuseUrl(url: URL): string | undefined;
  /** Why no connection is made to this IP address; undefined when it is allowed. */
  refuseAddress(address: string): string | undefined;
}

/** What a policy is made from. Link-local addresses, and with them those of cloud metadata, are never allowed. */
export interface HttpPolicyOptions {
  /** The machine's own addresses: `allow` only where everything that is measured runs on this machine. */
  readonly loopback: 'allow' | 'deny';
  /** If given, no other hosts are asked: names, IP addresses, or `*.example.com` for all names below one. */
  readonly hosts?: readonly string[];
  /** IP addresses that are never asked besides, e.g. that of the API server. */
  readonly forbiddenAddresses?: readonly string[];
  /** Only URLs that begin with https:// are asked. */
  readonly secureOnly?: boolean;
}

type Subnet = readonly [address: string, prefix: number, family: 'ipv4' | 'ipv6'];

const loopback = blockListOf([
  ['127.0.0.0', 8, 'ipv4'],
  ['::1', 128, 'ipv6'],
]);

/** Addresses of no machine: they reach this one, or many at once. */
const unspecific = blockListOf([
  ['0.0.0.0', 8, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['224.0.0.0', 3, 'ipv4'],
  ['ff00::', 8, 'ipv6'],
]);

/** Link-local addresses, and those at which clouds tell secrets to whoever asks. */
export const neverAsked: readonly Subnet[] = [
  ['169.254.0.0', 16, 'ipv4'],
  ['fe80::', 10, 'ipv6'],
  ['fd00:ec2::', 32, 'ipv6'],
  ['100.100.100.200', 32, 'ipv4'],
  ['168.63.129.16', 32, 'ipv4'],
  ['192.0.0.192', 32, 'ipv4'],
];
const local = blockListOf(neverAsked);

/** The API server under its names in a cluster. */
const apiServerName = /^kubernetes(?:\.default(?:\.svc(?:\..+)?)?)?$/;

/** Makes a policy. */
export function createHttpPolicy(options: HttpPolicyOptions): HttpPolicy {
  const forbidden = blockListOf((options.forbiddenAddresses ?? []).map(single));
  const hosts = options.hosts?.map((host) => host.toLowerCase());
  const refuseAddress = (address: string): string | undefined => {
    for (const candidate of [address, ...embeddedAddresses(address)]) {
      const reason = addressReason(candidate, options.loopback, forbidden);
      if (reason !== undefined) return `${address} is ${reason}, which metrics may not ask`;
    }
    return undefined;
  };
  return {
    refuseAddress,
    refuseUrl(url) {
      const host = hostOf(url);
      if (url.protocol !== 'https:' && options.secureOnly === true) return 'only https:// is allowed here';
      if (hosts !== undefined && !hosts.some((allowed) => isCovered(host, allowed))) {
        return `the host "${host}" is not among those that metrics may ask: ${hosts.join(', ')}`;
      }
      if (apiServerName.test(host)) return 'metrics may not ask the API server of the cluster';
      return isIP(host) === 0 ? undefined : refuseAddress(host);
    },
  };
}

/** The name or address of a URL's host, without brackets and without the dot that may end a name. */
export function hostOf({ hostname }: URL): string {
  return hostname
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
}

function addressReason(address: string, own: 'allow' | 'deny', forbidden: BlockList): string | undefined {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(address) === 0) return 'no IP address';
  if (local.check(address, family)) return 'a link-local or metadata address';
  if (unspecific.check(address, family)) return 'not the address of one machine';
  if (forbidden.check(address, family)) return 'a forbidden address';
  return own === 'deny' && loopback.check(address, family) ? "one of the controller's own addresses" : undefined;
}

function isCovered(host: string, allowed: string): boolean {
  return allowed.startsWith('*.') ? host.endsWith(allowed.slice(1)) : host === allowed;
}

function single(address: string): Subnet {
  return isIP(address) === 6 ? [address, 128, 'ipv6'] : [address, 32, 'ipv4'];
}

function blockListOf(subnets: readonly Subnet[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix, family] of subnets) list.addSubnet(address, prefix, family);
  return list;
}

/** Prefixes in front of an IPv4 address: mapped and translated ones, and 6to4 (RFC 4291, 6052, 3056). */
const embeddings: readonly { readonly prefix: readonly number[]; readonly at: number }[] = [
  { prefix: [0, 0, 0, 0, 0, 0xff_ff], at: 6 },
  { prefix: [0, 0, 0, 0, 0, 0], at: 6 },
  { prefix: [0x64, 0xff_9b, 0, 0, 0, 0], at: 6 },
  { prefix: [0x20_02], at: 1 },
];

/** The IPv4 addresses that an IPv6 address stands for. */
function embeddedAddresses(address: string): readonly string[] {
  const groups = isIP(address) === 6 ? groupsOf(address) : [];
  return embeddings.flatMap(({ prefix, at }) => {
    const [high, low] = [groups[at], groups[at + 1]];
    const fits = prefix.every((group, index) => groups[index] === group);
    return fits && high !== undefined && low !== undefined && high + low > 1
      ? [[high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')]
      : [];
  });
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const [plain = ''] = address.split('%');
  // A URL knows only one way to write an address, with its last part in the form of IPv6 too.
  const written = hostOf(new URL(`http://[${plain}]`));
  const [before = '', after] = written.split('::');
  const numbers = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  if (after === undefined) return numbers(before);
  const [head, tail] = [numbers(before), numbers(after)];
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}
