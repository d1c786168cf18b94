import { controllerUid } from '../../api/controller-owner.ts';
import type { Experiment, ExperimentTemplate } from '../../api/experiment.ts';
import { fieldErrorMessage, required, type FieldErrors } from '../../api/field-error.ts';
import { listOf, numberOf, recordOf, textMapOf, textOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { hashLabel, podTemplateHash } from '../../api/pod-template-hash.ts';
import type { PodTemplateSpec } from '../../api/pod-template.ts';
import { hasContainerPorts, validateExperiment } from '../../api/validate-experiment.ts';
import { messageOf } from '../../base/error.ts';
import type {
  ExperimentServicePort,
  ExperimentTemplateView,
  ExperimentView,
} from '../../engine/experiment/experiment-world.ts';
import type { SpecProblem } from '../../engine/world.ts';
import { identityOf } from '../project.ts';

/** An Experiment with what is wrong with it by itself. */
export interface ObservedExperiment extends ExperimentView {
  readonly problems: readonly SpecProblem[];
}

/**
 * An Experiment without its pod templates. One that cannot be read becomes an Experiment with a problem, so that it
 * stops nobody else.
 */
export function projectExperiment(object: KubeObject): ObservedExperiment {
  const { spec: whole = { templates: [] }, status = {} } = object as unknown as Partial<Experiment>;
  const { templates, ...spec } = whole;
  const identity = {
    ...identityOf(object),
    labels: object.metadata.labels ?? {},
    owner: controllerUid(object),
    status,
  };
  try {
    const errors = [...validateExperiment(whole), ...(identity.owner === undefined ? [] : lackingPorts(templates))];
    const problems = errors.map((error): SpecProblem => ({ field: error.field, message: fieldErrorMessage(error) }));
    return { ...identity, spec, templates: templates.map((one) => projectTemplate(one, status)), problems };
  } catch (error) {
    const problems = [{ field: 'spec', message: `cannot be read: ${messageOf(error)}` }];
    return { ...identity, spec: {}, templates: [], problems };
  }
}

/** A step asks for a Service where there are ports, and where users are to be led to it. */
function lackingPorts(templates: readonly ExperimentTemplate[]): FieldErrors {
  return templates.flatMap(({ service, template }, index) =>
    service === undefined || hasContainerPorts(template)
      ? []
      : [
          required(
            `spec.templates[${index}].template.spec.containers`,
            'a template with a weight needs a container port',
          ),
        ],
  );
}

function projectTemplate(
  { name, replicas = 1, template, selector, service }: ExperimentTemplate,
  { templateStatuses = [] }: NonNullable<Experiment['status']>,
): ExperimentTemplateView {
  const collisionCount = templateStatuses.find((status) => status.name === name)?.collisionCount;
  const podTemplate = withoutRevision(template);
  return {
    name,
    replicas,
    hash: podTemplateHash(podTemplate, collisionCount),
    podLabels: textMapOf(podTemplate.metadata?.labels),
    service:
      service === undefined || !hasContainerPorts(template)
        ? undefined
        : { name: service.name ?? '', ports: portsOf(template) },
    revisionHash: textMapOf(selector.matchLabels)[hashLabel] ?? '',
  };
}

/**
 * The pod template of an Experiment's ReplicaSet. One that was taken from a ReplicaSet of a Rollout still has the hash
 * of that in its labels: it must not count, because these pods are not to be taken for those of the Rollout.
 */
export function withoutRevision(template: PodTemplateSpec): PodTemplateSpec {
  const { [hashLabel]: _revision, ...labels } = textMapOf(template.metadata?.labels);
  return { ...template, metadata: { ...template.metadata, labels } };
}

function portsOf({ spec }: PodTemplateSpec): readonly ExperimentServicePort[] {
  return listOf(spec?.containers)
    .flatMap((container) => listOf(recordOf(container)['ports']).map(recordOf))
    .flatMap((port) => {
      const containerPort = numberOf(port['containerPort']);
      const name = textOf(port['name']);
      const protocol = textOf(port['protocol']);
      return containerPort === undefined
        ? []
        : [
            {
              ...(name === '' ? {} : { name }),
              protocol: protocol === '' ? 'TCP' : protocol,
              port: containerPort,
              targetPort: containerPort,
            },
          ];
    });
}
