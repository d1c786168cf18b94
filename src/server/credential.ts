import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Who calls. A viewer only reads; an operator also commands. */
export interface Identity {
  readonly name: string;
  readonly role: 'viewer' | 'operator';
}

/** A bearer token by its digest, and whose it is. */
export interface Credential {
  readonly digest: Uint8Array;
  readonly identity: Identity;
}

const tokenBytes = 32;

/** Makes a token that nobody can guess: 256 random bits as base64url text. */
export function makeToken(): string {
  return randomBytes(tokenBytes).toString('base64url');
}

/** The credential of a token. The token itself is not kept. */
export function credentialOf(token: string, identity: Identity): Credential {
  return { digest: digestOf(token), identity };
}

const bearer = /^Bearer ([A-Za-z0-9\-._~+/]{1,512}=*)$/i;

/**
 * Whose token an Authorization header carries; undefined when it is nobody's. Takes the same time for every token, as
 * digests of equal length are compared with all credentials.
 */
export function authenticate(header: string | undefined, credentials: readonly Credential[]): Identity | undefined {
  const token = bearer.exec(header ?? '')?.[1];
  if (token === undefined) return undefined;
  const digest = digestOf(token);
  return credentials.filter((credential) => timingSafeEqual(credential.digest, digest))[0]?.identity;
}

function digestOf(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}
