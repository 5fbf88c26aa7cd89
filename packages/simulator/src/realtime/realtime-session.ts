/** A realtime session: what the client's events change, and what each is answered. Text and tools; audio is taken and counted, not heard. */
import type { WebSocket } from 'ws';
import { Listener, partsOf } from '../dialects/conversation/heard.ts';
import type { Heard, OfferedTool } from '../dialects/conversation/heard.ts';
import { contentText, isObject } from '../dialects/json-body.ts';
import type { JsonObject } from '../dialects/json-body.ts';
import type { ModelProfile } from '../profile/profile-schema.ts';
import type { KeyOwner, ProviderState } from '../provider-state.ts';
import { turnEvents } from './realtime-turn.ts';
import type { RealtimeEvent } from './realtime-turn.ts';

const MAX_ITEMS = 10_000;

const itemText = (content: unknown): ReturnType<typeof partsOf> =>
  partsOf(content, ({ type, text, transcript }) => {
    if (type === 'input_audio') return { kind: 'audio', type: 'audio' };
    const said = text ?? transcript;
    return typeof said === 'string' ? said : null;
  });

export class RealtimeSession {
  readonly #state: ProviderState;
  readonly #owner: KeyOwner;
  readonly #model: ModelProfile;
  readonly #socket: WebSocket;
  readonly #items: JsonObject[] = [];
  #session: JsonObject;

  constructor(state: ProviderState, owner: KeyOwner, model: ModelProfile, socket: WebSocket) {
    this.#state = state;
    this.#owner = owner;
    this.#model = model;
    this.#socket = socket;
    this.#session = {
      object: 'realtime.session',
      type: 'realtime',
      id: `sess_${state.random.hex(24)}`,
      model: model.id,
      output_modalities: ['text'],
      instructions: '',
      tools: [],
      tool_choice: 'auto',
    };
    this.#send({ type: 'session.created', session: this.#session });
  }

  /** One message of the client, as it came. */
  receive(text: string): void {
    let event: unknown;
    try {
      event = JSON.parse(text);
    } catch {
      return this.#refuse('The server could not parse the event: it is not valid JSON.', null);
    }
    if (!isObject(event) || typeof event['type'] !== 'string') {
      return this.#refuse("Missing required parameter: 'type'.", event);
    }
    this.#handle(event['type'], event);
  }

  #handle(type: string, event: JsonObject): void {
    const { session, item, response } = event;
    if (type === 'session.update' && isObject(session)) {
      this.#session = { ...this.#session, ...session };
      this.#send({ type: 'session.updated', session: this.#session });
    } else if (type === 'conversation.item.create' && isObject(item)) {
      this.#add(item);
    } else if (type === 'response.create') {
      this.#respond(isObject(response) ? response : {});
    } else if (type === 'input_audio_buffer.append') {
      // taken without a word, as the API does
    } else {
      this.#refuse(`Invalid value: '${type.slice(0, 100)}'.`, event);
    }
  }

  #add(given: JsonObject): void {
    const item = { id: `item_${this.#state.random.hex(24)}`, object: 'realtime.item', ...given };
    const previous = this.#items.at(-1)?.['id'] ?? null;
    if (this.#items.length >= MAX_ITEMS) return this.#refuse('Too many items.', given);
    this.#items.push(item);
    this.#send({ type: 'conversation.item.added', previous_item_id: previous, item });
    this.#send({ type: 'conversation.item.done', previous_item_id: previous, item });
  }

  #respond(asked: JsonObject): void {
    const { calls } = this.#state;
    const call = calls.begin(this.#owner, 'realtime.response', 'openai');
    call.model = this.#model.id;
    call.stream = true;
    const turn = { state: this.#state, owner: this.#owner, model: this.#model, call };
    const events = turnEvents(turn, this.#heard(asked));
    for (const event of events) this.#send(event);
    call.events = events.length;
    calls.end(call);
  }

  #heard(asked: JsonObject): Heard {
    const listener = new Listener();
    const {
      instructions,
      tools,
      tool_choice: choice,
      max_output_tokens: most,
    } = {
      ...this.#session,
      ...asked,
    };
    if (typeof instructions === 'string') listener.systemSays(instructions);
    const own = Array.isArray(asked['input']) ? asked['input'].filter(isObject) : this.#items;
    for (const { type, role, content, output } of own) {
      if (type === 'function_call_output') listener.toolSays(String(output));
      else if (role === 'user') listener.userSays(itemText(content));
      else if (role === 'system') listener.systemSays(contentText(content));
      else listener.modelSays(contentText(content));
    }
    const offered: OfferedTool[] = (Array.isArray(tools) ? tools : [])
      .filter(isObject)
      .map(({ name, parameters }) => ({ name: String(name), schema: parameters }));
    return listener.heard({
      tools: offered,
      choice: choice === 'none' || choice === 'required' ? choice : 'auto',
      parallel: true,
      format: null,
      thinks: false,
      stops: [],
      allowance: typeof most === 'number' ? most : null,
    });
  }

  #refuse(message: string, event: unknown): void {
    const id = isObject(event) ? event['event_id'] : undefined;
    const error = { type: 'invalid_request_error', code: 'invalid_value', message, param: 'type' };
    this.#send({ type: 'error', error: { ...error, event_id: id ?? null } });
  }

  #send(event: RealtimeEvent): void {
    const id = `event_${this.#state.random.hex(24)}`;
    this.#socket.send(JSON.stringify({ event_id: id, ...event }));
  }
}
