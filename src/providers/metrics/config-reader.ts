import { invalid, notSupported, required, type FieldError, type FieldErrors } from '../../api/field-error.ts';
import { optionalRecord, recordOf, type JsonRecord } from '../../api/json-access.ts';
import type { Json } from '../../api/object.ts';
import { formatDuration, parseDuration } from '../../base/duration.ts';
import type { Result } from '../../base/result.ts';

/** Bounds; `more` and `less` exclude the bound itself. Without `initial` the field is required. */
export interface NumberRange {
  readonly more?: number;
  readonly min?: number;
  readonly less?: number;
  readonly max?: number;
  readonly initial?: number;
}

/** Bounds of a duration in milliseconds, both inclusive. Without `initialMs` the field is required. */
export interface DurationRange {
  readonly minMs: number;
  readonly maxMs: number;
  readonly initialMs?: number;
}

/**
 * Reads the fields of a provider's configuration. Each getter answers with a usable value in any case and remembers
 * what was wrong, so that all mistakes are told at once. Numbers and flags may be written as text, because arguments
 * are put in as text. A field that is null counts as absent.
 */
export class ConfigReader {
  readonly #path: string;
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #errors: FieldError[] = [];
  readonly #nested: ConfigReader[] = [];
  readonly #asked = new Set<string>();

