import type { Command } from 'commander';

import type { CliContext } from '../context.ts';
import { analysisRunHeader, analysisRunRow } from '../show/analysis-run-table.ts';
import { addGetObjects } from './get-objects.ts';

/** `get analysisruns`: a table of AnalysisRuns, or one of them. */
export function addGetAnalysisRuns(get: Command, context: CliContext): void {
  addGetObjects(get, context, {
    kind: 'analysisrun',
    title: 'AnalysisRun',
    alias: 'ar',
    example: 'web-6c5-2-1',
    header: analysisRunHeader,
    row: analysisRunRow,
  });
}
