/** Tests that ARCHITECTURE.md and its diagram match the table of rooms. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { architectureSvg, topOf, withRooms } from '../tools/architecture.ts'
import { layers, rooms } from './support/rooms.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const tops = [...new Set(Object.keys(rooms).map(topOf))]

test('every top-level room of src is in exactly one layer', () => {
  const listed = layers.flatMap((layer) => layer.rooms)
  assert.deepEqual(listed.toSorted(), tops.toSorted())
})

test('a room imports only rooms of its own layer and of lower layers', () => {
  const layerOf = (entry: string): number =>
    layers.findIndex((layer) => layer.rooms.includes(topOf(entry)))
  const upward = Object.entries(rooms).flatMap(([room, { imports }]) =>
    imports
      .filter((entry) => layerOf(entry) >= 0 && layerOf(entry) < layerOf(room))
      .map((entry) => `${room} imports ${entry}`),
  )
  assert.deepEqual(upward, [])
})

test('ARCHITECTURE.md has the table of rooms that npm run docs writes', () => {
  const text = read('ARCHITECTURE.md')
  assert.equal(text, withRooms(text), 'run: npm run docs')
})

test('the diagram equals the diagram that npm run docs draws, and contains every top-level room', () => {
  const svg = read('docs/architecture.svg')
  assert.equal(svg, architectureSvg(), 'run: npm run docs')
  const drawn = [...svg.matchAll(/class="room"[^>]*>([^<]+)</g)].map(([, room]) => room ?? '')
  assert.deepEqual(drawn.toSorted(), tops.toSorted())
})
