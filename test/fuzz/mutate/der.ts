/** Small mutations of DER structures: the tags, lengths, nesting, order and contents of elements. */
import type { Choices } from '../../chaos/choices.ts'
import { mutateBytes } from './bytes.ts'

/**
 * A DER element. An element has children if it is constructed or an OCTET STRING, and if its contents can be parsed as elements.
 */
export interface Node {
  readonly tag: number
  readonly children: readonly Node[] | undefined
  readonly content: Buffer
  /** Encoding of the length, if it differs from the DER encoding. */
  readonly length?: Buffer
}

const depthMax = 30

/** Returns the elements in `bytes`, or undefined if the bytes are not a sequence of elements. */
export function readNodes(bytes: Buffer, depth = 0): readonly Node[] | undefined {
  const nodes: Node[] = []
  let at = 0
  while (at < bytes.length) {
    const header = readHeader(bytes, at)
    if (header === undefined || header.end > bytes.length) return undefined
    const content = bytes.subarray(header.start, header.end)
    const { tag } = header
    const isConstructed = (tag & 0x20) !== 0 && depth < depthMax
    nodes.push({
      tag,
      content,
      children: isConstructed ? readNodes(content, depth + 1) : readWrapped(tag, content, depth),
    })
    at = header.end
  }
  return nodes
}

/** Parses an element inside an OCTET STRING, as in extensions. */
function readWrapped(tag: number, content: Buffer, depth: number): readonly Node[] | undefined {
  if (tag !== 0x04 || content.length < 2 || depth >= depthMax) return undefined
  const inner = readNodes(content, depth + 1)
  return inner?.length === 1 ? inner : undefined
}

function readHeader(
  bytes: Buffer,
  at: number,
): { readonly tag: number; readonly start: number; readonly end: number } | undefined {
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined
  if (first < 0x80) return { tag, start: at + 2, end: at + 2 + first }
  const count = first & 0x7f
  if (count === 0 || count > 3 || at + 2 + count > bytes.length) return undefined
  const length = bytes.readUIntBE(at + 2, count)
  return { tag, start: at + 2 + count, end: at + 2 + count + length }
}

export function writeNode({ tag, children, content, length }: Node): Buffer {
  const inner = children === undefined ? content : Buffer.concat(children.map(writeNode))
  return Buffer.concat([Buffer.from([tag]), length ?? writeLength(inner.length), inner])
}

function writeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const hex = length.toString(16)
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes])
}

/** Makes one to three changes to the structure. Input that is not DER is mutated byte by byte. */
export function mutateDer(der: Buffer, choices: Choices): Buffer {
  const nodes = readNodes(der)
  const [root] = nodes ?? []
  if (root === undefined || nodes?.length !== 1) return mutateBytes(der, choices)
  let changed = root
  for (let count = 1 + choices.below(3); count > 0; count -= 1)
    changed = mutateNode(changed, choices)
  return writeNode(changed)
}

/** Descends along a random path and changes the element at the end of the path. */
export function mutateNode(node: Node, choices: Choices): Node {
  const { children } = node
  if (children === undefined || children.length === 0) return mutateLeaf(node, choices)
  if (choices.below(6) > 0) {
    const at = choices.below(children.length)
    return {
      ...node,
      children: children.map((child, index) => (index === at ? mutateNode(child, choices) : child)),
    }
  }
  return mutateParent(node, children, choices)
}

const tags = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1c,
  0x1e, 0x30, 0x31, 0x80, 0x81, 0x82, 0x86, 0x87, 0xa0, 0xa3, 0xa4, 0x1f, 0x24, 0x23,
]

function mutateParent(node: Node, children: readonly Node[], choices: Choices): Node {
  const at = choices.below(children.length)
  const child = children[at] ?? node
  const without = children.filter((_one, index) => index !== at)
  switch (choices.below(9)) {
    case 0:
      return { ...node, children: without }
    case 1:
      return { ...node, children: [...children, child] }
    case 2:
      return { ...node, children: choices.shuffled(children) }
    case 3:
      return { ...node, children: [] }
    case 4:
      return { ...node, tag: choices.of(tags) }
    case 5:
      return { ...node, children: [...without, nestedNode(child, choices.of([1, 3, 40, 1000]))] }
    case 6:
      return { ...node, children: Array.from({ length: choices.of([3, 30, 300]) }, () => child) }
    case 7:
      return { ...node, length: strangeLength(node, choices) }
    default:
      return { ...node, children: [...children, leaf(choices.of(tags), choices)] }
  }
}

function nestedNode(node: Node, depth: number): Node {
  let content = writeNode(node)
  for (let count = 0; count < depth; count += 1)
    content = Buffer.concat([Buffer.from([0x30]), writeLength(content.length), content])
  return { tag: 0x30, children: undefined, content }
}

function strangeLength({ content }: Node, choices: Choices): Buffer {
  const length = content.length
  return choices.of([
    Buffer.from([0x80]),
    Buffer.from([0x81, length & 0xff]),
    Buffer.from([0x84, 0, 0, length >> 8, length & 0xff]),
    Buffer.from([0x84, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0xff]),
    writeLength(length + 1),
    writeLength(Math.max(0, length - 1)),
    writeLength(0),
  ])
}

function leaf(tag: number, choices: Choices): Node {
  return { tag, children: undefined, content: choices.of(contents) }
}

const oid = (...bytes: number[]): Buffer => Buffer.from(bytes)
const contents: readonly Buffer[] = [
  Buffer.alloc(0),
  Buffer.from([0]),
  Buffer.from([1]),
  Buffer.from([0xff]),
  Buffer.from([0x80]),
  Buffer.from([0, 0, 1]),
  Buffer.alloc(21, 0xff),
  Buffer.alloc(300, 0x41),
  Buffer.alloc(5000, 0x61),
  Buffer.from('a\u0000b'),
  Buffer.from('\u001B[2J'),
  Buffer.from('\u202Eabc'),
  Buffer.from([0xc3, 0x28]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0xd8, 0x00, 0x00, 0x61]),
  Buffer.from([0x00, 0x01, 0xd8, 0x00]),
  Buffer.from('*'),
  Buffer.from('https://host/'),
  Buffer.from('991332250000Z'),
  Buffer.from('99991231235959Z'),
  Buffer.from([10, 0, 0, 1]),
  Buffer.from([10, 0, 0, 1, 255, 0, 255, 0]),
  oid(0x55, 0x1d, 0x11),
  oid(0x55, 0x1d, 0x13),
  oid(0x55, 0x1d, 0x1e),
  oid(0x55, 0x1d, 0x25),
  oid(0x55, 0x1d, 0x20),
  oid(0x55, 0x1d, 0x1f),
  oid(0x55, 0x04, 0x03),
  oid(0x55, 0x04, 0x06),
  oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e),
  oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01),
  oid(0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x0e),
  oid(0x80, 0x01),
  oid(0x2a, 0x80, 0x01),
  Buffer.alloc(200, 0x81),
]

function mutateLeaf(node: Node, choices: Choices): Node {
  switch (choices.below(6)) {
    case 0:
      return { ...node, tag: choices.of(tags) }
    case 1:
      return { ...node, content: choices.of(contents) }
    case 2:
      return { ...node, length: strangeLength(node, choices) }
    case 3:
      return leaf(choices.of(tags), choices)
    case 4:
      return nestedNode(node, choices.of([1, 2, 50]))
    default:
      return { ...node, content: mutateBytes(node.content, choices) }
  }
}
