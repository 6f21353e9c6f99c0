/** The layout of help texts. A line is wider than the terminal only if it contains a single word of that width. */
import type { HelpConfiguration } from 'commander'
import { displayWidth, padToWidth, wrapText } from './display-width.ts'

/** Maximum width of the flags column. If a flag is longer than its column, the description starts on the next line. */
const termWidthMax = 28
const indent = '  '
const gap = '  '
/** Minimum width of the descriptions column, for very narrow terminals. */
const descriptionWidthMin = 20

export const helpLayout: HelpConfiguration = {
  padWidth: (command, helper) =>
    Math.min(
      termWidthMax,
      Math.max(
        helper.longestOptionTermLength(command, helper),
        helper.longestGlobalOptionTermLength(command, helper),
        helper.longestSubcommandTermLength(command, helper),
        helper.longestArgumentTermLength(command, helper),
      ),
    ),
  formatItem(...[term, termWidth, description, { helpWidth = 80 }]) {
    if (description === '') return `${indent}${term}`
    const margin = ' '.repeat(indent.length + termWidth + gap.length)
    const width = Math.max(descriptionWidthMin, helpWidth - margin.length)
    const text = wrapText(description, width).join(`\n${margin}`)
    return displayWidth(term) > termWidth
      ? `${indent}${term}\n${margin}${text}`
      : `${indent}${term}${padToWidth(term, termWidth)}${gap}${text}`
  },
}

/** Terminal width for which examples are wrapped. */
const exampleWidth = 80
const continuation = ' \\'

/** Returns the examples printed at the end of the help text. Long commands are continued on the next line, as in a shell. */
export function examplesText(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map(exampleText).join('\n')}\n`
}

function exampleText(command: string): string {
  if (displayWidth(command) <= exampleWidth - indent.length) return `${indent}${command}`
  const width = exampleWidth - indent.length - continuation.length
  const lines: string[] = []
  for (const part of command.split(command.includes(' | ') ? / (?=\| )/ : / (?=--)/)) {
    const last = lines.at(-1)
    if (last !== undefined && displayWidth(`${last} ${part}`) <= width)
      lines[lines.length - 1] = `${last} ${part}`
    else lines.push(lines.length === 0 ? part : `${indent}${part}`)
  }
  return lines.map((line) => `${indent}${line}`).join(`${continuation}\n`)
}
