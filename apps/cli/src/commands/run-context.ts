import { AdminClient } from '../client/admin-client.ts';
import { readAdminToken } from '../client/admin-token.ts';
import { type Paint, createPaint } from '../render/paint.ts';
import type { GlobalOptions, Surroundings } from '../terminal.ts';

/** What a verb that speaks to the gateway works with. */
export interface RunContext {
  readonly client: AdminClient;
  readonly paint: Paint;
  readonly json: boolean;
  readonly surroundings: Surroundings;
  readonly print: (text: string) => void;
}

/** Reads the token and prepares the client. Throws a CliError when there is no token. */
export function runContext(surroundings: Surroundings, options: GlobalOptions): RunContext {
  const { terminal } = surroundings;
  return {
    client: new AdminClient(options.adminUrl, readAdminToken(options.data)),
    paint: createPaint(terminal.color),
    json: options.json,
    surroundings,
    print: terminal.out,
  };
}

/** Prints an answer: as JSON, or as `render` shows it. */
export function show<T>(context: RunContext, value: T, render: (value: T) => string): void {
  context.print(context.json ? `${JSON.stringify(value)}\n` : render(value));
}

const WATCH_INTERVAL_MS = 1000;
/** Cursor home, clear to the end: redraws without flicker. */
const REDRAW = '\u001b[H\u001b[2J';

/** Shows once, or again every second until the operator ends it. */
export async function showRepeatedly(
  context: RunContext,
  watch: boolean,
  once: () => Promise<void>,
): Promise<void> {
  const { terminal, pause, ended } = context.surroundings;
  if (!watch) return await once();
  while (!ended.aborted) {
    if (terminal.screen && !context.json) terminal.out(REDRAW);
    await once();
    await pause(WATCH_INTERVAL_MS, ended);
  }
}
