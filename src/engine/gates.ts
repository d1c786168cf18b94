import type { Hold, World } from './world.ts';

/** One reason for which raises and promotions wait. */
export interface Gate {
  readonly name: string;
  /** The hold while it is in force. */
  held(world: World): Hold | undefined;
}

/** Asked in this order before every raise and every promotion; the first that holds is the reason shown. */
export const gates: readonly Gate[] = [
  {
    name: 'SpecPaused',
    held: ({ rollout }) =>
      rollout.spec.paused === true ? { reason: 'Paused', message: 'spec.paused is true' } : undefined,
  },
  {
    name: 'RouterRefused',
    held: ({ traffic }) => {
      const refused = traffic.find(({ reading }) => reading.acceptance === 'refused');
      return refused === undefined
        ? undefined
        : {
            reason: 'RouterRefused',
            message: `${refused.router} is refused: ${refused.reading.problem ?? 'no reason given'}`,
          };
    },
  },
  { name: 'Outside', held: ({ holds }) => holds[0] },
];

/** The first gate that holds, or undefined when the way is free. */
export function heldBy(world: World, asked: readonly Gate[] = gates): Hold | undefined {
  for (const gate of asked) {
    const hold = gate.held(world);
    if (hold !== undefined) return hold;
  }
  return undefined;
}
