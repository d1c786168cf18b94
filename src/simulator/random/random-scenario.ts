import type { Random } from '../../base/random.ts';
import { metricKinds } from '../image-behaviour.ts';

/** When faults end and everything is put right. */
export const healSeconds = 300;
/** Until then people help the last revision on, whenever it waits for them. */
const helpSeconds = 720;
/** The revision that comes last and has no faults. */
const lastImage = 'shop:9';

/**
 * A life of one Rollout as text: some minutes of commands, bad images, lost pods and other people's edits, then a sound
 * revision that must become stable. What can be read here is what happens, so that a failure can be looked into.
 */
export function randomScenario(random: Random): string {
  const setup = random.fork('setup');
  const troubles = random.fork('troubles');
  const kind = pick(setup, kinds);
  const replicas = setup.integer(1, 5);
  const extras = extrasOf(kind, random.fork('extras'));
  const withExperiment = experimentOf(kind, random.fork('experiment'));
  const lines = withoutAbsences(
    Array.from({ length: troubles.integer(4, 14) }, () => {
      const atSeconds = troubles.integer(10, healSeconds - 20);
      return { atSeconds, lines: pick(troubles, actionsOf(kind))(troubles) };
    }).toSorted((left, right) => left.atSeconds - right.atSeconds),
  );
  return [
    ...template,
    ...extras.before,
    `${kind.head(replicas)}${extras.head}`,
    ...pick(setup, kind.strategies).map((line) => `  ${withExperiment(extras.steps(line))}`),
    'at 8s: set image web shop:2',
    ...extras.troubles,
    ...lines.flatMap((one) => one.lines.map((line, index) => (index === 0 ? `at ${one.atSeconds}s: ${line}` : line))),
    ...healing(kind),
    ...extras.healing,
    `finally stable is ${lastImage}`,
    `finally share of ${lastImage} is 100%`,
    'finally phase is Healthy',
    '',
  ].join('\n');
}

interface TimedLines {
  readonly atSeconds: number;
  readonly lines: readonly string[];
}

/** While the Rollout is made again nothing else is asked of it, nor that once more: nobody could answer. */
function withoutAbsences(actions: readonly TimedLines[]): readonly TimedLines[] {
  const absences = new Map<number, TimedLines>();
  for (const one of actions) if (one.lines[0] === makeAgain) absences.set(one.atSeconds, one);
  return actions.filter((one) => (absences.get(one.atSeconds) ?? one) === one);
}

interface Kind {
  readonly head: (replicas: number) => string;
  /** Lines of the strategy, of which one is taken. */
  readonly strategies: readonly (readonly string[])[];
  readonly routed: boolean;
  readonly services: readonly string[];
}

/** What some lives have besides, each by chance. */
interface Extras {
  readonly before: readonly string[];
  /** Follows the head of the Rollout. */
  readonly head: string;
  readonly steps: (line: string) => string;
  readonly troubles: readonly string[];
  readonly healing: readonly string[];
}

const plugin = 'example.com/check';

/** A step plug-in with moods of its own, an approval, and a Deployment that the template comes from. */
function extrasOf({ services, routed }: Kind, random: Random): Extras {
  const isCanary = routed || services.length === 0;
  const hasPlugin = isCanary && random.integer(0, 2) === 0;
  const hasWorkload = random.integer(0, 3) === 0;
  const step = random.integer(0, 2) === 0 ? 'sluice.dev/approval, config: { timeout: 60s }' : plugin;
  const moods = ['takes 4s', 'takes 30s', 'fails after 5s', 'never ends', 'does not answer', 'answers again'];
  const mood = (): string => `plug-in ${plugin} ${pick(random, moods)}`;
  const troubles = Array.from({ length: random.integer(2, 5) }, (_, index) => [
    `at ${20 + index * 40 + random.integer(0, 30)}s: ${random.integer(0, 3) === 0 ? 'approve web' : mood()}`,
  ]).flat();
  return {
    before: [
      ...(hasPlugin ? [`plug-in ${plugin} takes 4s`] : []),
      ...(hasWorkload ? ['deployment web 0 x shop:1'] : []),
    ],
    head: hasWorkload ? ' of a deployment' : '',
    steps: (line) => (hasPlugin ? line.replace('setWeight', `plugin: { name: ${step} } }, { setWeight`) : line),
    troubles: hasPlugin ? troubles : [],
    healing: hasPlugin
      ? [
          ...['takes 3s', 'answers again'].map((text) => `at ${healSeconds}s: plug-in ${plugin} ${text}`),
          ...Array.from({ length: 12 }, (_, index) => `at ${healSeconds + 25 + index * 45}s: approve web`),
        ]
      : [],
  };
}

