/**
 * Makes dist/, what the package contains: JavaScript in few files, since loading three hundred takes twice as long as what
 * is in them, and declarations, a file for each source.
 */
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'
import { writeSbom } from './tools/sbom.ts'

/** By their place in dist/. Threads find their files beside those that start them, which are at the top. */
const entryPoints = {
  'client/index': 'client/index.ts',
  'embedded/index': 'embedded/index.ts',
  'src/main': 'src/main.ts',
  'writer-thread': 'src/store/sqlite/writer-thread.ts',
  'checkpoint-thread': 'src/store/sqlite/checkpoint-thread.ts',
  'check-process': 'src/store/sqlite/check-process.ts',
  'bulk-thread': 'src/bulk/bulk-thread.ts',
}
const startThreads = [
  'src/store/sqlite/writer-client.ts',
  'src/store/sqlite/checkpoints.ts',
  'src/store/sqlite/start-check.ts',
  'src/bulk/bulk-client.ts',
]

rmSync('dist', { recursive: true, force: true })
execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json', '--emitDeclarationOnly'], {
  stdio: 'inherit',
})
const { metafile } = await build({
  entryPoints,
  outdir: 'dist',
  bundle: true,
  // One module stays one, whichever entry point loads it.
  splitting: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node24',
  metafile: true,
  logLevel: 'warning',
})
for (const [output, { inputs }] of Object.entries(metafile.outputs))
  if (startThreads.some((source) => source in inputs) && !/^dist\/[^/]+$/.test(output))
    throw new Error(`${output} starts a thread, and would look for its file beside itself`)
for (const entry of ['client', 'embedded']) {
  writeFileSync(`dist/${entry}/index.cjs`, "module.exports = require('./index.js')\n")
  writeFileSync(`dist/${entry}/index.d.cts`, "export * from './index.js'\n")
}
writeSbom()
