/** What a node runs, in few files: its modules without types and comments, and without what nobody uses of them. */
import { dirname, join, parse } from 'node:path';
import { rolldown, type Plugin } from 'rolldown';
import { REPOSITORY } from './node-build.ts';

const PROGRAM = join(REPOSITORY, 'apps/server/src/program.ts');
/** Packages that load compiled code of their own from where they lie. */
const STAY_OUTSIDE = [/^@duckdb\//];

/** Writes the bundle into a folder. Scripts of threads and what is loaded on demand stay files of their own. */
export async function bundleSources(folder: string): Promise<void> {
  const bundle = await rolldown({
    cwd: REPOSITORY,
    platform: 'node',
    input: { program: PROGRAM },
    external: STAY_OUTSIDE,
    plugins: [threadScripts],
    logLevel: 'silent',
  });
  try {
    await bundle.write({
      dir: folder,
      format: 'esm',
      entryFileNames: '[name].mjs',
      chunkFileNames: '[name]-[hash].mjs',
      comments: false,
      // With a single letter beyond Latin-1, V8 keeps the whole file in two bytes a letter.
      charset: 'ascii',
      // Names and lines stay, so that a stack trace can be read.
      minify: false,
    });
  } finally {
    await bundle.close();
  }
}

/** `new URL('./a-thread.ts', import.meta.url)`, as threads name their scripts. */
const SCRIPT = /new URL\('(\.{1,2}\/[\w/.-]+\.ts)', import\.meta\.url\)/g;

/** Scripts of threads become files beside the others. A module that asks in another way where it lies cannot be moved. */
const threadScripts: Plugin = {
  name: 'thread-scripts',
  transform: {
    filter: { id: { include: /\.ts$/, exclude: /node_modules/ }, code: 'import.meta' },
    handler(code, id) {
      if (code.replace(SCRIPT, '').includes('import.meta')) this.error(`${id} asks where it lies`);
      const moved = code.replace(SCRIPT, (_, path: string) => {
        const script = join(dirname(id), path);
        const fileName = `${parse(script).name}.mjs`;
        this.emitFile({ type: 'chunk', id: script, fileName });
        return `new URL('./${fileName}', import.meta.url)`;
      });
      return { code: moved };
    },
  },
};