/** An experiment step before the first weight, by chance; its Services get a share where there is a router. */
function experimentOf({ services, routed }: Kind, random: Random): (line: string) => string {
  const isCanary = routed || services.length === 0;
  if (!isCanary || random.integer(0, 2) > 0) return (line) => line;
  const weight = routed ? ', weight: 10' : '';
  const required = random.integer(0, 1) === 0 ? ', requiredForCompletion: true' : '';
  const fields = [
    `duration: ${random.integer(3, 30)}s`,
    'progressDeadlineSeconds: 40',
    `scaleDownDelaySeconds: ${random.integer(0, 10)}`,
    `templates: [{ name: old, specRef: stable${weight} }, { name: new, specRef: canary${weight} }]`,
    ...(random.integer(0, 1) === 0 ? [`analyses: [{ name: check, templateName: check${required} }]`] : []),
  ];
  return (line) => line.replace('{ setWeight', `{ experiment: { ${fields.join(', ')} } }, { setWeight`);
}

const template = [
  'template check',
  '  metrics:',
  '    - name: errors',
  '      provider: { plugin: { sluice.dev/judge: { interval: 1s, deadline: 40s } } }',
];
const analysis = '{ templates: [{ templateName: check }] }';

const kinds: readonly Kind[] = [
  {
    head: (replicas) => `canary web ${replicas} x shop:1 via a route`,
    strategies: [
      ['steps: [{ setWeight: 20 }, { pause: { duration: 10s } }, { setWeight: 60 }, { pause: { duration: 10s } }]'],
      ['steps: [{ setWeight: 50 }, { pause: {} }, { setWeight: 20 }, { pause: { duration: 5s } }]'],
      ['dynamicStableScale: true', 'steps: [{ setWeight: 30 }, { pause: { duration: 5s } }, { setWeight: 70 }]'],
      [`steps: [{ setWeight: 25 }, { analysis: ${analysis} }, { setWeight: 75 }, { pause: { duration: 5s } }]`],
      [`analysis: ${analysis}`, 'steps: [{ setWeight: 25 }, { pause: { duration: 30s } }, { setWeight: 75 }]'],
      ['spec: { progressDeadlineSeconds: 20, progressDeadlineAbort: true }', 'steps: [{ setWeight: 50 }]'],
      ['steps: [{ setCanaryScale: { replicas: 1 } }, { pause: { duration: 5s } }, { setWeight: 40 }, { pause: {} }]'],
    ],
    routed: true,
    services: ['web-stable', 'web-canary'],
  },
  {
    head: (replicas) => `canary web ${replicas} x shop:1`,
    strategies: [
      ['steps: [{ setWeight: 25 }, { pause: { duration: 10s } }, { setWeight: 50 }, { pause: {} }]'],
      ['maxSurge: 1', 'maxUnavailable: 0', 'steps: [{ setWeight: 40 }, { pause: { duration: 10s } }]'],
      ['maxSurge: 0', 'maxUnavailable: 1', 'steps: [{ setWeight: 50 }, { pause: { duration: 10s } }]'],
    ],
    routed: false,
    services: [],
  },
  {
    head: (replicas) => `blue-green web ${replicas} x shop:1`,
    strategies: [
      ['autoPromotionEnabled: false'],
      ['autoPromotionSeconds: 15', 'scaleDownDelaySeconds: 10'],
      ['previewReplicaCount: 1', 'autoPromotionEnabled: false'],
      [`prePromotionAnalysis: ${analysis}`],
      [`postPromotionAnalysis: ${analysis}`],
    ],
    routed: false,
    services: ['web-active'],
  },
];

