/** Words on a terminal: colours where it has them, never in a file or a pipe, and never with NO_COLOR. */
import { styleText } from 'node:util'
import type { Paragraph, Tone } from '../inspect/lines.ts'

const formats = {
  plain: [],
  good: ['green'],
  warning: ['yellow'],
  bad: ['red'],
  title: ['bold'],
  label: ['dim'],
} as const

/** Node.js looks whether standard output is a terminal, and at NO_COLOR. */
export function paint(tone: Tone | 'title' | 'label', text: string): string {
  const format = formats[tone]
  return format.length === 0 ? text : styleText([...format], text, { stream: process.stdout })
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

/** Progress on standard error, if that is a terminal. */
export function progressLine(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${text} …\n`)
}
