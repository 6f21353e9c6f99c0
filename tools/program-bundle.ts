/** Bundles the program (the server and the command line) as ES modules. A few bundled files load faster than many files. */
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')

/**
 * The program and its threads' files, keyed by their path in the output. A thread's file is in the same folder as the code that
 * starts the thread.
 */
const entryPoints = {
  'src/main': 'src/main.ts',
  'writer-thread': 'src/store/sqlite/writer-thread.ts',
  'checkpoint-thread': 'src/store/sqlite/checkpoint-thread.ts',
  'check-process': 'src/store/sqlite/check-process.ts',
  'bulk-thread': 'src/bulk/bulk-thread.ts',
  'token-thread': 'src/keys/pkcs11/token-thread.ts',
}
const threadStarters = [
  'src/store/sqlite/writer-client.ts',
  'src/store/sqlite/checkpoints.ts',
  'src/store/sqlite/start-check.ts',
  'src/bulk/bulk-client.ts',
  'src/keys/pkcs11/client.ts',
]

/** Bundles the program into a folder with the same name as in the package: `dist`. */
export async function bundleProgram(outdir: string): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    logLevel: 'warning',
    entryPoints,
    outdir,
    // Each module exists only once, regardless of which entry point loads it.
    splitting: true,
    packages: 'external',
    format: 'esm',
    target: 'node24',
    metafile: true,
  })
  for (const [output, { inputs }] of Object.entries(metafile.outputs))
    if (threadStarters.some((source) => source in inputs) && !/(?:^|\/)dist\/[^/]+$/.test(output))
      throw new Error(
        `${output} starts a thread, and would look for the thread's file beside itself`,
      )
}