const makeAgain = 'delete web and create it again after 0s';

/** The first line of an action is a command; the others are its body. */
type Action = (random: Random) => readonly string[];

const images = ['shop:1', 'shop:2', 'shop:3', 'shop:4'];

const people: readonly Action[] = [
  (random) => [`set image web ${pick(random, images)}`],
  (random) => [`set image web ${pick(random, images)}`],
  () => ['promote web'],
  () => ['promote web'],
  () => ['promote all of web'],
  () => ['abort web'],
  () => ['retry web'],
  () => ['pause web'],
  () => ['resume web'],
  () => ['restart web'],
  () => ['skip a step of web'],
  (random) => [`promote web, looked at ${random.integer(1, 10)}s ago`],
  (random) => [`abort web, looked at ${random.integer(1, 10)}s ago`],
  (random) => [`scale web to ${random.integer(1, 6)}`],
  () => ['edit the status of web', '  pauseConditions: null'],
  () => ['edit the status of web', '  abort: true'],
  () => ['edit the status of web', '  abort: false'],
  () => [makeAgain],
];

const world: readonly Action[] = [
  (random) => [`image ${pick(random, images)} never gets ready`],
  (random) => [`image ${pick(random, images)} crashes after ${random.integer(1, 40)}s`],
  (random) => [`image ${pick(random, images)} cannot be pulled`],
  (random) => [`image ${pick(random, images)} is ready after ${random.integer(1, 20)}s`],
  (random) => [`image ${pick(random, images)} fails ${random.integer(1, 100)}% of its requests`],
  (random) => [`image ${pick(random, ['*', '*', ...images])} has ${pick(random, metricKinds)} metrics`],
  (random) => [`${pick(random, ['lose', 'evict'])} ${pick(random, ['1', '2', 'all'])} pods of ${pick(random, images)}`],
  () => ['restart the controller'],
  (random) => [`hold all raises for ${random.integer(5, 40)}s`],
];

function actionsOf({ routed, services }: Kind): readonly Action[] {
  const route: readonly Action[] = [
    () => ['the gateway refuses routes'],
    () => ['the gateway takes routes'],
    (random) => [
      'somebody edits route web',
      `  spec: { rules: [{ ${pick(random, ['', 'timeouts: { request: 5s }, '])}backendRefs: [{ name: web-stable, port: 80, weight: 100 }, { name: web-canary, port: 80, weight: 0 }] }] }`,
    ],
  ];
  const service: Action = (random) => [
    `somebody edits service ${pick(random, services)}`,
    '  spec: { selector: { rollouts-pod-template-hash: nonsense } }',
  ];
  return [
    ...people,
    ...people,
    ...world,
    ...world,
    ...(routed ? route : []),
    ...(services.length > 0 ? [service] : []),
  ];
}

/** Everything is put right, and a sound revision is asked for. */
function healing({ routed }: Kind): readonly string[] {
  const at = (seconds: number, command: string): string => `at ${healSeconds + seconds}s: ${command}`;
  const helps = Array.from({ length: helpSeconds / 20 }, (_, index) => at(30 + index * 20, 'help web on'));
  return [
    ...['*', ...images].map((image) => at(0, `image ${image} is sound`)),
    ...images.map((image) => at(0, `image ${image} has proper metrics`)),
    at(0, 'image * has proper metrics'),
    ...(routed ? [at(1, 'the gateway takes routes')] : []),
    at(2, 'resume web'),
    at(3, 'scale web to 3'),
    // A person whose command meets a conflict gives it again.
    ...[10, 14, 18].map((seconds) => at(seconds, `set image web ${lastImage}`)),
    ...helps,
  ];
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.integer(0, items.length - 1)];
  if (item === undefined) throw new Error('there is nothing to pick from');
  return item;
}
