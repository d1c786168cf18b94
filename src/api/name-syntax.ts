/**
 * The syntax of Kubernetes names. Each check returns what is wrong as a sentence part that starts with "must", or
 * undefined when the text is fine. Source: the Kubernetes documentation, "Object Names and IDs" and "Labels and Selectors".
 */
type Problem = string | undefined;

const labelPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const serviceLabelPattern = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const subdomainPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const qualifiedPattern = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const portNamePattern = /^[-a-z0-9]+$/;

/** A DNS label (RFC 1123): container, volume and namespace names. */
export function dnsLabelProblem(text: string): Problem {
  if (text.length > 63) return 'must be no more than 63 characters';
  return labelPattern.test(text)
    ? undefined
    : 'must consist of lower case letters, digits and "-", and start and end with a letter or digit, such as "my-name"';
}

/** A DNS label that starts with a letter (RFC 1035): names of Services. */
export function serviceNameProblem(text: string): Problem {
  if (text.length > 63) return 'must be no more than 63 characters';
  return serviceLabelPattern.test(text)
    ? undefined
    : 'must start with a lower case letter and consist of lower case letters, digits and "-", such as "my-service"';
}

/** A DNS subdomain (RFC 1123): names of most objects. */
export function dnsSubdomainProblem(text: string): Problem {
  if (text.length > 253) return 'must be no more than 253 characters';
  return subdomainPattern.test(text)
    ? undefined
    : 'must consist of lower case letters, digits, "-" and ".", and each part must start and end with a letter or digit, such as "my-name.example"';
}

/** A qualified name: keys of labels and annotations, `name` or `prefix/name`. */
export function qualifiedNameProblem(text: string): Problem {
  const parts = text.split('/');
  if (parts.length > 2) return 'must be a name, or a DNS prefix and a name with one "/" between them';
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (prefix !== undefined && dnsSubdomainProblem(prefix) !== undefined) {
    return `must have a DNS subdomain before "/", such as "example.com/my-name"`;
  }
  if (name === '' || name.length > 63) return 'must have a name of 1 to 63 characters';
  return qualifiedPattern.test(name)
    ? undefined
    : 'must consist of letters, digits, "-", "_" and ".", and start and end with a letter or digit, such as "MyName"';
}

/** The value of a label. */
export function labelValueProblem(text: string): Problem {
  if (text.length > 63) return 'must be no more than 63 characters';
  return text === '' || qualifiedPattern.test(text)
    ? undefined
    : 'must be empty or consist of letters, digits, "-", "_" and ".", and start and end with a letter or digit, such as "my_value"';
}

/** The name of a port (IANA service name). */
export function portNameProblem(text: string): Problem {
  if (text.length > 15) return 'must be no more than 15 characters';
  if (!portNamePattern.test(text)) return 'must consist of lower case letters, digits and "-", such as "http"';
  if (!/[a-z]/.test(text)) return 'must have at least one letter';
  if (text.includes('--')) return 'must not have "-" twice in a row';
  return /^-|-$/.test(text) ? 'must not start or end with "-"' : undefined;
}

/** A port number. */
export function portNumberProblem(port: number): Problem {
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? undefined : 'must be between 1 and 65535';
}
