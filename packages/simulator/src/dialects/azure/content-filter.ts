/**
 * Azure's content filter: the event with which its chat streams begin, and a prompt that it does not let pass. Shapes: learn.microsoft.com/
 * azure/ai-foundry/openai/concepts/content-filter (annotations, "HTTP response code 400 when content is filtered").
 */
import { refusal } from '../../faces/refusal.ts';
import type { Refusal } from '../../faces/refusal.ts';
import type { Exchange } from '../dialect.ts';
import type { Framed } from '../serve-call.ts';

const KINDS = ['hate', 'self_harm', 'sexual', 'violence'] as const;

const resultOf = (severe: string | null): Readonly<Record<string, object>> =>
  Object.fromEntries(
    KINDS.map((kind) => [
      kind,
      kind === severe
        ? { filtered: true, severity: 'high' }
        : { filtered: false, severity: 'safe' },
    ]),
  );

const FIRST = `data: ${JSON.stringify({
  choices: [],
  created: 0,
  id: '',
  model: '',
  object: '',
  prompt_filter_results: [{ prompt_index: 0, content_filter_results: resultOf(null) }],
})}\n\n`;

/** A stream begins with what the filter says of the prompt: an event without choices. */
export const azureFramed = (framed: Framed): Framed => ({
  ...framed,
  events: () => [FIRST, ...framed.events()],
});

const FILTERED = /\bsimulate a filtered prompt\b/i;

/** A prompt that asks for it is filtered, at Azure. */
export function filtered({ call }: Exchange, prompt: string): Refusal | null {
  if (call.dialect !== 'azure' || !FILTERED.test(prompt)) return null;
  return refusal(400, {
    error: {
      message:
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry. To learn more about our content filtering policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766",
      type: null,
      param: 'prompt',
      code: 'content_filter',
      status: 400,
      innererror: {
        code: 'ResponsibleAIPolicyViolation',
        content_filter_result: resultOf('violence'),
      },
    },
  });
}
