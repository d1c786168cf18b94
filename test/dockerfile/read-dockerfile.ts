/** One instruction of a Dockerfile. */
export interface Instruction {
  readonly word: string;
  /** Options such as `--from=x`, without the dashes. */
  readonly options: Readonly<Record<string, string>>;
  /** Everything after the options. */
  readonly rest: string;
  readonly line: number;
}

/** From one FROM to the next. */
export interface Stage {
  readonly image: string;
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** Instructions that are understood here. Others need a reason, and support by the test. */
const knownWords = new Set(['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'ENTRYPOINT', 'CMD']);

/** Reads a Dockerfile. Throws on what it does not understand, so that nothing goes untested. */
export function readDockerfile(text: string): readonly Stage[] {
  const stages: Stage[] = [];
  for (const instruction of instructionsOf(text)) {
    const stage = stages.at(-1);
    if (instruction.word === 'FROM') stages.push(stageOf(instruction, stages.length));
    else if (stage === undefined) throw new Error(`line ${instruction.line}: ${instruction.word} before FROM`);
    else stages[stages.length - 1] = { ...stage, instructions: [...stage.instructions, instruction] };
  }
  return stages;
}

function instructionsOf(text: string): readonly Instruction[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const continues = index > 0 && lines[index - 1]!.endsWith('\\') && !lines[index - 1]!.startsWith('#');
    if (continues || /^\s*(?:#|$)/.test(line)) return [];
    const end = lines.findIndex((later, place) => place >= index && !later.endsWith('\\'));
    const whole = lines
      .slice(index, end + 1)
      .join('\n')
      .replaceAll('\\\n', ' ');
    return [parse(whole.trim(), index + 1)];
  });
}

function parse(text: string, line: number): Instruction {
  const [word = '', ...words] = text.split(' ');
  if (!knownWords.has(word)) throw new Error(`line ${line}: the test of the Dockerfile does not know ${word}`);
  const isOption = word === 'COPY' || word === 'RUN' || word === 'FROM';
  const count = isOption ? words.findIndex((each) => !each.startsWith('--')) : 0;
  const options = words.slice(0, count).map((each) => /^--(?<name>[^=]+)=?(?<value>.*)$/.exec(each)?.groups ?? {});
  return {
    word,
    options: Object.fromEntries(options.map(({ name = '', value = '' }) => [name, value])),
    rest: words.slice(count).join(' '),
    line,
  };
}

function stageOf({ rest, line }: Instruction, index: number): Stage {
  const match = /^(?<image>\S+)(?: AS (?<name>\S+))?$/.exec(rest)?.groups;
  if (match?.['image'] === undefined) throw new Error(`line ${line}: cannot read FROM ${rest}`);
  return { image: match['image'], name: match['name'] ?? String(index), instructions: [] };
}
