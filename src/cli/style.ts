/** Words on a terminal: colours where it has them, never in a file or a pipe, and never with NO_COLOR. */
import { styleText } from 'node:util'
import type { Paragraph, Tone } from '../inspect/lines.ts'
import { visibleText } from '../text/visible-text.ts'

const formats = {
  plain: [],
  good: ['green'],
  warning: ['yellow'],
  bad: ['red'],
  title: ['bold'],
  label: ['dim'],
} as const

/** The text with its unsafe characters escaped, in colour if standard output is a terminal and NO_COLOR is not set. */
export function paint(tone: Tone | 'title' | 'label', text: string): string {
  const format = formats[tone]
  const shown = visibleText(text)
  return format.length === 0 ? shown : styleText([...format], shown, { stream: process.stdout })
}

/** Titles, and below each its lines with their labels in a column. */
export function paragraphsText(paragraphs: readonly Paragraph[]): string {
  return paragraphs
    .map(({ title, lines }) => {
      const width = Math.max(...lines.map(({ label }) => label.length))
      const rows = lines.map(({ label, text, tone }) =>
        `  ${paint('label', label.padEnd(width))}  ${paint(tone, text)}`.trimEnd(),
      )
      return [paint('title', title), ...rows].join('\n')
    })
    .join('\n\n')
}
