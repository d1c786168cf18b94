import type { CliContext } from './context.ts';
import { widthOf } from './show/table.ts';

/** Lines that are shown again and again as they change. */
export interface LiveDisplay {
  /** Shows these lines in place of those before. */
  show(lines: readonly string[]): void;
  /** Leaves the last lines where they are. */
  end(): void;
}

/**
 * On a terminal the lines are drawn over those before; elsewhere they are printed again.
 */
export function liveDisplay({ stdout }: CliContext): LiveDisplay {
  return stdout.isTerminal ? new DrawnDisplay(stdout) : new PrintedDisplay(stdout);
}

const hideCursor = '\u001B[?25l';
const showCursor = '\u001B[?25h';
const clearBelow = '\u001B[0J';

class DrawnDisplay implements LiveDisplay {
  readonly #stdout: CliContext['stdout'];
  #drawn = 0;

  constructor(stdout: CliContext['stdout']) {
    this.#stdout = stdout;
  }

  show(lines: readonly string[]): void {
    const { columns, rows } = this.#stdout;
    // A line that wraps, or one beyond the top, could not be drawn over.
    const heightMax = Math.max(rows - 1, 1);
    const fitting = lines.length <= heightMax ? lines : [...lines.slice(0, heightMax - 1), '…'];
    const text = fitting.map((line) => `${cutLine(line, Math.max(columns, 1))}\n`).join('');
    this.#stdout.write(`${hideCursor}${this.#up()}\r${clearBelow}${text}`);
    this.#drawn = fitting.length;
  }

  end(): void {
    this.#stdout.write(showCursor);
  }

  #up(): string {
    return this.#drawn === 0 ? '' : `\u001B[${this.#drawn}A`;
  }
}

class PrintedDisplay implements LiveDisplay {
  readonly #stdout: CliContext['stdout'];
  #isFirst = true;

  constructor(stdout: CliContext['stdout']) {
    this.#stdout = stdout;
  }

  show(lines: readonly string[]): void {
    this.#stdout.write(`${this.#isFirst ? '' : '\n'}${lines.map((line) => `${line}\n`).join('')}`);
    this.#isFirst = false;
  }

  end(): void {
    // Nothing was changed about the terminal.
  }
}

// oxlint-disable-next-line no-control-regex -- a colour is a control sequence
const colorSequence = /\u001B\[\d+(?:;\d+)*m/g;

/** The line cut to a width, colours not counted. A cut line loses its colours, which could have been cut open. */
function cutLine(line: string, widthMax: number): string {
  const plain = line.replaceAll(colorSequence, '');
  if (widthOf(plain) <= widthMax) return line;
  return `${Array.from(plain)
    .slice(0, widthMax - 1)
    .join('')}…`;
}
