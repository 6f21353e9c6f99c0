import assert from 'node:assert/strict'
import { test } from 'node:test'
import { templateTable } from '../../test/conformance/template-table.ts'
import { parseBasicConstraints } from '../x509/extensions/basic-constraints.ts'
import { parseExtendedKeyUsage } from '../x509/extensions/extended-key-usage.ts'
import { findExtension } from '../x509/extensions/extensions.ts'
import { parseKeyUsage } from '../x509/extensions/key-usage.ts'
import { defaultTemplateName, isCaTemplate, requireTemplate, templateNames } from './templates.ts'

test('all 61 documented templates exist', () => {
  assert.deepEqual([...templateNames].sort(), templateTable.map(({ name }) => name).sort())
  assert.equal(defaultTemplateName, 'EndEntityCertificate')
})

for (const row of templateTable)
  test(`${row.name} matches the documentation`, () => {
    const template = requireTemplate(row.name)
    const { ca, pathLenConstraint } = parseBasicConstraints(template.basicConstraints.value)
    assert.equal(isCaTemplate(row.name), ca)
    assert.deepEqual(
      { critical: template.basicConstraints.critical, ca, pathLength: pathLenConstraint ?? null },
      row.basicConstraints,
    )
    const keyUsage = findExtension(template.usage, '2.5.29.15')
    const extendedKeyUsage = findExtension(template.usage, '2.5.29.37')
    assert.deepEqual(
      keyUsage && { critical: keyUsage.critical, names: parseKeyUsage(keyUsage.value) },
      row.keyUsage,
    )
    assert.deepEqual(
      extendedKeyUsage && {
        critical: extendedKeyUsage.critical,
        purposes: parseExtendedKeyUsage(extendedKeyUsage.value),
      },
      row.extendedKeyUsage,
    )
    const points = row.crlDistributionPointsSources
    assert.deepEqual(
      {
        name: template.name,
        kind: template.kind,
        pathLength: template.pathLenConstraint ?? null,
        api: template.api,
        csr: template.csr,
        crlDistributionPoints: template.crlDistributionPoints,
      },
      {
        name: row.name,
        kind: row.kind,
        pathLength: row.basicConstraints.pathLength,
        api: row.sources.includes('api'),
        csr: row.sources.includes('csr'),
        crlDistributionPoints: { api: points.includes('api'), csr: points.includes('csr') },
      },
    )
  })

test('the error for an unknown template lists similar names', () => {
  for (const [wrong, right] of [
    ['endentitycertificate', 'EndEntityCertificate'],
    ['RootCACertificate_PathLen0', 'RootCACertificate,'],
    ['SubordinateCACertificate_PathLen4', 'SubordinateCACertificate_PathLen'],
    ['', 'RootCACertificate'],
    ['x'.repeat(10_000), 'CACertificate'],
  ] as const)
    assert.throws(
      () => requireTemplate(wrong),
      (error: { code?: unknown; message: string }) =>
        error.code === 'InvalidArgsException' &&
        /Templates with similar names: \w+, \w+, \w+\.$/.test(error.message) &&
        (wrong.length > 100 || error.message.includes(right)),
      wrong.slice(0, 50),
    )
})
