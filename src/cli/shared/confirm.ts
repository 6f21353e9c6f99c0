import { createInterface } from 'node:readline/promises'
import { ConfigurationError } from '../../errors.ts'
import { visibleText } from '../../text/visible-text.ts'
import type { ProcessIo } from './context.ts'

/**
 * Asks on standard error for a text that confirms a change, and reads one line of standard input. Throws ConfigurationError for
 * another text, and if standard input is not a terminal.
 */
export async function requireConfirmation(
  { stdin, stderr }: Pick<ProcessIo, 'stdin' | 'stderr'>,
  { question, expected }: { readonly question: string; readonly expected: string },
): Promise<void> {
  const input = stdin() as NodeJS.ReadableStream & { readonly isTTY?: boolean }
  if (input.isTTY !== true)
    throw new ConfigurationError('a confirmation needs a terminal: add --yes to do without')
  const lines = createInterface({ input, output: stderr })
  try {
    const answer = await lines.question(
      `${visibleText(question)}\nType ${visibleText(expected)} to confirm: `,
    )
    if (answer.trim() !== expected)
      throw new ConfigurationError('not confirmed; nothing was changed')
  } finally {
    lines.close()
  }
}
