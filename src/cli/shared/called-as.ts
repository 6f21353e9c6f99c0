/** The name by which the user called the program. In a checkout, only `./signet` works. */
import type { ProcessIo } from './context.ts'
import { quoteArgument } from './same-flags.ts'

/** Environment variable in which the launcher `./signet` passes the name by which it was called. */
const variable = 'SIGNET_CALLED_AS'

/**
 * Replaces the program's name in suggested commands, such as `signet status`, with the name by which the user called the program.
 * `command` is a pattern for the text that must follow the program's name.
 */
export function asCalled(
  text: string,
  { environment }: Pick<ProcessIo, 'environment'>,
  command = '[-a-z]',
): string {
  const name = environment[variable]
  if (name === undefined || name === '') return text
  const program = new RegExp(String.raw`(?<![\w./-])signet (?=${command})`, 'g')
  return text.replaceAll(program, () => `${quoteArgument(name)} `)
}
