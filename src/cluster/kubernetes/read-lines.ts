import { SluiceError } from '../../base/error.ts';

const newline = 0x0a;

/**
 * Splits a stream of bytes into lines as they come; empty ones are left out. Nothing is held back but an unfinished
 * line, which may be at most `bytesMax` long. The last line needs no end.
 */
export async function* readLines(stream: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const piece = chunk.subarray(start, end);
      const line = parts.length === 0 ? piece : Buffer.concat([...parts, piece]);
      parts = [];
      bytes = 0;
      start = end + 1;
      if (line.length > bytesMax) throw tooLong(bytesMax);
      if (line.length > 0) yield line;
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      bytes += chunk.length - start;
    }
    if (bytes > bytesMax) throw tooLong(bytesMax);
  }
  if (bytes > 0) yield Buffer.concat(parts);
}

function tooLong(bytesMax: number): SluiceError {
  return new SluiceError('TooLarge', `a line of the stream is longer than ${bytesMax} bytes`);
}
