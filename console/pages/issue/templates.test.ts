import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oids } from '../../../src/x509/der/oid.ts'
import { extensionOutcome, offeredTemplates, templateFacts } from './templates.ts'

const { subjectAltName, keyUsage, basicConstraints, crlDistributionPoints, tlsFeature } = {
  ...oids,
  tlsFeature: '1.3.6.1.5.5.7.1.24',
}

test('without CSR passthrough, extensions other than the SAN are dropped or replaced', () => {
  const outcome = (oid: string): string => extensionOutcome('EndEntityCertificate', oid)
  assert.equal(outcome(subjectAltName), 'copied')
  assert.equal(outcome(keyUsage), 'template')
  assert.equal(outcome(basicConstraints), 'template')
  assert.equal(outcome(oids.subjectKeyIdentifier), 'ca')
  assert.equal(outcome(crlDistributionPoints), 'dropped')
  assert.equal(outcome(tlsFeature), 'dropped')
})

test('with CSR passthrough, extensions that the template and the CA do not set are copied', () => {
  const template = 'EndEntityCertificate_CSRPassthrough'
  const crl = (more: object) => ({
    CrlConfiguration: { Enabled: true, ...more },
  })
  assert.equal(extensionOutcome(template, tlsFeature), 'copied')
  assert.equal(extensionOutcome(template, keyUsage), 'template')
  assert.equal(extensionOutcome('BlankEndEntityCertificate_CSRPassthrough', keyUsage), 'copied')
  assert.equal(extensionOutcome(template, crlDistributionPoints), 'copied')
  assert.equal(extensionOutcome(template, crlDistributionPoints, crl({})), 'ca')
  const omitted = { CrlDistributionPointExtensionConfiguration: { OmitExtension: true } }
  assert.equal(extensionOutcome(template, crlDistributionPoints, crl(omitted)), 'copied')
})

test('a template is described by the extensions that it sets', () => {
  const facts = templateFacts('EndEntityServerAuthCertificate')
  assert.equal(facts.purpose, 'TLS servers only')
  assert.equal(facts.keyUsage, 'digitalSignature, keyEncipherment')
  assert.equal(facts.extendedKeyUsage, 'serverAuth')
  const blank = templateFacts('BlankEndEntityCertificate_CSRPassthrough')
  assert.equal(blank.keyUsage, 'as in the CSR')
  assert.match(templateFacts('SubordinateCACertificate_PathLen1').basicConstraints, /CA.*1/)
})

test('every template of the form has an explanation, and none is for a root', () => {
  assert.ok(offeredTemplates.length > 10)
  for (const { value, description } of offeredTemplates) {
    assert.notEqual(description, '', value)
    assert.doesNotMatch(value, /RootCA/)
  }
})
