import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { Command } from 'commander';

import type { Finding } from '../../api/lint-manifests.ts';
import type { ManifestObject, ManifestProblem } from '../../api/manifest.ts';
import type { KubeObject } from '../../api/object.ts';
import { messageOf, SluiceError } from '../../base/error.ts';
import { capabilitiesOf } from '../../controller/routers.ts';
import type { SpecProblem } from '../../engine/world.ts';
import { trafficRouters } from '../../providers/traffic/registry.ts';
import type { CliContext } from '../context.ts';
import { directorySource } from '../local/directory-source.ts';
import { fileBytesMax, readManifestSet } from '../local/manifest-set.ts';
import { addOutputOption, serialise, type OutputFormat } from '../output-format.ts';
import { openConsole, type Console } from '../session.ts';
import { harmless } from '../show/harmless.ts';

interface LintOptions {
  readonly filename: readonly string[];
  readonly output: OutputFormat;
}

/** What is read from one place that was named. */
interface Manifests {
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly ManifestProblem[];
}

const examples = `
Examples:
  sluice lint -f deploy/                   all manifests of a folder, with what they refer to
  sluice lint -f rollout.yaml -f service.yaml
  kustomize build . | sluice lint -f -     what another program prints
  sluice lint -f deploy/ -o json           for a program`;

/** `lint`: checks manifests as the cluster and the controller would. */
export function addLint(program: Command, context: CliContext): void {
  const command = program
    .command('lint')
    .description('Check manifests; every mistake is told, with its file and line')
    .requiredOption('-f, --filename <path>', 'file or folder; - reads standard input', collect)
    .addHelpText('after', examples);
  addOutputOption(command, ['table', 'json', 'yaml']).action(async (options: LintOptions, self: Command) => {
    const session = openConsole(self, context);
    const findings = await lint(options.filename, context);
    report(session, findings, options.output);
    const errors = countOf(findings, 'error');
    if (errors > 0) throw new SluiceError('Invalid', `${errors} ${errors === 1 ? 'error' : 'errors'} in the manifests`);
  });
}

function collect(path: string, before: readonly string[] = []): readonly string[] {
  return [...before, path];
}

async function lint(paths: readonly string[], context: CliContext): Promise<readonly Finding[]> {
  const read: Manifests[] = [];
  for (const path of paths) read.push(await readManifests(path, context));
  const problems = read.flatMap((manifests) => manifests.problems);
  const objects = read.flatMap((manifests) => manifests.objects);
  if (objects.length === 0 && problems.length === 0) {
    throw new SluiceError('SourceUnreadable', `there is no manifest in ${paths.join(', ')}`);
  }
  // The schemas of all kinds are large, and few commands need them.
  const { lintManifests } = await import('../../api/lint-manifests.ts');
  const findings = lintManifests(objects, capabilitiesOf(trafficRouters));
  const beside = await referredFindings(objects, findings);
  return [...problems.map(findingOf), ...findings, ...beside].toSorted(byPlace);
}

/** What is wrong with what Rollouts and Experiments refer to, besides what was found already. */
async function referredFindings(
  manifests: readonly ManifestObject[],
  findings: readonly Finding[],
): Promise<readonly Finding[]> {
  const { offlineExperimentProblems, offlineProblems } = await import('../../controller/offline-problems.ts');
  const objects = manifests.map(({ object }) => object);
  const problemsOf = (object: KubeObject): readonly SpecProblem[] => {
    if (object.kind === 'Rollout') return offlineProblems(object, objects, trafficRouters);
    return object.kind === 'Experiment' ? offlineExperimentProblems(object, objects) : [];
  };
  return manifests
    .filter(({ object }) => object.kind === 'Rollout' || object.kind === 'Experiment')
    .flatMap(({ file, object, positionOf }) => {
      const subject = `${object.kind} ${object.metadata.name}`;
      const known = findings.filter((one) => one.severity === 'error' && one.file === file && one.subject === subject);
      return problemsOf(object)
        .filter(({ field }) => !known.some((one) => isAbout(one.field, field)))
        .map(({ field, message }): Finding => {
          const place = positionOf(field);
          return { severity: 'error', file, ...place, subject, field, message: `${field}: ${message}` };
        });
    });
}

/** Fields of the strategy are also named without it; a router cannot work with Services that are wrong. */
function isAbout(known: string, field: string): boolean {
  const [left, right] = [known, field].map((path) => path.replace('.strategy.canary.', '.strategy.'));
  const isOfService = /^spec\.strategy\.(?:canaryService|stableService|pingPong)/u.test(left ?? '');
  return (
    (left ?? '').startsWith(right ?? '') || (isOfService && (right ?? '').startsWith('spec.strategy.trafficRouting'))
  );
}

async function readManifests(path: string, context: CliContext): Promise<Manifests> {
  if (path === '-') return readManifestSet('', [{ path: 'standard input', text: await readAll(context.stdin) }]);
  const absolute = resolve(context.workingDirectory, path);
  try {
    const { size, ...kind } = await stat(absolute).then((stats) => ({
      size: stats.size,
      isFolder: stats.isDirectory(),
    }));
    if (kind.isFolder) return underFolder(path, await directorySource(absolute).read(context.signal));
    if (size > fileBytesMax) throw tooLarge(path);
    return readManifestSet('', [{ path, text: await readFile(absolute, 'utf8') }]);
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    throw new SluiceError('SourceUnreadable', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Files of a folder are told by the path that leads to them from here. */
function underFolder(folder: string, { objects, problems }: Manifests): Manifests {
  return {
    objects: objects.map((object) => ({ ...object, file: join(folder, object.file) })),
    problems: problems.map((problem) => ({ ...problem, file: join(folder, problem.file) })),
  };
}

async function readAll(input: CliContext['stdin']): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > fileBytesMax) throw tooLarge('standard input');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLarge(path: string): SluiceError {
  return new SluiceError('SourceUnreadable', `${path} is larger than the ${fileBytesMax} bytes that are read`);
}

function findingOf({ file, line, column, message }: ManifestProblem): Finding {
  return { severity: 'error', file, line, column, subject: '', field: '', message };
}

function byPlace(left: Finding, right: Finding): number {
  return left.file.localeCompare(right.file) || left.line - right.line || left.column - right.column;
}

function report(session: Console, findings: readonly Finding[], output: OutputFormat): void {
  if (output === 'json' || output === 'yaml') {
    session.print(serialise({ findings }, output));
    return;
  }
  session.print(findings.map((finding) => lineOf(finding, session)));
  const [errors, warnings] = [countOf(findings, 'error'), countOf(findings, 'warning')];
  if (errors === 0) session.print([warnings === 0 ? 'no mistakes found' : `no errors, ${warnings} warnings`]);
}

function lineOf({ file, line, column, severity, subject, message }: Finding, { paint }: Console): string {
  const place = paint('strong', `${file}:${line}:${column}:`);
  const kind = paint(severity === 'error' ? 'bad' : 'held', `${severity}:`);
  return `${place} ${kind} ${harmless(subject === '' ? message : `${subject}: ${message}`)}`;
}

function countOf(findings: readonly Finding[], severity: Finding['severity']): number {
  return findings.filter((finding) => finding.severity === severity).length;
}
