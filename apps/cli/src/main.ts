#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises';
import { readEnvironment } from './config.ts';
import { runCli } from './run-cli.ts';
import { askServer, runServer } from './server-process.ts';

const screen = process.stdout.isTTY;
const ended = new AbortController();
process.stdout.on('error', () => process.exit(0)); // the reader left: `keywell logs | head`

process.exitCode = await runCli(process.argv.slice(2), {
  terminal: {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    screen,
    color: screen && !readEnvironment().noColor,
  },
  pause: async (ms, signal) => await sleep(ms, undefined, { signal }).catch(() => undefined),
  ended: ended.signal,
  runServer,
  askServer,
});
