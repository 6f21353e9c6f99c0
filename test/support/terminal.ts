/** Runs commands in this process on a simulated terminal. */
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { stripVTControlCharacters } from 'node:util'
import { runCommand } from '../../src/cli/run-command.ts'
import { displayWidth } from '../../src/cli/shared/display-width.ts'
import type { Outcome } from './process.ts'

/** Runs a command whose output streams are a terminal with 80 columns. The returned output contains no colours. */
export async function onTerminal(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const [stdout, stderr] = [terminal(), terminal()]
  const stdin = (): PassThrough => new PassThrough().end()
  const code = await runCommand(args, { environment, stdin, stdout, stderr })
  const textOf = async (stream: PassThrough): Promise<string> =>
    stripVTControlCharacters(await text(stream.end()))
  return { code, stdout: await textOf(stdout), stderr: await textOf(stderr) }
}

/** Returns the lines that are wider than the terminal, except lines that consist of a single word, such as an ARN. */
export function wideLines(output: string): string[] {
  return output.split('\n').filter((line) => displayWidth(line) > 80 && line.trim().includes(' '))
}

function terminal(): PassThrough & { isTTY: true; columns: number } {
  return Object.assign(new PassThrough({ highWaterMark: 1024 * 1024 }), {
    isTTY: true as const,
    columns: 80,
  })
}
