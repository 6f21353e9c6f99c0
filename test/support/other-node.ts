/** Installs other versions of Node.js for tests that run on those versions. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { builtProgramVariable } from './process.ts'

const run = promisify(execFile)
/** The newest release of each major version: Node.js 24 runs the server; Node.js 20 and 22 run the client. */
const versions = { 20: '20.20.2', 22: '22.23.5', 24: '24.21.0' } as const
const minutes = 60_000

/**
 * Installs a major version of Node.js from its npm package. The target is the test run's folder, or `folder` if the test file
 * runs alone. Returns the path of the Node.js binary. A development dependency would make each `npm ci` 120 MB larger, and would
 * replace `node_modules/.bin/node`. If no registry is reachable, skips the test and returns undefined, or throws in CI.
 */
export async function installNode(
  t: TestContext,
  folder: string,
  major: keyof typeof versions,
): Promise<string | undefined> {
  const version = versions[major]
  const name = `node-${process.platform}-${process.arch}`
  const shared = process.env[builtProgramVariable] ?? folder
  const installed = join(shared, `node-${major}`)
  const node = join(installed, 'node_modules', name, 'bin/node')
  if (existsSync(node)) return node
  try {
    await mkdir(shared, { recursive: true })
    const project = await mkdtemp(join(shared, 'installing-'))
    await writeFile(join(project, 'package.json'), '{ "private": true }\n')
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--no-save']
    await run('npm', ['install', ...flags, `${name}@${version}`], {
      cwd: project,
      timeout: 4 * minutes,
    })
    // Another test file may have installed the same version in the meantime.
    await rename(project, installed).catch((error: unknown) => {
      if (!existsSync(node)) throw error
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
