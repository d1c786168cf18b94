/**
 * What a metric page may be: as it should, not there, an error, no numbers, text for numbers, numbers without end,
 * empty, answered too late, or the same for ever.
 */
export const metricKinds = [
  'proper',
  'unreachable',
  'failing',
  'nonsense',
  'text',
  'huge',
  'empty',
  'late',
  'stale',
] as const;

/** How containers of one image behave. Times are milliseconds, ratios lie in 0..1. */
export interface ImageBehaviour {
  /** From the pod's arrival to its containers' running. */
  readonly startMs: number;
  /** From running to ready; undefined means never. */
  readonly readyMs: number | undefined;
  /** From the end's being asked for to the end. */
  readonly endMs: number;
  readonly isMissing: boolean;
  /** The containers end by themselves, with an error, this long after they began to run. */
  readonly crashAfterMs: number | undefined;
  /** Share of the requests that are answered with an error. */
  readonly errorRatio: number;
  /** Share of the requests that are answered slowly (in a second instead of 20 ms). */
  readonly slowRatio: number;
  /** What its metric page looks like. */
  readonly metrics: (typeof metricKinds)[number];
}

/** A program without faults. */
export const soundImage: ImageBehaviour = {
  startMs: 1000,
  readyMs: 1000,
  endMs: 1000,
  isMissing: false,
  crashAfterMs: undefined,
  errorRatio: 0,
  slowRatio: 0,
  metrics: 'proper',
};

/** The images of a simulation. Behaviour may be changed while time passes. */
export class ImageCatalogue {
  readonly #changed = new Map<string, ImageBehaviour>();
  readonly #listeners: (() => void)[] = [];

  /** Calls back before the behaviour of any image changes. */
  beforeChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  of(image: string): ImageBehaviour {
    return this.#changed.get(image) ?? this.#changed.get('*') ?? soundImage;
  }

  /** Changes some of an image's behaviour; `*` is every image that nothing was said about. */
  change(image: string, behaviour: Partial<ImageBehaviour>): void {
    for (const listener of this.#listeners) listener();
    this.#changed.set(image, { ...this.of(image), ...behaviour });
  }
}
