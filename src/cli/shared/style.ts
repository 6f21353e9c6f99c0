/** Text colours, used only if the terminal supports them and NO_COLOR is not set. */
import { styleText } from 'node:util'
import type { Output } from '../../terminal.ts'
import type { Paragraph, Tone } from '../../inspect/lines.ts'
import { visibleText } from '../../text/visible-text.ts'
import { wrapText } from './display-width.ts'

const formats = {
  plain: [],
  good: ['green'],
  warning: ['yellow'],
  bad: ['red'],
  title: ['bold'],
  label: ['dim'],
} as const

/** Escapes unsafe characters in a string, and colours the string if the output is a terminal and NO_COLOR is not set. */
export function paint(output: Output, tone: Tone | 'title' | 'label', text: string): string {
  const format = formats[tone]
  const visible = visibleText(text)
  return format.length === 0 ? visible : styleText([...format], visible, { stream: output })
}

/** A group of labelled lines with an optional title. */
interface TextBlock extends Pick<Paragraph, 'lines'> {
  readonly title: string | undefined
}

/** Minimum number of columns for the text after the labels. */
const textWidthMin = 20

/** Formats titles and the lines below them, with aligned labels. On a terminal, the text is wrapped to the terminal's width. */
export function paragraphsText(output: Output, paragraphs: readonly TextBlock[]): string {
  return paragraphs
    .map(({ title, lines }) => {
      const width = Math.max(...lines.map(({ label }) => label.length))
      const indent = title === undefined ? '' : '  '
      const textWidth = textWidthOf(output, indent.length + width + 2)
      const rows = lines.flatMap(({ label, text, tone }) =>
        wrapText(visibleText(text), textWidth).map((part, index) => {
          const start = (index === 0 ? label : '').padEnd(width)
          return `${indent}${paint(output, 'label', start)}  ${paint(output, tone, part)}`.trimEnd()
        }),
      )
      return [...(title === undefined ? [] : [paint(output, 'title', title)]), ...rows].join('\n')
    })
    .join('\n\n')
}

function textWidthOf({ isTTY, columns = Infinity }: Output, startWidth: number): number {
  return isTTY === true ? Math.max(textWidthMin, columns - startWidth) : Infinity
}
