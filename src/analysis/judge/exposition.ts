import { fail, succeed, type Result } from '../../base/result.ts';
import { codes, peek, skipBlanks, type LineCursor } from './exposition-cursor.ts';
import { familyTracker, type MetricFamily } from './exposition-family.ts';
import { scanSample, seriesKey, type Sample } from './exposition-line.ts';

/** A page of metrics, read whole: families in the order of the page, samples in the order of the page. */
export interface Exposition {
  readonly families: ReadonlyMap<string, MetricFamily>;
  readonly samples: readonly Sample[];
}

/** Where a page of metrics is wrong, and how. Lines count from 1. */
export interface ExpositionProblem {
  readonly line: number;
  readonly message: string;
}

export interface ExpositionOptions {
  /** `openMetrics` is OpenMetrics 1.0, `text` the Prometheus text format 0.0.4. */
  readonly format: 'text' | 'openMetrics';
  /** Names of the samples to keep. The others are read and checked, but not for being duplicates, and then dropped. */
  readonly keep?: (name: string) => boolean;
  readonly limits?: Partial<ExpositionLimits>;
}

export interface ExpositionLimits {
  /** Characters of the page. */
  readonly lengthMax: number;
  readonly lineLengthMax: number;
  /** Sample lines, kept or not. */
  readonly samplesMax: number;
  readonly labelsMax: number;
  /** Characters of one label value. */
  readonly labelLengthMax: number;
}

const defaultLimits: ExpositionLimits = {
  lengthMax: 16 * 2 ** 20,
  lineLengthMax: 64 * 1024,
  samplesMax: 200_000,
  labelsMax: 64,
  labelLengthMax: 4096,
};

/**
 * Reads a page of metrics in time proportional to its length. A page is taken whole or not at all: the first mistake, a
 * cut end (a missing last line break, in OpenMetrics a missing `# EOF`), a series that stands there twice, or a limit
 * that is exceeded refuses it.
 *
 * As Prometheus does, it accepts backslashes before other characters than `\`, `"` and `n` as they are, comments
 * anywhere in the text format, and names in quotes inside the braces.
 *
 * Sources: Prometheus text-based exposition format 0.0.4; OpenMetrics 1.0.0.
 */
export function parseExposition(text: string, options: ExpositionOptions): Result<Exposition, ExpositionProblem> {
  const limits = { ...defaultLimits, ...options.limits };
  if (text.length > limits.lengthMax) {
    return fail({ line: 1, message: `the page has ${text.length} characters; at most ${limits.lengthMax} are read` });
  }
  const page = openPage(options, limits);
  let line = 0;
  for (let at = 0; at < text.length;) {
    line += 1;
    const lineBreak = text.indexOf('\n', at);
    const end = lineBreak === -1 ? text.length : lineBreak;
    const problem = page.read({ text, at, end, problem: undefined }, lineBreak !== -1);
    if (problem !== undefined) return fail({ line, message: problem });
    at = end + 1;
  }
  const problem = page.end();
  return problem === undefined ? succeed(page.exposition) : fail({ line: Math.max(1, line), message: problem });
}

function openPage(options: ExpositionOptions, limits: ExpositionLimits) {
  const openMetrics = options.format === 'openMetrics';
  const tracker = familyTracker(openMetrics);
  const samples: Sample[] = [];
  const indexByKey = new Map<string, number>();
  const keep = options.keep ?? (() => true);
  const rules = { openMetrics, ...limits };
  let sampleCount = 0;
  let ended = false;

  function readSample(cursor: LineCursor): string | undefined {
    sampleCount += 1;
    if (sampleCount > limits.samplesMax) return `more than ${limits.samplesMax} samples`;
    const sample = scanSample(cursor, rules);
    if (sample === undefined) return cursor.problem;
    const problem = tracker.sample(sample);
    if (problem !== undefined || !keep(sample.name)) return problem;
    return addSample(sample);
  }

  /** Only OpenMetrics allows several points of one series, with growing times; the newest counts. */
  function addSample(sample: Sample): string | undefined {
    const key = seriesKey(sample);
    const index = indexByKey.get(key);
    if (index === undefined) {
      indexByKey.set(key, samples.length);
      samples.push(sample);
      return undefined;
    }
    const [before, now] = [samples[index]?.timestampMs, sample.timestampMs];
    if (!openMetrics || before === undefined || now === undefined || now <= before) {
      return `the series ${sample.name} with these labels stands on the page twice`;
    }
    samples[index] = sample;
    return undefined;
  }

  return {
    exposition: { families: tracker.families, samples } satisfies Exposition,
    read(cursor: LineCursor, terminated: boolean): string | undefined {
      const { text, at, end } = cursor;
      if (ended) return 'something follows "# EOF"';
      if (end - at > limits.lineLengthMax) return `longer than ${limits.lineLengthMax} characters`;
      if (openMetrics && end - at === 5 && text.startsWith('# EOF', at)) {
        ended = true;
        return undefined;
      }
      if (!terminated) return 'the page is cut off: its last line does not end with a line break';
      skipBlanks(cursor, rules);
      if (cursor.at === end) return openMetrics ? 'an empty line is not allowed in OpenMetrics' : undefined;
      return peek(cursor) === codes.hash ? tracker.comment(text.slice(cursor.at, end)) : readSample(cursor);
    },
    end: () => (openMetrics && !ended ? 'the page is cut off: "# EOF" is missing' : undefined),
  };
}
