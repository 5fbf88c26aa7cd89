/** What a simulated model answers, before a dialect frames it: thoughts, then a text or the calls of tools. */
import type { ModelProfile } from '../../profile/profile-schema.ts';
import { cutToTokens, echo, fixedWording, Wording } from '../words.ts';
import type { Heard, OfferedTool } from './heard.ts';
import type { Media } from './media.ts';
import { minimalJson } from './minimal-json.ts';

export interface SaidCall {
  readonly name: string;
  /** The arguments' JSON text. */
  readonly input: Wording;
}

export interface Said {
  readonly thoughts: Wording | null;
  /** Null when tools are called; a refusal's words when it refuses. */
  readonly text: Wording | null;
  readonly calls: readonly SaidCall[];
  readonly end: 'done' | 'length' | 'calls' | 'refusal' | 'stop';
  /** The text that ended it, with `stop`. */
  readonly stop: string | null;
  readonly thoughtTokens: number;
  /** Thoughts included. */
  readonly outputTokens: number;
}

const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;

function mediaNotes(media: readonly Media[]): string[] {
  return (['image', 'file', 'audio'] as const).flatMap((kind) => {
    const types = media.filter((one) => one.kind === kind).map(({ type }) => type);
    if (types.length === 0) return [];
    const told = kind === 'audio' ? `${types.length} audio` : counted(types.length, kind);
    return [`${told}: ${types.join(', ')}`];
  });
}

const RESULT_SHOWN = 100;

/** What came beside the words, so that a test can see that it arrived: `[system; 2 tools; 1 image: image/png]`. */
function notesOf({ system, tools, media, toolResult }: Heard): string {
  const result = toolResult?.slice(0, RESULT_SHOWN).replace(/[\ud800-\udbff]$/, '');
  const notes = [
    ...(system ? ['system'] : []),
    ...(tools.length > 0 ? [counted(tools.length, 'tool')] : []),
    ...mediaNotes(media),
    ...(result === undefined ? [] : [`tool result: ${result}`]),
  ];
  return notes.length === 0 ? '' : ` [${notes.join('; ')}]`;
}

/** An answer's text: the model's own, or an echo of what was heard. */
const textOf = (heard: Heard, model: ModelProfile): Wording =>
  fixedWording(model) ?? new Wording(echo(model.id, heard.prompt) + notesOf(heard));

/** JSON where it is asked for: the smallest value of the schema, or the echo in an object. */
function structuredOf({ format, prompt }: Heard, model: ModelProfile): Wording | null {
  if (format === null) return null;
  const value = format === 'json' ? { answer: echo(model.id, prompt) } : minimalJson(format.schema);
  return new Wording(JSON.stringify(value));
}

/** What is left to say after the beginning that the request hands over; all of it when the answer begins otherwise. */
const goingOn = ({ begun }: Heard, wording: Wording): Wording =>
  begun !== '' && wording.text.startsWith(begun)
    ? new Wording(wording.text.slice(begun.length))
    : wording;

const WORD = /[A-Za-z0-9_-]/;

/** Whether a text has a name as a word of its own. */
function names(text: string, name: string): boolean {
  if (name === '') return false;
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    const before = text[at - 1] ?? ' ';
    const after = text[at + name.length] ?? ' ';
    if (!WORD.test(before) && !WORD.test(after)) return true;
  }
  return false;
}

/**
 * Tools are called when the choice says so, or, with `auto`, when the caller's last message is the user's and names tools or asks for one.
 * All that it names are called, one only where several at once are not wanted.
 */
function calledTools({ tools, choice, lastWords, parallel }: Heard): SaidCall[] {
  if (choice === 'none') return [];
  const wanted = typeof choice === 'object' ? choice.name : null;
  if (wanted !== null)
    return tools
      .filter(({ name }) => name === wanted)
      .slice(0, 1)
      .map(callOf);
  const named = tools.filter(({ name }) => names(lastWords, name));
  if (named.length > 0) return (parallel ? named : named.slice(0, 1)).map(callOf);
  const asked = /\b(call|use)\b[^.]{0,40}\b(tool|function)\b/i.test(lastWords);
  return asked || choice === 'required' ? tools.slice(0, 1).map(callOf) : [];
}

function callOf({ name, schema }: OfferedTool): SaidCall {
  const made = minimalJson(schema ?? { type: 'object' });
  return { name, input: new Wording(JSON.stringify(made)) };
}

const THOUGHT = 60;

const thoughtsOf = ({ prompt }: Heard): Wording =>
  new Wording(`The caller says: ${prompt.slice(0, THOUGHT).replace(/[\ud800-\udbff]$/, '')}`);

/** What makes a simulated model refuse; Anthropic documents a text of its own for the same. */
const REFUSED = /\bsimulate a refusal\b|ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL_/i;
const REFUSAL = new Wording("I'm sorry, but I can't help with that.");

/** The text up to the first of the stop sequences, and which that was. */
function stoppedAt(wording: Wording, stops: readonly string[]): [Wording, string | null] {
  const places = stops
    .map((stop) => ({ stop, at: wording.text.indexOf(stop) }))
    .filter(({ at }) => at !== -1)
    .toSorted((one, other) => one.at - other.at);
  const [first] = places;
  return first === undefined
    ? [wording, null]
    : [new Wording(wording.text.slice(0, first.at)), first.stop];
}

function called(calls: readonly SaidCall[], thoughts: Wording | null): Said {
  const thoughtTokens = thoughts?.tokens ?? 0;
  const outputTokens = calls.reduce((sum, { input }) => sum + input.tokens, thoughtTokens);
  return { thoughts, text: null, calls, end: 'calls', stop: null, thoughtTokens, outputTokens };
}

export function say(heard: Heard, model: ModelProfile): Said {
  if (REFUSED.test(heard.lastWords)) {
    const outputTokens = REFUSAL.tokens;
    const none = { thoughts: null, calls: [], stop: null, thoughtTokens: 0 };
    return { ...none, text: REFUSAL, end: 'refusal', outputTokens };
  }
  const thoughts = heard.thinks ? thoughtsOf(heard) : null;
  const thoughtTokens = thoughts?.tokens ?? 0;
  const calls = calledTools(heard);
  if (calls.length > 0) return called(calls, thoughts);
  const allowance = heard.allowance === null ? null : Math.max(1, heard.allowance - thoughtTokens);
  const full = structuredOf(heard, model) ?? goingOn(heard, textOf(heard, model));
  const [ended, stop] = stoppedAt(full, heard.stops);
  const [text, cut] = cutToTokens(ended, allowance);
  const outputTokens = thoughtTokens + text.tokens;
  const end = cut ? 'length' : stop === null ? 'done' : 'stop';
  return { thoughts, text, calls: [], end, stop: cut ? null : stop, thoughtTokens, outputTokens };
}
