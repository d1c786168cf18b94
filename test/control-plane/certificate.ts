import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** A key pair with a certificate (RFC 5280, ECDSA P-256), both also as PEM text. */
export interface Certificate {
  readonly pem: string;
  readonly keyPem: string;
  readonly key: KeyObject;
  readonly subject: Subject;
  readonly keyIdentifier: Buffer;
}

/** Kubernetes reads a client's user name from the common name and its groups from the organizations. */
export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

/** What a certificate is for. A server's names are DNS names and IPv4 addresses. */
export type CertificateUse =
  | { readonly kind: 'authority' }
  | { readonly kind: 'client' }
  | { readonly kind: 'server'; readonly dnsNames: readonly string[]; readonly addresses: readonly string[] };

const lifetimeMsDefault = 30 * 24 * 3_600_000;
/** Clocks of one machine agree; a little room costs nothing. */
const backdateMs = 60_000;

const objectIds = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
  clientAuthentication: '1.3.6.1.5.5.7.3.2',
} as const;

/**
 * Makes a certificate signed by `authority`, or by itself without one. With a negative lifetime it has expired already.
 */
export function makeCertificate(
  subject: Subject,
  use: CertificateUse,
  authority?: Certificate,
  lifetimeMs = lifetimeMsDefault,
): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicDer = publicKey.export({ type: 'spki', format: 'der' });
  const keyIdentifier = createHash('sha1').update(publicDer).digest();
  const algorithm = sequence(objectId(objectIds.ecdsaWithSha256));
  const now = Date.now();
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    distinguishedName(authority?.subject ?? subject),
    sequence(time(now - backdateMs), time(now + lifetimeMs)),
    distinguishedName(subject),
    publicDer,
    tagged(0xa3, sequence(...extensions(use, keyIdentifier, authority?.keyIdentifier ?? keyIdentifier))),
  );
  const signature = sign('sha256', body, { key: authority?.key ?? privateKey, dsaEncoding: 'der' });
  const der = sequence(body, algorithm, bitString(signature));
  return {
    pem: `-----BEGIN CERTIFICATE-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`,
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    key: privateKey,
    subject,
    keyIdentifier,
  };
}

function extensions(use: CertificateUse, ownIdentifier: Buffer, issuerIdentifier: Buffer): Buffer[] {
  const common = [
    extension(objectIds.subjectKeyIdentifier, tagged(0x04, ownIdentifier), false),
    extension(objectIds.authorityKeyIdentifier, sequence(tagged(0x80, issuerIdentifier)), false),
  ];
  if (use.kind === 'authority') {
    return [
      extension(objectIds.basicConstraints, sequence(boolean(true)), true),
      // keyCertSign and cRLSign: bits 5 and 6, so one unused bit.
      extension(objectIds.keyUsage, tagged(0x03, Buffer.from([1, 0b0000_0110])), true),
      ...common,
    ];
  }
  const purpose = use.kind === 'server' ? objectIds.serverAuthentication : objectIds.clientAuthentication;
  const names =
    use.kind === 'server'
      ? [
          ...use.dnsNames.map((name) => tagged(0x82, Buffer.from(name, 'ascii'))),
          ...use.addresses.map((address) => tagged(0x87, Buffer.from(address.split('.').map(Number)))),
        ]
      : [];
  return [
    extension(objectIds.basicConstraints, sequence(), true),
    // digitalSignature: bit 0, so seven unused bits.
    extension(objectIds.keyUsage, tagged(0x03, Buffer.from([7, 0b1000_0000])), true),
    extension(objectIds.extendedKeyUsage, sequence(objectId(purpose)), false),
    ...(names.length > 0 ? [extension(objectIds.subjectAlternativeName, sequence(...names), false)] : []),
    ...common,
  ];
}

function extension(id: string, value: Buffer, critical: boolean): Buffer {
  return sequence(objectId(id), ...(critical ? [boolean(true)] : []), tagged(0x04, value));
}

function distinguishedName(subject: Subject): Buffer {
  const attribute = (id: string, text: string): Buffer =>
    tagged(0x31, sequence(objectId(id), tagged(0x0c, Buffer.from(text, 'utf8'))));
  return sequence(
    ...(subject.organizations ?? []).map((name) => attribute(objectIds.organization, name)),
    attribute(objectIds.commonName, subject.commonName),
  );
}

/** One DER element: tag, length, contents (X.690). */
function tagged(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 + bytes.length, ...bytes]);
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return tagged(0x30, ...contents);
}

/** A positive integer; the first byte must be below 0x80. */
function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function boolean(value: boolean): Buffer {
  return tagged(0x01, Buffer.from([value ? 0xff : 0]));
}

function bitString(bytes: Buffer): Buffer {
  return tagged(0x03, Buffer.from([0]), bytes);
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const group = [part % 128];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) group.unshift(128 + (left % 128));
    bytes.push(...group);
  }
  return tagged(0x06, Buffer.from(bytes));
}

/** UTCTime, which RFC 5280 asks for until 2049. */
function time(instantMs: number): Buffer {
  const text = new Date(instantMs).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
  return tagged(0x17, Buffer.from(`${text}Z`, 'ascii'));
}
