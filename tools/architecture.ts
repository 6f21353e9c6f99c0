/**
 * Generates the table of rooms in ARCHITECTURE.md, and docs/architecture.svg, from test/support/rooms.ts (`npm run docs`). A test
 * checks that both files are current.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { everyone, layers, rooms } from '../test/support/rooms.ts'

const marks = ['<!-- rooms -->', '<!-- /rooms -->'] as const

/** Returns the text of ARCHITECTURE.md, with the current table between the markers. */
export function withRooms(text: string): string {
  const [start, end] = marks.map((mark) => text.indexOf(mark))
  if (start === undefined || end === undefined || start < 0 || end < start)
    throw new Error(`ARCHITECTURE.md must contain ${marks.join(' and ')}`)
  return `${text.slice(0, start)}${marks[0]}\n\n${roomTable()}\n${text.slice(end)}`
}

function roomTable(): string {
  const rows = layers.flatMap((layer) => [
    `| **${layer.name}** | | | |`,
    ...layer.rooms.map((top) => {
      const subject = rooms[top]?.subject ?? ''
      return `| \`${top}\` | ${subject} | ${roomsBelow(top)} | ${importsOf(top)} |`
    }),
  ])
  const free = everyone.map((entry) => `\`${entry}\``).join(', ')
  const head = '| room | subject | rooms below | imports |\n| --- | --- | --- | --- |'
  return `${head}\n${rows.join('\n')}\n\nAll rooms may import ${free}.\n`
}

function roomsBelow(top: string): string {
  return Object.keys(rooms)
    .filter((room) => room.startsWith(`${top}/`))
    .map((room) => room.slice(top.length + 1))
    .sort()
    .join(', ')
}

/** Returns the top-level rooms that a top-level room or any room below it imports. */
function importsOf(top: string): string {
  const entries = Object.entries(rooms)
    .filter(([room]) => topOf(room) === top)
    .flatMap(([, { imports }]) => imports.map(topOf))
  const imported = layers
    .flatMap((layer) => layer.rooms)
    .filter((room) => room !== top && entries.includes(room))
  const client = entries.includes('..') ? ['client'] : []
  return [...client, ...imported].join(', ') || '–'
}

/** Returns the top-level room in src to which an entry in the table of rooms belongs. */
export function topOf(entry: string): string {
  return entry.split('/')[0] ?? entry
}

interface Step {
  readonly room: string
  readonly text: string
}

interface Path {
  readonly name: string
  readonly className: string
  /** Edge of a room's box on which the step numbers are drawn: -1 for the upper edge, 1 for the lower edge. */
  readonly side: -1 | 1
  readonly steps: readonly Step[]
}

/** The two main paths in the diagram. */
const paths: readonly Path[] = [
  {
    name: 'IssueCertificate',
    className: 'issue',
    side: -1,
    steps: [
      { room: 'http', text: 'reads the request, with limits on size and time' },
      { room: 'access', text: 'checks Signature V4, then the policies of the caller' },
      { room: 'operations', text: 'runs the use case' },
      { room: 'issuance', text: 'computes the contents from CSR, template and validity' },
      { room: 'lint', text: 'checks them against RFC 5280' },
      { room: 'keys', text: 'signs' },
      { room: 'store', text: 'commits quota, token and certificate together' },
      { room: 'http', text: 'sends the response' },
    ],
  },
  {
    name: 'A revocation',
    className: 'revoke',
    side: 1,
    steps: [
      { room: 'operations', text: 'runs RevokeCertificate (after http and access)' },
      { room: 'store', text: 'commits the revocation and marks the CRL as due' },
      { room: 'jobs', text: 'claims the due CRLs (publish-crls)' },
      { room: 'crl', text: 'determines the contents of the CRL' },
      { room: 'bulk', text: 'reads and encodes the entries in a worker thread' },
      { room: 'keys', text: 'signs' },
      { room: 'objects', text: 'publishes the CRL' },
      { room: 'ocsp', text: 'reads the committed revocation' },
    ],
  },
]

const size = { width: 1010, bandHeight: 72, bandsWidth: 696, labelWidth: 112, top: 12 }
const box = { height: 32, gap: 10, perLetter: 8, padding: 22 }
const badge = { radius: 9, distance: 20 }

interface Placed {
  readonly room: string
  readonly x: number
  readonly y: number
  readonly width: number
}

/** Left edges of rooms with a fixed position. Every other room is placed to the right of the previous room. */
const columns: Readonly<Record<string, number>> = {
  http: 150,
  access: 260,
  sts: 360,
  ocsp: 584,
  operations: 214,
  jobs: 480,
  issuance: 150,
  search: 330,
  crl: 480,
  bulk: 584,
  store: 250,
  keys: 380,
  objects: 584,
}

function placeRooms(): Placed[] {
  return layers.flatMap((layer, index) => {
    let x = size.labelWidth + 38
    return layer.rooms.map((room) => {
      x = columns[room] ?? x
      const width = room.length * box.perLetter + box.padding
      const y = size.top + index * size.bandHeight + (size.bandHeight - 8 - box.height) / 2
      const placed = { room, x, y, width }
      x += width + box.gap
      return placed
    })
  })
}

