#!/usr/bin/env node
// The command `signet`. This file is plain JavaScript, so that even an old Node.js can run the version check below.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

// On SIGUSR1, Node.js opens a debugger with which every local user can read the master key. A listener for SIGUSR1 keeps the
// debugger closed.
process.on('SIGUSR1', () => {})

const nodeMajorMin = 24

if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
  console.error(
    `signet: Node.js ${nodeMajorMin} or newer is required, but this is Node.js ${process.versions.node}; ` +
      'in a checkout, "npm start" and "./signet" use the Node.js that "npm ci" installed',
  )
  process.exit(2)
}

// A checkout runs the sources. The published package contains only the built program.
const source = new URL('../src/main.ts', import.meta.url)
const built = new URL('../dist/src/main.js', import.meta.url)
const isCheckout = existsSync(source)
// The compiled sources are cached next to the installed packages, because both must be equally trusted.
if (isCheckout)
  module.enableCompileCache(
    fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)),
  )
const { main } = await import(isCheckout ? source.href : built.href)
if (await isDebugged()) {
  console.error(
    'signet: the signal SIGUSR1 opened the debugger while the process started. No secrets have been read yet. Start signet again. ' +
      '"node --disable-sigusr1" prevents this. For debugging, use "node --inspect"',
  )
  process.exit(1)
}
await main(process.argv.slice(2))

/** Returns whether a signal opened the debugger before the listener was installed. An operator may use --inspect deliberately. */
async function isDebugged() {
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ')
  if (!process.features.inspector || flags.includes('--inspect')) return false
  const { url } = await import('node:inspector')
  return url() !== undefined
}
