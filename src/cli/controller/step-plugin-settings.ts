import { listOf, optionalRecord, textOf } from '../../api/json-access.ts';
import { parseDuration } from '../../base/duration.ts';
import { SluiceError } from '../../base/error.ts';

/** One step plug-in as the settings of the controller have it. */
export type StepPluginSetting =
  | { readonly kind: 'disabled'; readonly name: string }
  | {
      readonly kind: 'http';
      readonly name: string;
      readonly url: string;
      readonly timeoutMs: number;
      readonly secret: SecretKey;
    }
  | {
      readonly kind: 'module';
      readonly name: string;
      /** As written: relative to the file of the settings. */
      readonly path: string;
      /** SHA-256 of its bytes, 64 hexadecimal digits; undefined: not checked. */
      readonly sha256: string | undefined;
      readonly timeoutMs: number;
    };

/** A key of a Secret. */
export interface SecretKey {
  readonly name: string;
  /** The controller's own when undefined. */
  readonly namespace: string | undefined;
  readonly key: string;
}

const [timeoutMsDefault, timeoutMsMax] = [10_000, 60_000];
const pluginsMax = 100;
const namePattern = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;
/** Names of plug-ins that are built in. */
const ownDomain = 'sluice.dev/';

/** Reads the parsed file of step plug-ins. Fails with Usage that names the entry, the field and what would be right. */
export function readStepPluginSettings(content: unknown, file: string): readonly StepPluginSetting[] {
  if (content === null || content === undefined) return [];
  if (!Array.isArray(content)) throw wrong(file, 'must be a list of plug-ins');
  if (content.length > pluginsMax) throw wrong(file, `has ${content.length} plug-ins; at most ${pluginsMax} are taken`);
  const settings = listOf(content).map((entry, index) => readEntry(entry, `${file}: [${index}]`));
  const names = settings.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw wrong(file, `names "${twice}" twice`);
  return settings;
}

const fields: ReadonlySet<string> = new Set([
  'name',
  'url',
  'module',
  'sha256',
  'secret',
  'timeout',
  'allowHttp',
  'disabled',
]);

function readEntry(entry: unknown, at: string): StepPluginSetting {
  const given = optionalRecord(entry);
  if (given === undefined) throw wrong(at, 'must be an object with name, and url or module');
  const unknown = Object.keys(given).find((field) => !fields.has(field));
  if (unknown !== undefined) throw wrong(`${at}.${unknown}`, `is not known; there are ${[...fields].join(', ')}`);
  const name = textOf(given['name']);
  if (!namePattern.test(name)) throw wrong(`${at}.name`, `"${name}" must look like example.com/smoke-test`);
  if (name.startsWith(ownDomain)) throw wrong(`${at}.name`, `"${name}": names below ${ownDomain} are built in`);
  if (switchOf(given['disabled'], `${at}.disabled`)) return { kind: 'disabled', name };
  const timeoutMs = timeoutOf(given['timeout'], `${at}.timeout`);
  const [url, module] = [given['url'], given['module']].map(textOf);
  if ((url === '') === (module === '')) throw wrong(at, 'needs url or module, one of them');
  if (module !== undefined && module !== '') {
    return { kind: 'module', name, path: module, sha256: digestOf(given['sha256'], `${at}.sha256`), timeoutMs };
  }
  const allowHttp = switchOf(given['allowHttp'], `${at}.allowHttp`);
  const secret = secretOf(given['secret'], `${at}.secret`);
  return { kind: 'http', name, url: urlOf(url ?? '', allowHttp, `${at}.url`), timeoutMs, secret };
}

function urlOf(text: string, allowHttp: boolean, at: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') throw wrong(at, `"${text}" is no URL with https://`);
  if (url.protocol === 'http:' && !allowHttp) {
    throw wrong(at, `"${text}" is not encrypted; use https://, or allowHttp: true where nobody can listen`);
  }
  if (url.username !== '' || url.password !== '') throw wrong(at, 'must have no user or password in it');
  return text;
}

function secretOf(value: unknown, at: string): SecretKey {
  const { name, namespace, key } = optionalRecord(value) ?? {};
  if (textOf(name) === '' || textOf(key) === '') {
    throw wrong(at, 'is needed to sign requests: give name and key of a Secret, and its namespace when it is another');
  }
  return { name: textOf(name), namespace: textOf(namespace) === '' ? undefined : textOf(namespace), key: textOf(key) };
}

function timeoutOf(value: unknown, at: string): number {
  if (value === undefined) return timeoutMsDefault;
  const timeout = parseDuration(textOf(value));
  if (!timeout.ok) throw wrong(at, timeout.error);
  if (timeout.value < 1 || timeout.value > timeoutMsMax) throw wrong(at, 'must be more than 0 and at most 60s');
  return timeout.value;
}

function digestOf(value: unknown, at: string): string | undefined {
  if (value === undefined) return undefined;
  const digest = textOf(value).toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(digest)) throw wrong(at, 'must be 64 hexadecimal digits');
  return digest;
}

function switchOf(value: unknown, at: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw wrong(at, 'must be true or false');
}

function wrong(at: string, problem: string): SluiceError {
  return new SluiceError('Usage', `${at}: ${problem}`);
}
