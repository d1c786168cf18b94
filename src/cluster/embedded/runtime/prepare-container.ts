import { resolve } from 'node:path';

import { messageOf } from '../../../base/error.ts';
import { fail, succeed, type Result } from '../../../base/result.ts';
import type { Container } from '../workloads/shapes.ts';
import { containerEnvironment } from './container-environment.ts';
import type { ContainerHost } from './container-host.ts';
import { expandVariables } from './expand-variables.ts';
import { parseImage, type ImageProgram } from './image-map.ts';
import type { ActionTarget } from './run-action.ts';

/** A container that can be started. */
export interface PreparedContainer {
  readonly command: readonly string[];
  readonly target: ActionTarget;
}

/** Why a container cannot be started, in Kubernetes' words. */
export interface PrepareProblem {
  readonly reason: 'ErrImagePull' | 'CreateContainerConfigError';
  readonly message: string;
}

/**
 * Finds the program of a container's image, its variables, and its command. As with images, `command` takes the place
 * of the program, `args` the place of its arguments, and a `command` alone drops the arguments of the image.
 */
export async function prepareContainer(
  container: Container,
  host: ContainerHost,
  signal: AbortSignal,
): Promise<Result<PreparedContainer, PrepareProblem>> {
  const { image = '' } = container;
  const program = findImage(image, host);
  if (!program.ok) return program;
  try {
    const base = baseVariables(image, program.value, host);
    const { cluster, pod, podIP, clock, programFolder } = host;
    const environment = await containerEnvironment({ cluster, pod, container, podIP, base, signal });
    const words = commandOf(container, program.value).map((word) => expandVariables(word, environment));
    const workingDirectory = resolve(programFolder, program.value.workingDirectory, container.workingDir ?? '.');
    return succeed({ command: words, target: { clock, container, podIP, workingDirectory, environment } });
  } catch (error) {
    return fail({ reason: 'CreateContainerConfigError', message: messageOf(error) });
  }
}

function findImage(image: string, { programFor }: ContainerHost): Result<ImageProgram, PrepareProblem> {
  try {
    const program = programFor(image);
    if (program !== undefined) return succeed(program);
    const message = `no program is declared for image "${image}"; add its repository to the image map`;
    return fail({ reason: 'ErrImagePull', message });
  } catch (error) {
    return fail({ reason: 'ErrImagePull', message: `image "${image}": ${messageOf(error)}` });
  }
}

function baseVariables(image: string, program: ImageProgram, host: ContainerHost): ReadonlyMap<string, string> {
  const { tag, digest } = parseImage(image);
  const variables = new Map(host.environment);
  variables.set('HOSTNAME', host.pod.metadata.name);
  variables.set('SLUICE_IMAGE', image);
  variables.set('SLUICE_IMAGE_TAG', tag === '' ? digest : tag);
  variables.set('SLUICE_POD_IP', host.podIP);
  for (const [name, value] of Object.entries(program.env)) variables.set(name, expandVariables(value, variables));
  return variables;
}

function commandOf({ command = [], args = [] }: Container, program: ImageProgram): readonly string[] {
  if (command.length > 0) return [...command, ...args];
  return [...program.command, ...(args.length > 0 ? args : program.args)];
}
