import type { Json } from '../../api/object.ts';

/** A piece of work with its beginning and end, as part of a trace. */
export interface Span {
  /** 32 hexadecimal digits, the same for all spans of one pass. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Absent for the pass itself. */
  readonly parentSpanId?: string;
  readonly name: string;
  /** Wall time in milliseconds since the epoch, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** What went wrong; absent when nothing did. */
  readonly error?: string;
}

/** Who traces. */
export interface TraceSource {
  readonly service: string;
  readonly version: string;
  /** Differs between any two processes. */
  readonly instance: string;
}

const internalKind = 1;
const errorStatus = 2;

/**
 * Spans as the body of an OTLP request (OpenTelemetry Protocol 1.x, ExportTraceServiceRequest in its JSON mapping: ids
 * are hexadecimal, 64-bit integers are texts).
 */
export function otlpBody(spans: readonly Span[], { service, version, instance }: TraceSource): Json {
  const resource = { 'service.name': service, 'service.version': version, 'service.instance.id': instance };
  return {
    resourceSpans: [
      {
        resource: { attributes: attributeList(resource) },
        scopeSpans: [{ scope: { name: 'sluice', version }, spans: spans.map(otlpSpan) }],
      },
    ],
  };
}

function otlpSpan({ traceId, spanId, parentSpanId, name, startMs, endMs, attributes, error }: Span): Json {
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind: internalKind,
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(endMs),
    attributes: attributeList(attributes),
    status: error === undefined ? {} : { code: errorStatus, message: error },
  };
}

function attributeList(attributes: Span['attributes']): Json {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: attributeValue(value) }));
}

function attributeValue(value: string | number | boolean): Json {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

function nanoseconds(instantMs: number): string {
  const whole = Math.floor(instantMs);
  return String(BigInt(whole) * 1_000_000n + BigInt(Math.round((instantMs - whole) * 1_000_000)));
}
