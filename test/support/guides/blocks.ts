/** The fenced code blocks in a document, with the markers before each block. */

export interface Block {
  /** Line number of the block's first line, starting from 1. */
  readonly line: number
  /** Language specified at the fence, such as `sh`, `python` or `yaml`. */
  readonly language: string
  /** File name of the block, if the line before the block ends with a file name: "`main.tf`:". */
  readonly file: string | undefined
  /** Reason why the block is not run, taken from a comment above the block: `<!-- not run: … -->`. */
  readonly notRun: string | undefined
  /** Content of the block, ending with a line feed. */
  readonly text: string
}

/** Matches a fence, which may be indented in a numbered list. */
const fence = /^( *)```(\w*)$/
const marker = /^ *<!-- not run: (.{10,}) -->$/
const fileName = /`([\w./-]+\.[\w-]+)`:$/

/** Returns all code blocks in order. Throws if a fence is not closed. */
export function blocksOf(markdown: string): Block[] {
  const lines = markdown.split('\n')
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const [, indent = '', language] = fence.exec(lines[at] ?? '') ?? []
    if (language === undefined) continue
    const end = lines.indexOf(`${indent}\`\`\``, at + 1)
    if (end < 0) throw new Error(`line ${at + 1}: the block has no end`)
    blocks.push({
      line: at + 2,
      language,
      ...before(lines.slice(0, at)),
      text: lines
        .slice(at + 1, end)
        .map((line) => `${line.startsWith(indent) ? line.slice(indent.length) : line}\n`)
        .join(''),
    })
    at = end
  }
  return blocks
}

/** Reads the markers in the paragraph before a block, and in a comment between the paragraph and the block. */
function before(lines: readonly string[]): Pick<Block, 'file' | 'notRun'> {
  const [last = '', ...rest] = lines.filter((line) => line !== '').toReversed()
  const notRun = marker.exec(last)?.[1]
  const introduction = notRun === undefined ? last : rest[0]
  return { notRun, file: fileName.exec(introduction ?? '')?.[1] }
}
