/** Tests that input patterns match in linear time, because the server also applies them to strings far longer than permitted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { operations } from '../src/operations/index.ts'
import * as stsShapes from '../src/sts/shapes.ts'
import type { RequiredMember, Shape } from '../src/wire/shapes/shape.ts'

/** Eight times the maximum input length. A linear pattern takes milliseconds, and a quadratic pattern takes minutes. */
const characters = 512 * 1024
const hangMilliseconds = 30_000

function patternsOf(member: Shape | RequiredMember): string[] {
  if (member.kind === 'required') return patternsOf(member.shape)
  if (member.kind === 'structure') return Object.values(member.members).flatMap(patternsOf)
  if (member.kind === 'list') return patternsOf(member.element)
  const pattern = member.kind === 'string' ? member.limits.pattern : undefined
  return pattern === undefined ? [] : [pattern]
}

const shapes: readonly (Shape | RequiredMember)[] = [
  ...Object.values(operations).map(({ input }) => input),
  ...Object.values(stsShapes).flatMap((shape) =>
    'kind' in shape ? [shape] : Object.values(shape),
  ),
]
const patterns = [...new Set(shapes.flatMap(patternsOf))]

/** Strings that parts of the patterns match. The strings are repeated and followed by characters that no pattern matches. */
const units = [
  'a',
  '1',
  '/a',
  '.1',
  ':',
  '=',
  '-',
  ' ',
  'é',
  'a.',
  'arn:',
  'aaaa',
  '.amazonaws.com',
]
const heads = ['', 'arn:a:acm-pca:a:1:a', 'arn:', 'arn:aws:acm-pca:::', '1.1', '0.39.', 'a']

for (const pattern of patterns)
  test(`${pattern} is matched in linear time`, () => {
    const whole = new RegExp(`^(?:${pattern})$`, 'u')
    for (const unit of units)
      for (const head of unit === '/a' || unit === '.1' || unit === 'a' ? heads : ['']) {
        const text = `${head}${unit.repeat(characters / unit.length)}\u0000\uFFFF`
        runInNewContext('whole.test(text)', { whole, text }, { timeout: hangMilliseconds })
      }
  })

test('patterns are found in the shapes of all operations', () => {
  assert.ok(patterns.length > 12, `${patterns.length} patterns`)
})
