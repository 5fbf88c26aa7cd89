/** This folder's dialect: OpenAI's Responses API. Shapes: `resources/responses/responses.d.ts` of the official `openai` package. */
export const RESPONSES = 'openai-responses';