  constructor(configuration: unknown, path = '') {
    const record = optionalRecord(configuration ?? {});
    const given = ([, value]: [string, unknown]): boolean => value !== null && value !== undefined;
    this.#path = path;
    this.#values = new Map(Object.entries(record ?? {}).filter(given));
    if (record === undefined) this.#errors.push(invalid(path, configuration, 'it must be an object'));
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The members of an object inside, without asking for any of them. */
  peek(name: string): JsonRecord {
    return recordOf(this.#values.get(name));
  }

  number(name: string, range: NumberRange): number {
    const { initial = Number.NaN } = range;
    const value = this.#get(name);
    if (value === undefined) {
      if (range.initial === undefined) this.#errors.push(required(this.#field(name), `give ${describeRange(range)}`));
      return initial;
    }
    const parsed = numberFrom(value);
    return isInRange(parsed, range) ? parsed : this.#reject(name, `it must be ${describeRange(range)}`, initial);
  }

  integer(name: string, range: { readonly min: number; readonly max: number; readonly initial: number }): number {
    const value = this.number(name, range);
    return Number.isInteger(value) ? value : this.#reject(name, 'it must be a whole number', range.initial);
  }

  duration(name: string, { minMs, maxMs, initialMs = Number.NaN }: DurationRange): number {
    const text = this.text(name, Number.isNaN(initialMs) ? '' : formatDuration(initialMs));
    const parsed = parseDuration(text);
    if (!parsed.ok) return this.#reject(name, parsed.error, initialMs);
    if (parsed.value >= minMs && parsed.value <= maxMs) return parsed.value;
    return this.#reject(name, `it must be from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`, initialMs);
  }

  text(name: string, initial: string): string {
    const value = this.#get(name) ?? initial;
    return typeof value === 'string' ? value : this.#reject(name, 'it must be a text', initial);
  }

  /** A text that no mistake shows: it may come from a Secret. Blanks at its ends do not count. */
  secret(name: string): string {
    const value = this.#get(name) ?? '';
    if (typeof value === 'string') return value.trim();
    this.#errors.push(invalid(this.#field(name), undefined, 'it must be a text'));
    return '';
  }

  flag(name: string, initial: boolean): boolean {
    const value = this.#get(name) ?? initial;
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    return this.#reject(name, 'it must be true or false', initial);
  }

  choice<const Choice extends string>(name: string, choices: readonly Choice[], initial: Choice): Choice {
    const value = this.#get(name) ?? initial;
    const chosen = choices.find((one) => one === value);
    if (chosen === undefined) this.#errors.push(notSupported(this.#field(name), value, choices));
    return chosen ?? initial;
  }

  /** The path of a URL, with a query if wanted. */
  urlPath(name: string, initial: string): string {
    const value = this.text(name, initial);
    if (/^\/[\x21\x22\x24-\x7e]*$/.test(value)) return value;
    return this.#reject(name, 'it must start with "/" and hold no blanks and no "#", such as "/metrics"', initial);
  }

  /** The address of something that is reached over HTTP; undefined after a mistake. */
  httpUrl(name: string, initial?: string): URL | undefined {
    const value = this.#get(name) ?? initial ?? '';
    if (value === '') {
      this.#errors.push(required(this.#field(name), 'give a URL such as "http://metrics.example:9090"'));
      return undefined;
    }
    const url = typeof value === 'string' && URL.canParse(value.trim()) ? new URL(value.trim()) : undefined;
    if (url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
    // Its query may hold a key.
    this.#errors.push(invalid(this.#field(name), undefined, 'it must be a URL that begins with http:// or https://'));
    return undefined;
  }

  /** A text with a syntax of its own; undefined after a mistake. */
  parsed<Value>(name: string, initial: string, parse: (text: string) => Result<Value, string>): Value | undefined {
    const value = this.#get(name) ?? initial;
    if (typeof value !== 'string') return this.#reject(name, 'it must be a text', undefined);
    const result = parse(value);
    return result.ok ? result.value : this.#reject(name, result.error, undefined);
  }

  /** An object inside, empty when absent; its mistakes are told here too. */
  nested(name: string): ConfigReader {
    const reader = new ConfigReader(this.#get(name), this.#field(name));
    this.#nested.push(reader);
    return reader;
  }

  /** The objects in a list, none when absent; their mistakes are told here too. */
  items(name: string): readonly ConfigReader[] {
    const readers = this.#list(name).map((value, index) => new ConfigReader(value, `${this.#field(name)}[${index}]`));
    this.#nested.push(...readers);
    return readers;
  }

  /** The texts in a list, none when absent. */
  texts(name: string): readonly string[] {
    const values = this.#list(name);
    if (values.every((value) => typeof value === 'string')) return values;
    return this.#reject(name, 'it must be a list of texts', []);
  }

  /** Any JSON; undefined when absent. */
  json(name: string): Json | undefined {
    // A configuration is JSON all the way down.
    return this.#get(name) as Json | undefined;
  }

  /** Adds a mistake without showing the value. */
  refuse(name: string, detail: string): void {
    this.#errors.push(invalid(this.#field(name), undefined, detail));
  }

  /** Adds a mistake that shows only in the light of other fields. */
  contradict(name: string, detail: string): void {
    this.#errors.push(invalid(this.#field(name), this.#values.get(name), detail));
  }

  errors(): FieldErrors {
    return [...this.#errors, ...this.#nested.flatMap((reader) => reader.errors())];
  }

  /** Paths of the fields that nobody asked for, once everything was read. */
  unknownFields(): readonly string[] {
    const own = [...this.#values.keys()].filter((name) => !this.#asked.has(name)).map((name) => this.#field(name));
    return [...own, ...this.#nested.flatMap((reader) => reader.unknownFields())];
  }

  #list(name: string): readonly unknown[] {
    const value = this.#get(name) ?? [];
    return Array.isArray(value) ? value : this.#reject(name, 'it must be a list', []);
  }

  #get(name: string): unknown {
    this.#asked.add(name);
    return this.#values.get(name);
  }

  #field(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  #reject<Value>(name: string, detail: string, instead: Value): Value {
    this.contradict(name, detail);
    return instead;
  }
}

function numberFrom(value: unknown): number {
  if (typeof value === 'number') return value;
  const isNumber = typeof value === 'string' && /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(value);
  return isNumber ? Number(value) : Number.NaN;
}

function isInRange(value: number, { more, min, less, max }: NumberRange): boolean {
  return (
    Number.isFinite(value) &&
    value > (more ?? -Infinity) &&
    value >= (min ?? -Infinity) &&
    value < (less ?? Infinity) &&
    value <= (max ?? Infinity)
  );
}

function describeRange({ more, min, less, max }: NumberRange): string {
  const parts = [
    ...(more === undefined ? [] : [`more than ${more}`]),
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(less === undefined ? [] : [`less than ${less}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
  ];
  return `a number${parts.length === 0 ? '' : ` ${parts.join(' and ')}`}`;
}
