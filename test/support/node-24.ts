/** The oldest Node.js that is supported, for the tests that run on it beside the current one. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const version = '24.21.0'
const minutes = 60_000

/**
 * Path of a Node.js 24, installed into the folder from npm's package of the binary alone. A development dependency would make
 * each `npm ci` 120 MB larger, and its `node` would compete for `node_modules/.bin/node`. Returns undefined, and skips the test,
 * where there is no registry; with CI set, throws.
 */
export async function installNode24(t: TestContext, folder: string): Promise<string | undefined> {
  const name = `node-${process.platform}-${process.arch}`
  const node = join(folder, 'node_modules', name, 'bin/node')
  if (existsSync(node)) return node
  try {
    await writeFile(join(folder, 'package.json'), '{ "private": true }\n')
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--no-save']
    await run('npm', ['install', ...flags, `${name}@${version}`], {
      cwd: folder,
      timeout: 4 * minutes,
    })
    return node
  } catch (error) {
    const message = `NOT TESTED: Node.js ${version} cannot be installed here: ${String(error)}`
    if (process.env['CI'] !== undefined) throw new Error(message, { cause: error })
    console.error(message)
    t.skip(message)
    return undefined
  }
}
