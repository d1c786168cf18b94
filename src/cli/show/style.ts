import { styleText } from 'node:util';

/** Colours that the tool uses. */
export type Tone = 'good' | 'bad' | 'busy' | 'held' | 'dim' | 'strong' | 'plain';

/** Puts a tone on a text, or leaves it as it is. */
export type Paint = (tone: Tone, text: string) => string;

const formats = {
  good: 'green',
  bad: 'red',
  busy: 'cyan',
  held: 'yellow',
  dim: 'gray',
  strong: 'bold',
} as const satisfies Record<Exclude<Tone, 'plain'>, string>;

/** The way to colour text. Without colours every text stays as it is. */
export function painter(hasColors: boolean): Paint {
  return (tone, text) => {
    if (!hasColors || tone === 'plain' || text === '') return text;
    return styleText(formats[tone], text, { validateStream: false });
  };
}

/** A sign and a tone for a phase or status of any kind of object. */
export interface Mark {
  readonly sign: string;
  readonly tone: Tone;
}

const marks: Readonly<Record<string, Mark>> = {
  Healthy: { sign: '✔', tone: 'good' },
  Successful: { sign: '✔', tone: 'good' },
  Running: { sign: '◌', tone: 'busy' },
  Progressing: { sign: '◌', tone: 'busy' },
  Pending: { sign: '◌', tone: 'busy' },
  Terminating: { sign: '◌', tone: 'dim' },
  ContainerCreating: { sign: '◌', tone: 'busy' },
  Paused: { sign: '‖', tone: 'held' },
  Inconclusive: { sign: '?', tone: 'held' },
  ScaledDown: { sign: '·', tone: 'dim' },
  Succeeded: { sign: '✔', tone: 'dim' },
  Degraded: { sign: '✖', tone: 'bad' },
  Failed: { sign: '✖', tone: 'bad' },
  Error: { sign: '✖', tone: 'bad' },
  '': { sign: '·', tone: 'dim' },
};

/** The mark of a status; one that is not known is trouble, as pods tell theirs in words of their own. */
export function markOf(status: string): Mark {
  return (Object.hasOwn(marks, status) ? marks[status] : undefined) ?? { sign: '✖', tone: 'bad' };
}
