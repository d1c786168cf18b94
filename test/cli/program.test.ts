import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { SluiceError } from '../../src/base/error.ts';
import type { RunRequest } from '../../src/cli/run-request.ts';
import { CliHarness } from './harness.ts';

const execute = promisify(execFile);

describe('the tool', () => {
  let cli: CliHarness;

  before(async () => {
    cli = await CliHarness.open();
  });
  after(() => cli.close());

  it('has help with an example for every command', async () => {
    const commands = [
      [],
      ['get', 'rollouts'],
      ['get', 'experiments'],
      ['get', 'analysisruns'],
      ['describe', 'analysisrun'],
      ['describe', 'experiment'],
      ['status'],
      ['promote'],
      ['abort'],
      ['retry', 'rollout'],
      ['retry', 'experiment'],
      ['terminate', 'experiment'],
      ['terminate', 'analysisrun'],
      ['pause'],
      ['resume'],
      ['restart'],
      ['set', 'image'],
      ['undo'],
      ['lint'],
      ['run'],
      ['completion'],
      ['version'],
    ];
    for (const command of commands) {
      const help = await cli.print([...command, '--help'], { run: () => Promise.resolve() });
      assert.match(help, new RegExp(`Usage: sluice ${command.join(' ')}`), command.join(' '));
      assert.match(help, /\nExamples?:\n {2}\S/, command.join(' '));
    }
  });

  it('prints its version', async () => {
    assert.equal(await cli.print(['version']), 'sluice 0.0.0-test\n');
    assert.equal(await cli.print(['--version']), 'sluice 0.0.0-test\n');
  });

  it('ends with 2 when it is called wrongly', async () => {
    const { code, stderr } = await cli.call(['promot', 'web']);
    assert.deepEqual(
      [code, stderr],
      [2, "error: unknown command 'promot'\n(Did you mean promote?)\n(--help shows how)\n"],
    );
    for (const argv of [[], ['get'], ['set'], ['get', 'pods'], ['get', 'rollouts', '-o', 'xml'], ['abort']]) {
      assert.equal((await cli.call(argv)).code, 2, argv.join(' '));
    }
  });

  it('takes the namespace before and after the command', async () => {
    assert.equal((await cli.call(['-n', 'shop', 'get', 'rollouts'])).stderr, 'No Rollouts found in namespace shop.\n');
    assert.equal((await cli.call(['get', 'rollouts', '-n', 'shop'])).stderr, 'No Rollouts found in namespace shop.\n');
    assert.equal((await cli.call(['get', 'ar', '-A'])).stderr, 'No AnalysisRuns found.\n');
  });

  describe('run', () => {
    async function requestOf(argv: readonly string[]): Promise<RunRequest> {
      let request: RunRequest | undefined;
      const run = (given: RunRequest): Promise<void> => {
        request = given;
        return Promise.resolve();
      };
      await cli.print(['run', ...argv], { run });
      assert.ok(request);
      return request;
    }

    it('takes a folder, with ports and paths from here', async () => {
      const argv = ['deploy', '--images', 'images.yaml', '--api-port', '7080', '-n', 'shop', '--interval', '500ms'];
      assert.deepEqual(await requestOf(argv), {
        source: { kind: 'directory', path: join(cli.directory, 'deploy') },
        prune: false,
        intervalMs: 500,
        stateDirectory: cli.state,
        apiPort: 7080,
        gatewayPort: 0,
        imagesPath: join(cli.directory, 'images.yaml'),
        metricPluginsPath: undefined,
        stepPluginsPath: undefined,
        namespace: 'shop',
      });
    });

    it('takes a branch of a repository', async () => {
      const { source } = await requestOf(['--repo', 'https://example.org/a.git', '--ref', 'live', '--path', 'deploy']);
      assert.deepEqual(source, { kind: 'repository', url: 'https://example.org/a.git', ref: 'live', path: 'deploy' });
    });

    it('refuses both, none, and ports that there are not', async () => {
      const run = (): Promise<void> => Promise.resolve();
      const cases: readonly (readonly [readonly string[], RegExp])[] = [
        [[], /say what to run: a folder with manifests, or --repo URL/],
        [['deploy', '--repo', 'x'], /give a folder or --repo, not both/],
        [['deploy', '--api-port', '70000'], /it must be a whole number from 0 to 65535/],
      ];
      for (const [argv, message] of cases) {
        const { code, stderr } = await cli.call(['run', ...argv], { run });
        assert.match(stderr, message);
        assert.equal(code, 2);
      }
    });

    it('tells its failure in one line, and its interruption by 130', async () => {
      const run = (): Promise<void> => Promise.reject(new SluiceError('PortInUse', 'port 7080 is in use'));
      const { code, stderr } = await cli.call(['run', 'deploy'], { run });
      assert.deepEqual([code, stderr], [1, 'error: port 7080 is in use\n']);
      const interrupt = new AbortController();
      const waiting = cli.call(['run', 'deploy'], {
        signal: interrupt.signal,
        run: (_, { signal }) =>
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      });
      interrupt.abort(new SluiceError('Cancelled', 'interrupted'));
      assert.equal((await waiting).code, 130);
    });
  });

  describe('completion', () => {
    async function complete(script: string, line: string): Promise<readonly string[]> {
      const words = line.split(' ');
      const quoted = words.map((word) => `'${word}'`).join(' ');
      const program = `${script}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = await execute('bash', ['-c', program]);
      return stdout.trimEnd().split('\n');
    }

    it('completes commands and options in bash', async () => {
      const script = await cli.print(['completion', 'bash']);
      assert.deepEqual(await complete(script, 'sluice pr'), ['promote']);
      assert.deepEqual(await complete(script, 'sluice get '), [
        'rollouts',
        'experiments',
        'analysisruns',
        '--version',
        '--namespace',
        '--context',
        '--kubeconfig',
        '--server',
        '--token-file',
        '--state',
        '--no-color',
        '--help',
      ]);
      assert.deepEqual(await complete(script, 'sluice -n shop get ro web --wa'), ['--watch']);
      assert.deepEqual(await complete(script, 'sluice promote --f'), ['--full']);
      assert.deepEqual(await complete(script, 'sluice terminate e'), ['experiment']);
      assert.deepEqual(await complete(script, 'sluice list exp web --wa'), ['--watch']);
    });

    it('is there for zsh and fish', async () => {
      assert.match(await cli.print(['completion', 'zsh']), /^#compdef sluice\n/);
      const fish = await cli.print(['completion', 'fish']);
      assert.match(
        fish,
        /complete -c sluice -n 'test \(__sluice_at\) = "at:get"' -a 'rollouts experiments analysisruns /,
      );
      assert.equal((await cli.call(['completion', 'tcsh'])).code, 2);
    });
  });
});
