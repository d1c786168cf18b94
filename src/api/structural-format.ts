/** The text formats that are checked, by their names without dashes. Others are named by `isUncheckedFormat`. */
export const formatChecks: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['datetime', isDateTime],
  ['date', isDate],
  ['uuid', (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text)],
  ['ipv4', (text) => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text)],
  ['password', () => true],
]);

/** Formats that the API server checks too, but this code does not. Any other format is only a hint there. */
const uncheckedFormats: ReadonlySet<string> = new Set(
  (
    'bsonobjectid uri email hostname ipv6 cidr mac uuid3 uuid4 uuid5 isbn isbn10 isbn13 creditcard ssn hexcolor ' +
    'rgbcolor byte duration k8sshortname k8slongname'
  ).split(' '),
);

/** The name under which a format is looked up. */
export function formatName(format: string): string {
  return format.replaceAll('-', '');
}

/** True for a format that the API server would check and this code cannot. */
export function isUncheckedFormat(format: string): boolean {
  return uncheckedFormats.has(formatName(format));
}

const dateTime = /^([^t]*)t([0-9]{2}):([0-9]{2}):([0-9]{2})(?:.[0-9]+)?(?:z|[+-][0-9]{2}:[0-9]{2})$/;

/** As k8s.io/kube-openapi checks it, which is a little laxer than RFC 3339. */
function isDateTime(text: string): boolean {
  const parts = dateTime.exec(text.toLowerCase());
  if (parts === null) return false;
  const [, date = '', hour = '', minute = '', second = ''] = parts;
  return isDate(date) && hour <= '23' && minute <= '59' && second <= '59';
}

function isDate(text: string): boolean {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (parts === null) return false;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day >= 1 && day <= days;
}
