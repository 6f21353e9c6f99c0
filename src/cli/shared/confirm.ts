import { createInterface } from 'node:readline/promises'
import { ConfigurationError } from '../../errors.ts'
import { visibleText } from '../../text/visible-text.ts'
import type { ProcessIo } from './context.ts'

/**
 * Prompts on standard error for a string that confirms a change, and reads a line from standard input. Throws
 * ConfigurationError if the line differs from the expected string, or if standard input is not a terminal.
 */
export async function requireConfirmation(
  { stdin, stderr }: Pick<ProcessIo, 'stdin' | 'stderr'>,
  { question, expected }: { readonly question: string; readonly expected: string },
): Promise<void> {
  const input = stdin() as NodeJS.ReadableStream & { readonly isTTY?: boolean }
  if (input.isTTY !== true)
    throw new ConfigurationError(
      'a confirmation requires a terminal; to skip the confirmation, use --yes',
    )
  const lines = createInterface({ input, output: stderr })
  try {
    const answer = await lines.question(
      `${visibleText(question)}\nType ${visibleText(expected)} to confirm: `,
    )
    if (answer.trim() !== expected)
      throw new ConfigurationError('the confirmation does not match; nothing was changed')
  } finally {
    lines.close()
  }
}
