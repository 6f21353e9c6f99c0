/**
 * Writes the facts of AWS's service model that the tests rely on to standard output, without its prose.
 * Usage: node make-facts.mjs service-2.json > facts.json
 */
import { readFileSync } from 'node:fs'

const model = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const shapes = {}

const nameOf = (reference) => (typeof reference === 'string' ? reference : reference.shape)

function addShape(reference) {
  const name = nameOf(reference)
  if (name in shapes) return name
  const { type, min, max, pattern, enum: values, required, members, member } = model.shapes[name]
  const shape = { type, min, max, pattern, enum: values }
  shapes[name] = shape
  if (type === 'list') shape.element = addShape(member)
  if (type === 'structure') {
    shape.required = required ?? []
    shape.members = Object.fromEntries(
      Object.entries(members).map(([key, value]) => [key, addShape(value)]),
    )
  }
  return name
}

const operations = Object.fromEntries(
  Object.entries(model.operations).map(([name, { input, output, errors }]) => [
    name,
    {
      input: addShape(input),
      output: output ? addShape(output) : null,
      errors: errors.map(nameOf),
    },
  ]),
)

const sorted = Object.fromEntries(Object.entries(shapes).sort(([a], [b]) => (a < b ? -1 : 1)))
process.stdout.write(`${JSON.stringify({ operations, shapes: sorted }, undefined, 1)}\n`)
