import { execFile } from 'node:child_process'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * The command, if it can be run with `probe`; otherwise the test is skipped with a loud line, and fails under CI.
 * `optional` ones may be missing there too.
 */
export async function tool(
  t: TestContext,
  command: string,
  {
    probe = ['--version'],
    optional = false,
  }: { probe?: readonly string[]; optional?: boolean } = {},
): Promise<string | undefined> {
  try {
    await run(command, [...probe])
    return command
  } catch (error) {
    // A tool that answers its probe with a failure is there.
    if ((error as { code?: unknown }).code !== 'ENOENT' && !optional && probe[0] === '--version')
      return command
    const message = `NOT TESTED: ${command} ${probe.join(' ')} cannot be run here`
    if (process.env['CI'] !== undefined && !optional) throw new Error(message, { cause: error })
    t.diagnostic(message)
    console.error(message)
    t.skip(message)
    return undefined
  }
}
