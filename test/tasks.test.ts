/**
 * Runs every code block of every page in docs/tasks, in the role of a reader, on a separate simulated machine. A `text`
 * block contains output that the page's commands must print. A code block that is not run is preceded by a comment with
 * the reason: `<!-- not run: … -->`.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { suite, test } from 'node:test'
import { tool } from './support/foreign-tools.ts'
import { blocksOf } from './support/guides/blocks.ts'
import { runBlocks } from './support/guides/run.ts'
import { missingOutput, openTaskWorld } from './support/guides/task-world.ts'
import { KmsServer } from './support/kms-server.ts'

const folder = resolve(import.meta.dirname, '..', 'docs', 'tasks')
const pages = globSync('*.md', { cwd: folder }).sort()

/** Commands that a page may need but that are not available on every system. */
const tools = [
  'aws',
  'openssl',
  'curl',
  'age-keygen',
  'sqlite3',
  'softhsm2-util',
  'pkcs11-tool',
] as const

const chosenPage = process.env['SIGNET_PAGE']

// The suite takes minutes, but each page has the usual timeout.
suite(
  'every command of docs/tasks runs, and prints the documented output',
  { timeout: 840_000 },
  () => {
    for (const page of pages.filter((name) => chosenPage === undefined || name === chosenPage))
      test(page, async (t) => {
        const text = withSetup(readFileSync(join(folder, page), 'utf8'))
        const blocks = blocksOf(text).filter(({ notRun }) => notRun === undefined)
        if (blocks.length === 0) return
        for (const name of tools.filter((each) => text.includes(`${each} `)))
          if ((await tool(t, name)) === undefined) return
        await using kms = /\baws kms /.test(text) ? await KmsServer.start() : undefined
        const world = await openTaskWorld()
        try {
          const commands = blocks.filter(({ language }) => language !== 'text')
          const start = { line: 0, language: 'sh', file: undefined, notRun: undefined }
          const steps = [{ ...start, text: 'systemctl start signet\n' }, ...commands]
          const environment = { ...world.environment, ...kms?.clientEnvironment }
          const ran = await runBlocks(world, steps, environment)
          if (process.env['SIGNET_SHOW'] !== undefined) console.log(ran.text)
          assert.equal(ran.code, 0, ran.text)
          assert.deepEqual(missingOutput(blocks, ran.text), [], ran.text)
        } finally {
          await world.close()
        }
      })
  },
)

/** Turns comments of the form `<!-- setup … -->` into command blocks. The commands cause the incident that a page describes. */
function withSetup(markdown: string): string {
  return markdown.replaceAll(/^<!-- setup\n([\s\S]*?)-->$/gm, '```sh\n$1```')
}
