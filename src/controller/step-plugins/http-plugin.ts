import { signedPost, type SignedPostOptions } from '../plugins/signed-post.ts';
import { stepPluginApiVersion, type StepPlugin } from './contract.ts';
import { readStepPluginAnswer } from './read-answer.ts';

/** A plug-in behind a URL. */
export type HttpPluginOptions = SignedPostOptions;

/** A plug-in that is called by HTTP, with signed requests; see docs/step-plug-ins.md. */
export function httpPlugin(options: HttpPluginOptions): StepPlugin {
  return {
    disabled: false,
    async call(request, signal) {
      const call = { apiVersion: stepPluginApiVersion, id: request.id, request };
      const response = await signedPost(call, options, signal);
      if (response.kind === 'failure') return { phase: 'Error', message: response.message };
      if (response.status !== 200) {
        return { phase: 'Error', message: `it answered with HTTP status ${response.status}` };
      }
      const answer = readStepPluginAnswer(parseJson(response.body));
      return answer.ok ? answer.value : { phase: 'Error', message: answer.error };
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