/** Returns the content of docs/architecture.svg. */
export function architectureSvg(): string {
  const placed = placeRooms()
  const height = size.top + layers.length * size.bandHeight + 8
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" role="img" aria-label="The rooms of src in layers, with the paths of IssueCertificate and of a revocation">`,
    style,
    ...layers.flatMap(({ name }, index) => bandOf(name, index)),
    ...paths.map((path) => lineOf(path, placed)),
    ...placed.flatMap(boxOf),
    ...paths.flatMap((path) => badgesOf(path, placed)),
    ...legend(),
    '</svg>',
  ]
  return `${lines.join('\n')}\n`
}

const style = `<style>text{font:14px system-ui,sans-serif;fill:#1f2328}.layer{font-size:13px;fill:#59636e}.title{font-weight:600}.step{font-size:13px}
.band{fill:#8c959f1f}.room-box{fill:#fff;stroke:#8c959f}.room{text-anchor:middle}
.badge{stroke:none}.number{font-size:12px;font-weight:600;fill:#fff;text-anchor:middle}.path{fill:none;stroke-width:1.5;stroke-opacity:.7}
.issue{fill:#0969da;stroke:#0969da}.revoke{fill:#bc4c00;stroke:#bc4c00}.path{fill:none}
@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.layer{fill:#9198a1}.room-box{fill:#151b23;stroke:#656c76}.issue{fill:#1f6feb;stroke:#1f6feb}.revoke{fill:#db6d28;stroke:#db6d28}.number{fill:#fff}.path{fill:none}}</style>`

function bandOf(name: string, index: number): string[] {
  const y = size.top + index * size.bandHeight
  const height = size.bandHeight - 8
  const words = name.length > 14 ? name.split(/ (?=and)/) : [name]
  const first = y + height / 2 + 5 - (words.length - 1) * 9
  return [
    `<rect class="band" x="8" y="${y}" width="${size.bandsWidth}" height="${height}" rx="6"/>`,
    ...words.map(
      (word, line) => `<text class="layer" x="20" y="${first + line * 18}">${word}</text>`,
    ),
  ]
}

function boxOf({ room, x, y, width }: Placed): string[] {
  return [
    `<rect class="room-box" x="${x}" y="${y}" width="${width}" height="${box.height}" rx="5"/>`,
    `<text class="room" x="${x + width / 2}" y="${y + box.height / 2 + 5}">${room}</text>`,
  ]
}

interface Point {
  readonly x: number
  readonly y: number
}

/**
 * Returns the centers of a path's step numbers. Step numbers are on a room's upper or lower edge; several numbers are side by
 * side.
 */
function pointsOf({ steps, side }: Path, placed: readonly Placed[]): Point[] {
  return steps.map(({ room }, index) => {
    const found = placed.find((one) => one.room === room)
    if (found === undefined) throw new Error(`no layer has the room ${room}`)
    const earlier = steps.slice(0, index).filter((step) => step.room === room).length
    return {
      x: found.x + badge.radius + 2 + earlier * badge.distance,
      y: found.y + box.height / 2 + side * (box.height / 2),
    }
  })
}

function lineOf(path: Path, placed: readonly Placed[]): string {
  const points = pointsOf(path, placed)
  const segments = points.slice(1).map((to, index) => {
    const from = points[index] ?? to
    const middle = (from.y + to.y) / 2 + (from.y === to.y ? path.side * 14 : 0)
    return `C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`
  })
  const [first = { x: 0, y: 0 }] = points
  return `<path class="path ${path.className}" d="M${first.x} ${first.y}${segments.join('')}"/>`
}

function badgesOf(path: Path, placed: readonly Placed[]): string[] {
  return pointsOf(path, placed).flatMap((point, index) => badgeAt(path, point, index + 1))
}

function badgeAt({ className }: Path, { x, y }: Point, number: number): string[] {
  return [
    `<circle class="badge ${className}" cx="${x}" cy="${y}" r="${badge.radius}"/>`,
    `<text class="number" x="${x}" y="${y + 4}">${number}</text>`,
  ]
}

function legend(): string[] {
  const x = size.bandsWidth + 32
  let y = size.top + 18
  return paths.flatMap((path) => {
    const lines = [`<text class="title" x="${x - 9}" y="${y}">${path.name}</text>`]
    y += 26
    for (const [index, { room, text }] of path.steps.entries()) {
      lines.push(...badgeAt(path, { x, y: y - 4 }, index + 1))
      for (const line of wrap(`${room} ${text}`, 34)) {
        const shown = line.replace(room, `<tspan class="title">${room}</tspan>`)
        lines.push(`<text class="step" x="${x + 18}" y="${y}">${shown}</text>`)
        y += 16
      }
      y += 5
    }
    y += 16
    return lines
  })
}

/** Wraps text into lines of at most `max` characters. */
function wrap(text: string, max: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < max)
      lines.splice(-1, 1, `${last} ${word}`)
    else lines.push(word)
  }
  return lines
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const document = join(root, 'ARCHITECTURE.md')
  writeFileSync(document, withRooms(readFileSync(document, 'utf8')))
  writeFileSync(join(root, 'docs/architecture.svg'), architectureSvg())
}
