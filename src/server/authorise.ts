import type { CommandKind } from '../engine/command.ts';
import type { Identity } from './credential.ts';

/** Everything that can be done through the API. Every route names exactly one. */
export type Action =
  | ReadAction
  | `rollouts.${CommandKind}`
  | 'analysisruns.terminate'
  | 'experiments.terminate'
  | 'experiments.retry';

type ReadAction =
  | 'document.get'
  | 'rollouts.list'
  | 'rollouts.get'
  | 'rollouts.watch'
  | 'analysisruns.list'
  | 'analysisruns.get'
  | 'experiments.list'
  | 'experiments.get'
  | 'experiments.watch';

/** Where an action is done; the namespace is absent when it is about all of them. */
export interface ActionPlace {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

type Authoriser = (identity: Identity, place: ActionPlace) => boolean;

const mayRead: Authoriser = () => true;
const mayCommand: Authoriser = ({ role }) => role === 'operator';

/** One function for each action. An action that is not here does not compile. */
const authorisers: Readonly<Record<Action, Authoriser>> = {
  'document.get': mayRead,
  'rollouts.list': mayRead,
  'rollouts.get': mayRead,
  'rollouts.watch': mayRead,
  'analysisruns.list': mayRead,
  'analysisruns.get': mayRead,
  'experiments.list': mayRead,
  'experiments.get': mayRead,
  'experiments.watch': mayRead,
  'rollouts.promote': mayCommand,
  'rollouts.promoteFull': mayCommand,
  'rollouts.skipCurrentStep': mayCommand,
  'rollouts.abort': mayCommand,
  'rollouts.retry': mayCommand,
  'rollouts.pause': mayCommand,
  'rollouts.resume': mayCommand,
  'rollouts.restart': mayCommand,
  'rollouts.approve': mayCommand,
  'rollouts.setImage': mayCommand,
  'rollouts.undo': mayCommand,
  'analysisruns.terminate': mayCommand,
  'experiments.terminate': mayCommand,
  'experiments.retry': mayCommand,
};

/** Whether somebody may do something somewhere. */
export function authorise(identity: Identity, action: Action, place: ActionPlace): boolean {
  return authorisers[action](identity, place);
}
