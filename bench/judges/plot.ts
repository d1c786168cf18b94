/** One mark of a chart: a value with its interval, of one series. */
export interface Mark {
  readonly series: string;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

/** A chart with a row for each thing that is compared and a mark in it for each series. */
export interface DotChart {
  readonly title: string;
  readonly axis: string;
  /** Ends of the axis, which is logarithmic; values outside are drawn at the end. */
  readonly low: number;
  readonly high: number;
  /** A value that matters, drawn as a line. */
  readonly limit?: { readonly value: number; readonly label: string };
  readonly series: readonly string[];
  readonly rows: readonly { readonly label: string; readonly marks: readonly Mark[] }[];
}

const labelWidth = 330;
const plotWidth = 560;
const rowHeight = 18;
const headHeight = 64;

/** Colours that people who see few colours can still tell apart (Okabe and Ito 2008). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#555555', '#b8a800'];

/** Draws the chart as SVG text, the same for the same figures. */
export function drawDotChart(chart: DotChart): string {
  const height = headHeight + chart.rows.length * rowHeight + 50;
  const width = labelWidth + plotWidth + 30;
  const bottom = height - 50;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(10, 18, chart.title, 'font-size="14" font-weight="bold"'),
    ...legend(chart.series),
    ...ticks(chart, bottom),
    ...limitLine(chart, bottom),
    ...chart.rows.flatMap((row, index) => drawRow(chart, row, headHeight + (index + 0.5) * rowHeight)),
    text(labelWidth + plotWidth / 2, bottom + 36, chart.axis, 'text-anchor="middle"'),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function legend(series: readonly string[]): readonly string[] {
  let x = 10;
  return series.flatMap((name, index) => {
    const at = x;
    x += 24 + 6.4 * name.length;
    return [circle(at + 4, 36, colourOf(index)), text(at + 12, 40, name, '')];
  });
}

function ticks(chart: DotChart, bottom: number): readonly string[] {
  const first = Math.ceil(Math.log10(chart.low) - 1e-9);
  const last = Math.floor(Math.log10(chart.high) + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index)).flatMap((value) => {
    const x = xOf(chart, value);
    return [
      `<line x1="${x}" y1="${headHeight - 6}" x2="${x}" y2="${bottom}" stroke="#ddd"/>`,
      text(x, bottom + 16, String(Number(value.toPrecision(3))), 'text-anchor="middle"'),
    ];
  });
}

function limitLine(chart: DotChart, bottom: number): readonly string[] {
  if (chart.limit === undefined) return [];
  const x = xOf(chart, chart.limit.value);
  return [
    `<line x1="${x}" y1="${headHeight - 6}" x2="${x}" y2="${bottom}" stroke="#c00" stroke-dasharray="4 3"/>`,
    text(x + 4, headHeight - 8, chart.limit.label, 'fill="#c00"'),
  ];
}

function drawRow(chart: DotChart, row: DotChart['rows'][number], y: number): readonly string[] {
  const marks = row.marks.flatMap(({ series, value, low, high }) => {
    const index = chart.series.indexOf(series);
    // Each series has its own height in the row, so that equal values do not hide each other.
    const at = y + ((index + 0.5) / chart.series.length - 0.5) * (rowHeight - 6);
    const interval =
      low === undefined || high === undefined
        ? []
        : [
            `<line x1="${xOf(chart, low)}" y1="${fixed(at)}" x2="${xOf(chart, high)}" y2="${fixed(at)}" stroke="${colourOf(index)}"/>`,
          ];
    return [...interval, circle(xOf(chart, value), at, colourOf(index))];
  });
  const line = `<line x1="${labelWidth}" y1="${y + rowHeight / 2}" x2="${labelWidth + plotWidth}" y2="${y + rowHeight / 2}" stroke="#eee"/>`;
  return [line, text(labelWidth - 8, y + 4, row.label, 'text-anchor="end"'), ...marks];
}

function xOf({ low, high }: DotChart, value: number): string {
  const part = Math.log(Math.min(high, Math.max(low, value)) / low) / Math.log(high / low);
  return fixed(labelWidth + part * plotWidth);
}

function circle(x: number | string, y: number, colour: string): string {
  return `<circle cx="${x}" cy="${fixed(y)}" r="3" fill="${colour}"/>`;
}

function text(x: number | string, y: number, content: string, attributes: string): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${x}" y="${y}" ${attributes}>${escaped}</text>`;
}

function colourOf(index: number): string {
  return colours[index % colours.length] ?? '#000';
}

function fixed(value: number): string {
  return value.toFixed(1);
}
