/** The blocks of code in docs/embedded.md. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const text = readFileSync(resolve(import.meta.dirname, '../../docs/embedded.md'), 'utf8')

export interface Block {
  readonly language: string
  readonly code: string
}

/** All of them, in their order. */
export const blocks: readonly Block[] = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(
  ([, language = '', code = '']) => ({ language, code }),
)

/** Whether a block needs what the package's own tests do not have: those are run by test/package.test.ts. */
export function isForProject({ language, code }: Block): boolean {
  return language === 'sh' || code.includes("from 'vitest'")
}
