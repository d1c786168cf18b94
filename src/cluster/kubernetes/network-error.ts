import { SluiceError } from '../../base/error.ts';

const unsigned = "the server's certificate is not signed by the given authority";

/** Why TLS is refused, by either side. */
const refusals: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', "the server's certificate has expired"],
  ['CERT_NOT_YET_VALID', "the server's certificate is not valid yet: check the clocks"],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', unsigned],
  ['SELF_SIGNED_CERT_IN_CHAIN', unsigned],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', unsigned],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', unsigned],
  ['CERT_SIGNATURE_FAILURE', unsigned],
  ['ERR_TLS_CERT_ALTNAME_INVALID', "the server's certificate is for another name"],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'the server does not know who signed our certificate'],
  ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'the server refuses our certificate'],
  ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'our certificate has expired'],
  ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN', 'the server refuses our certificate'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'the server asks for a certificate'],
]);

/** What failures of the network and of TLS mean, in words that say what to look at. */
const meanings: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nothing listens there'],
  ['ENOTFOUND', 'its name is unknown'],
  ['EAI_AGAIN', 'its name cannot be looked up now'],
  ['ECONNRESET', 'the connection was cut'],
  ['EPIPE', 'the connection was cut'],
  ['ETIMEDOUT', 'the connection took too long'],
  ['EHOSTUNREACH', 'there is no way to the host'],
  ['ENETUNREACH', 'there is no way to the network'],
  ['ERR_PROXY_TUNNEL', 'the proxy does not let us through'],
  ...refusals,
]);

/** Whether TLS was refused, by either side, so that no request was taken. Another certificate may help. */
export function isCertificateRefusal(error: unknown): boolean {
  return refusals.has(codeOf(error) ?? '');
}

/** An error of the network as Unavailable: whether a write happened is open. `at` is where the request went. */
export function networkError(error: unknown, at: string): SluiceError {
  const code = codeOf(error);
  const told = error instanceof Error && error.message !== '' ? error.message : (code ?? String(error));
  const meaning = meanings.get(code ?? '');
  const message = meaning === undefined ? told : `${meaning} (${told})`;
  return new SluiceError('Unavailable', `the API server ${at} cannot be reached: ${message}`, { cause: error });
}

/** The code of an error of Node.js; of several addresses that were tried, the first one's. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const code = typeof error === 'object' && error !== null ? (error as { readonly code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : undefined;
}
