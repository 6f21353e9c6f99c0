import assert from 'node:assert/strict'
import { test } from 'node:test'
import { droppedExtensions, offeredTemplates } from './templates.ts'

const extensions = [
  { name: 'subjectAltName', oid: '2.5.29.17', critical: false, values: ['DNS:a'] },
  { name: 'keyUsage', oid: '2.5.29.15', critical: true, values: ['digitalSignature'] },
]

test('a template without CSR passthrough drops all extensions except the SAN', () => {
  assert.deepEqual(droppedExtensions('EndEntityCertificate', { extensions }), ['keyUsage'])
  assert.deepEqual(droppedExtensions('EndEntityCertificate_CSRPassthrough', { extensions }), [])
})

test('every template of the form has an explanation, and none is for a root', () => {
  assert.ok(offeredTemplates.length > 10)
  for (const { value, description } of offeredTemplates) {
    assert.notEqual(description, '', value)
    assert.doesNotMatch(value, /RootCA/)
  }
})
