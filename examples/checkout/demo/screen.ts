import type { WriteStream } from 'node:tty';

/** Where the demo shows what happens: a picture that is drawn again in a terminal, plain lines elsewhere. */
export interface Screen {
  /** Something that happened; it stays. */
  note(text: string): void;
  /** How things stand; replaces the picture before. `line` is what is printed without a terminal, when it is new. */
  show(picture: readonly string[], line: string): void;
  /** Leaves the last picture. */
  end(): void;
}

/** Makes a screen on a stream. */
export function createScreen(stream: WriteStream): Screen {
  const started = performance.now();
  const isTerminal = stream.isTTY && process.env['NO_COLOR'] === undefined;
  let height = 0;
  let shown = '';
  let printed = '';

  const time = (): string => `${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s`;
  const clear = (): void => {
    if (height > 0) stream.write(`\u001B[${height}A\u001B[0J`);
    height = 0;
  };
  const draw = (): void => {
    stream.write(shown);
    height = shown === '' ? 0 : shown.split('\n').length - 1;
  };

  return {
    note(text) {
      if (isTerminal) clear();
      stream.write(`${time()}  ${text}\n`);
      if (isTerminal) draw();
    },
    show(picture, line) {
      if (!isTerminal) {
        if (line !== printed) stream.write(`${time()}  ${line}\n`);
        printed = line;
        return;
      }
      const columns = stream.columns ?? 80;
      const next = `${picture.map((text) => text.slice(0, columns - 1)).join('\n')}\n`;
      if (next === shown) return;
      clear();
      shown = next;
      draw();
    },
    end() {
      height = 0;
      shown = '';
    },
  };
}
