/**
 * The syntax of Kubernetes names. Each check returns everything that is wrong as sentence parts that start with "must";
 * an empty list means that the text is fine. Source: the Kubernetes documentation, "Object Names and IDs" and "Labels
 * and Selectors".
 */
type Problems = readonly string[];

const dnsLabelPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const dnsSubdomainPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const qualifiedPattern = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

/** A DNS label (RFC 1123): container, volume and namespace names. */
export function dnsLabelProblems(text: string): Problems {
  return [
    ...tooLong(text, 63),
    ...mismatch(
      dnsLabelPattern.test(text),
      'must consist of lower case letters, digits and "-", and start and end with a letter or digit, such as "my-name"',
    ),
  ];
}

/** A DNS subdomain (RFC 1123): names of most objects. */
export function dnsSubdomainProblems(text: string): Problems {
  return [
    ...tooLong(text, 253),
    ...mismatch(
      dnsSubdomainPattern.test(text),
      'must consist of lower case letters, digits, "-" and ".", and each part must start and end with a letter or ' +
        'digit, such as "my-name.example"',
    ),
  ];
}

/** A qualified name: keys of labels and annotations, `name` or `prefix/name`. */
export function qualifiedNameProblems(text: string): Problems {
  const parts = text.split('/');
  if (parts.length > 2) return ['must be a name, or a DNS prefix and a name with one "/" between them'];
  const name = parts.at(-1) ?? '';
  const prefixProblems = parts.length === 2 ? prefixProblem(parts[0] ?? '') : [];
  return [
    ...prefixProblems,
    ...(name === '' ? ['must have a name of at least one character'] : tooLong(name, 63)),
    ...mismatch(
      qualifiedPattern.test(name),
      'must consist of letters, digits, "-", "_" and ".", and start and end with a letter or digit, such as "MyName"',
    ),
  ];
}

/** The value of a label. */
export function labelValueProblems(text: string): Problems {
  return [
    ...tooLong(text, 63),
    ...mismatch(
      text === '' || qualifiedPattern.test(text),
      'must be empty or consist of letters, digits, "-", "_" and ".", and start and end with a letter or digit, such as ' +
        '"my_value"',
    ),
  ];
}

/** The name of a port (IANA service name). */
export function portNameProblems(text: string): Problems {
  return [
    ...tooLong(text, 15),
    ...mismatch(/^[-a-z0-9]+$/.test(text), 'must consist of lower case letters, digits and "-", such as "http"'),
    ...mismatch(/[a-z]/.test(text), 'must have at least one letter'),
    ...mismatch(!text.includes('--'), 'must not have "-" twice in a row'),
    ...mismatch(!/^-|-$/.test(text), 'must not start or end with "-"'),
  ];
}

/** A port number. */
export function portNumberProblems(port: number): Problems {
  return mismatch(Number.isInteger(port) && port >= 1 && port <= 65_535, 'must be between 1 and 65535');
}

/** The name of an environment variable. */
export function environmentNameProblems(text: string): Problems {
  return [
    ...mismatch(
      /^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(text),
      'must consist of letters, digits, "_", "-" and ".", and not start with a digit, such as "MY_NAME"',
    ),
    ...mismatch(text !== '.' && !text.startsWith('..'), 'must not be "." and not start with ".."'),
  ];
}

/** A key of a ConfigMap or Secret. */
export function dataKeyProblems(text: string): Problems {
  return [
    ...tooLong(text, 253),
    ...mismatch(
      /^[-._a-zA-Z0-9]+$/.test(text),
      'must consist of letters, digits, "-", "_" and ".", such as "app.conf"',
    ),
    ...mismatch(text !== '.' && !text.startsWith('..'), 'must not be "." and not start with ".."'),
  ];
}

function prefixProblem(prefix: string): Problems {
  if (prefix === '') return ['must have a DNS prefix before "/"'];
  return dnsSubdomainProblems(prefix).map((problem) => `has a prefix "${prefix}" that ${problem}`);
}

function tooLong(text: string, lengthMax: number): Problems {
  return mismatch(text.length <= lengthMax, `must be no more than ${lengthMax} characters`);
}

function mismatch(holds: boolean, problem: string): Problems {
  return holds ? [] : [problem];
}
