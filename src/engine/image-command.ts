import type { Container, PodTemplateSpec } from '../api/pod-template.ts';
import { fail, succeed } from '../base/result.ts';
import { currentTemplate } from './command-target.ts';
import type { CommandPatch, CommandSubject, PlannedCommand } from './command.ts';

/** Stands for every container of a template. */
const everyContainer = '*';

const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

type ContainerLists = { readonly [List in (typeof containerLists)[number]]?: readonly Container[] };

/** Plans a revision with other images. A name goes before `*`, whatever their order. */
export function planImages(subject: CommandSubject, images: Readonly<Record<string, string>>): PlannedCommand {
  const lists = containersOf(currentTemplate(subject));
  const names = Object.values(lists).flatMap((containers) => containers.map(({ name }) => name));
  const unknown = Object.keys(images).filter((name) => name !== everyContainer && !names.includes(name));
  const { name } = subject.rollout.metadata;
  if (unknown.length > 0) {
    const message = `${name} has no container ${unknown.join(' or ')}; its containers are ${names.join(', ')}`;
    return fail({ code: 'Invalid', message });
  }
  const bad = Object.entries(images).find(([, image]) => !isImage(image));
  if (bad !== undefined) {
    const message = `images.${bad[0]}: ${JSON.stringify(bad[1])} is no image; write e.g. "shop/web:v2"`;
    return fail({ code: 'BadRequest', message });
  }
  const changed = Object.entries(lists).filter(([, containers]) => containers.some((one) => isChanged(one, images)));
  if (changed.length === 0) return succeed({ patches: [], message: 'has these images already' });
  const spec = Object.fromEntries(
    changed.map(([list, containers]) => [list, containers.map((container) => withImage(container, images))]),
  );
  return succeed({ patches: [templatePatch(subject, { spec })], message: 'image updated' });
}

/** The patch that changes the template in force. */
export function templatePatch({ workload }: CommandSubject, template: object): CommandPatch {
  if (workload === undefined) return { on: 'rollout', body: { spec: { template } } };
  return { on: 'workload', body: workload.kind === 'PodTemplate' ? { template } : { spec: { template } } };
}

function containersOf({ spec = {} }: PodTemplateSpec): ContainerLists {
  return Object.fromEntries(
    containerLists.flatMap((list) => {
      const containers = spec[list];
      // The schema has checked the lists of a stored template.
      return Array.isArray(containers) ? [[list, containers as readonly Container[]]] : [];
    }),
  );
}

function isChanged(container: Container, images: Readonly<Record<string, string>>): boolean {
  return imageFor(container, images) !== container.image;
}

function withImage(container: Container, images: Readonly<Record<string, string>>): Container {
  const image = imageFor(container, images);
  return image === undefined ? container : { ...container, image };
}

function imageFor({ name, image }: Container, images: Readonly<Record<string, string>>): string | undefined {
  if (Object.hasOwn(images, name)) return images[name];
  return Object.hasOwn(images, everyContainer) ? images[everyContainer] : image;
}

/** Loosely what a container runtime takes: no spaces, no controls, not too long. */
function isImage(image: string): boolean {
  return /^[A-Za-z0-9][\w.\-/:@+]{0,511}$/.test(image);
}
