/** The fenced blocks of a guide, and the text before each of them. */

export interface Block {
  /** Line number of the first line of the block, from 1. */
  readonly line: number
  /** What the fence says: `sh`, `python`, `yaml`. */
  readonly language: string
  /** The file that it is, if the line before it ends with its name: "`main.tf`:". */
  readonly file: string | undefined
  /** Why it is not run, if it says so: `<!-- not run: … -->`. */
  readonly notRun: string | undefined
  /** Text of the block, with a final line feed. */
  readonly text: string
}

const fence = /^```(\w*)$/
const marker = /^<!-- not run: (.{10,}) -->$/
const fileName = /`([\w./-]+\.[\w-]+)`:$/

/** Returns all blocks of a guide, in order. Throws if a fence is not closed. */
export function blocksOf(markdown: string): Block[] {
  const lines = markdown.split('\n')
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const language = fence.exec(lines[at] ?? '')?.[1]
    if (language === undefined) continue
    const end = lines.indexOf('```', at + 1)
    if (end < 0) throw new Error(`line ${at + 1}: the block has no end`)
    blocks.push({
      line: at + 2,
      language,
      ...before(lines.slice(0, at)),
      text: `${lines.slice(at + 1, end).join('\n')}\n`,
    })
    at = end
  }
  return blocks
}

/** Of the paragraph before a block, and of the comment that may stand between. */
function before(lines: readonly string[]): Pick<Block, 'file' | 'notRun'> {
  const [last = '', ...rest] = lines.filter((line) => line !== '').toReversed()
  const notRun = marker.exec(last)?.[1]
  const introduction = notRun === undefined ? last : rest[0]
  return { notRun, file: fileName.exec(introduction ?? '')?.[1] }
}
