/**
 * `node:http` without what nobody here uses of it. An `import` of it reads every export, and with `WebSocket` and its like all of the
 * built-in `fetch` is loaded: 3 MB of heap in each thread. Asked for this way, what is not named is not loaded.
 */
const http = process.getBuiltinModule('node:http');

export const { createServer } = http;
