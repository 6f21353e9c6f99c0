import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations } from '../../../src/operations/index.ts'
import { simulatedActions } from './simulated-actions.ts'

test('the actions of the simulator exist', () => {
  const known = new Set<string>(Object.values(operations).map(({ action }) => action))
  for (const action of simulatedActions) assert.ok(known.has(action), action)
})
