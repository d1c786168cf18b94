import { SluiceError } from '../../base/error.ts';
import { createHttpClient } from '../../controller/http-client.ts';
import { createHttpPolicy } from '../../controller/http-policy.ts';
import { createPassTracer, type PassTracer } from '../../controller/tracing/pass-tracer.ts';
import { createTraceExporter } from '../../controller/tracing/trace-exporter.ts';
import type { ControllerParts } from './run-controller.ts';
import type { ControllerSettings } from './settings.ts';

/** Traces of passes, while a controller runs. */
export interface Tracing extends PassTracer {
  /** Sends what waits, and ends. */
  stop(): Promise<void>;
}

/** Headers of the requests to the collector, as OpenTelemetry's own tools take them. */
const headersVariable = 'OTEL_EXPORTER_OTLP_HEADERS';

const nothing: Tracing = {
  onDecision: () => undefined,
  journal: (inner) => inner,
  onPass: () => undefined,
  stop: () => Promise.resolve(),
};

/** Makes the tracing that is set; without an endpoint nothing is traced. Fails with Usage for headers that are none. */
export function makeTracing(
  { traceEndpoint, tracePercent }: Pick<ControllerSettings, 'traceEndpoint' | 'tracePercent'>,
  { clock, random, log, version, identity, environment = {} }: ControllerParts,
): Tracing {
  if (traceEndpoint === undefined) return nothing;
  // A collector often runs beside the controller, and who names it is the administrator.
  const http = createHttpClient(clock, { policy: createHttpPolicy({ loopback: 'allow' }) });
  const exporter = createTraceExporter({
    clock,
    log,
    http,
    endpoint: traceEndpoint,
    headers: readHeaderList(environment[headersVariable] ?? ''),
    source: { service: 'sluice', version, instance: identity },
  });
  const tracer = createPassTracer({
    clock,
    random: random.fork('traces'),
    percent: tracePercent,
    onTrace: (spans) => exporter.add(spans),
  });
  return {
    onDecision: (rollout, decision) => tracer.onDecision(rollout, decision),
    journal: (inner) => tracer.journal(inner),
    onPass: (pass) => tracer.onPass(pass),
    async stop() {
      await exporter.stop();
      http.close();
    },
  };
}

/** `key=value,key=value`, with values in URL encoding. A mistake is told without the values: they may be keys. */
function readHeaderList(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const match = /^\s*(?<name>[!#$%&'*+.^_`|~\dA-Za-z-]+)\s*=\s*(?<value>[\x21-\x7e]*)\s*$/.exec(pair);
      const value = decoded(match?.groups?.['value']);
      if (match?.groups === undefined || value === undefined) {
        throw new SluiceError('Usage', `${headersVariable}: must be pairs such as "x-key=abc", divided by commas`);
      }
      return [match.groups['name']?.toLowerCase() ?? '', value];
    }),
  );
}

function decoded(text: string | undefined): string | undefined {
  try {
    const value = text === undefined ? undefined : decodeURIComponent(text);
    return value === undefined || /[^\t\x20-\x7e]/.test(value) ? undefined : value;
  } catch {
    return undefined;
  }
}
