#!/usr/bin/env node
// Plain JavaScript that any Node.js can read: says in one line what is missing, before anything newer is loaded.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

// On SIGUSR1 Node.js opens a debugger to every local user, who can read the master key with it. A listener for the signal
// prevents that.
process.on('SIGUSR1', () => {})

const nodeMajorMin = 24

if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
  console.error(
    `signet: needs Node.js ${nodeMajorMin} or newer, this is ${process.versions.node}; ` +
      'in a checkout, "npm start" and "npm run signet" use the one that "npm ci" installed',
  )
  process.exit(2)
}

// A checkout runs its sources; the published package holds only what was built from them.
const source = new URL('../src/main.ts', import.meta.url)
const built = new URL('../dist/src/main.js', import.meta.url)
const isCheckout = existsSync(source)
// TypeScript is compiled at each start: what came of it is kept beside the packages, which are trusted as much.
if (isCheckout)
  module.enableCompileCache(
    fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)),
  )
const { main } = await import(isCheckout ? source.href : built.href)
if (await isDebugged()) {
  console.error(
    'signet: SIGUSR1 opened the debugger of Node.js while the process started; nothing secret was read yet, start it again. ' +
      'node --disable-sigusr1 closes this gap, and node --inspect is for debugging',
  )
  process.exit(1)
}
await main(process.argv.slice(2))

/** Whether a signal before the listener was installed has opened the debugger. --inspect is the operator's choice. */
async function isDebugged() {
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ')
  if (!process.features.inspector || flags.includes('--inspect')) return false
  const { url } = await import('node:inspector')
  return url() !== undefined
}
