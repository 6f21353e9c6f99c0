import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodeTbsCertificate, type TbsCertificateFields } from '../x509/certificate.ts'
import {
  good,
  lintCorpus,
  lintIssuer,
  basicConstraints,
  keyUsage,
  ski,
} from '../../test/support/lint-corpus.ts'
import { keyIdentifier, parseSubjectPublicKeyInfo } from '../x509/subject-public-key-info.ts'
import { constantExtension } from '../x509/extensions/extensions.ts'
import { parseName } from '../x509/names/name.ts'
import { DerError } from '../x509/der/error.ts'
import { lintCertificate, lintTbsCertificate } from './lint.ts'
import { rules, type LintFinding } from './rules.ts'

const findingsOf = (fields: TbsCertificateFields): LintFinding[] =>
  lintTbsCertificate(encodeTbsCertificate(fields), lintIssuer)

for (const { title, fields, breaks } of lintCorpus)
  test(`${title}: ${breaks.join(', ') || 'no finding'}`, () => {
    const findings = findingsOf(fields)
    const shown = findings.map(({ name, detail }) => `${name}: ${detail}`).join('; ')
    assert.deepEqual(findings.map(({ name }) => name).toSorted(), [...breaks].toSorted(), shown)
  })

test('every rule is violated by a certificate in the corpus', () => {
  const broken = new Set(lintCorpus.flatMap(({ breaks }) => breaks))
  // The encoder cannot produce the errors in this list, so a later test changes the encoded bytes.
  for (const name of ['version-3', 'validity-encoding'] as const) broken.add(name)
  assert.deepEqual(
    Object.keys(rules).filter((name) => !broken.has(name as keyof typeof rules)),
    [],
  )
})

test('the lint reports a wrong version and a wrong time type in the validity', () => {
  const der = Buffer.from(encodeTbsCertificate(good))
  const version = der.indexOf(Buffer.from('a003020102', 'hex'))
  const versionTwo = Buffer.from(der)
  versionTwo[version + 4] = 1
  assert.deepEqual(namesIn(versionTwo), ['strict-der'])
  const utc = Buffer.from('170d3237303130313030303030305a', 'hex')
  const generalized = Buffer.from('180f32303237303130313030303030305a', 'hex')
  const at = der.indexOf(utc)
  const longer = Buffer.concat([der.subarray(0, at), generalized, der.subarray(at + utc.length)])
  // The length of TBSCertificate is encoded in two bytes, and the length of Validity in one byte.
  longer.writeUInt16BE(longer.readUInt16BE(2) + 2, 2)
  const validity = longer.indexOf(Buffer.from('301e170d', 'hex'))
  longer[validity + 1] = 0x20
  assert.deepEqual(namesIn(longer), ['validity-encoding'])
})

const namesIn = (der: Uint8Array): string[] =>
  lintTbsCertificate(der, lintIssuer).map(({ name }) => name)

test('a self-signed root needs no authorityKeyIdentifier', () => {
  const extensions = [basicConstraints(true), ski, keyUsage('keyCertSign')]
  const der = encodeTbsCertificate({ ...good, issuer: good.subject, extensions })
  assert.deepEqual(lintTbsCertificate(der, undefined), [])
})

test('a finding contains the attribute, its RDN and the character', () => {
  const detailOf = (title: string): string | undefined => {
    const each = lintCorpus.find((candidate) => candidate.title === title)
    assert.ok(each, title)
    const [finding] = findingsOf(each.fields)
    return finding?.detail
  }
  const place = 'commonName in RDN 1'
  assert.equal(
    detailOf('subject: @ in a PrintableString'),
    `subject, ${place} has U+0040 '@' at character 2, which is not allowed in a PrintableString`,
  )
  assert.equal(
    detailOf('subject: | in a PrintableString'),
    `${place}: PrintableString has U+007C '|' at character 2, which is not allowed in it`,
  )
  assert.equal(detailOf('subject: NUL'), `subject, ${place} has U+0000 at character 2`)
  assert.equal(
    detailOf('subject: a high surrogate in a BMPString'),
    `subject, ${place} has U+D800 at character 2, an unpaired surrogate`,
  )
  assert.equal(
    detailOf('subject: a right-to-left override'),
    'subject, organizationName in RDN 1 has U+202E at character 2',
  )
  assert.match(
    detailOf('subject: Latin-1 in a UTF8String') ?? '',
    /^commonName in RDN 1: UTF8String is not UTF-8 at byte 2, which is 0xE4$/,
  )
  assert.equal(
    detailOf('a control character in a directoryName'),
    `subjectAltName, name 1, ${place} has U+0000 at character 1`,
  )
  assert.equal(
    detailOf('dNSName "a b"'),
    "subjectAltName, name 1 'a b' has U+0020 at character 2, which is not allowed in a host name",
  )
})

/** Returns the findings about the values in the fields, or undefined if the fields cannot be parsed. */
function findingsOfValues(fields: TbsCertificateFields): LintFinding[] | undefined {
  const { subjectPublicKeyInfo, issuer, subject } = fields
  try {
    const values = {
      ...fields,
      issuerDer: issuer,
      subject: parseName(subject),
      keyIdentifier: keyIdentifier(parseSubjectPublicKeyInfo(subjectPublicKeyInfo)),
    }
    return lintCertificate(values, lintIssuer)
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

test('the values of a certificate have the same findings as its bytes', () => {
  for (const { title, fields, breaks } of lintCorpus) {
    const inValues = findingsOfValues(fields)
    if (inValues === undefined) assert.deepEqual(breaks, ['strict-der'], title)
    // An error in the list of extensions stops the parsing of the bytes.
    else if (breaks.includes('strict-der'))
      assert.deepEqual(
        inValues.filter(({ name }) => name === 'strict-der'),
        findingsOf(fields),
        title,
      )
    else assert.deepEqual(inValues, findingsOf(fields), title)
  }
})

test('mutated values have the same findings as their bytes', () => {
  const mutation = fc.tuple(fc.nat(), fc.nat({ max: 255 }))
  const change = (der: Uint8Array, mutations: readonly [number, number][]): Uint8Array => {
    const changed = Uint8Array.from(der)
    for (const [at, byte] of mutations) if (der.length > 0) changed[at % der.length] = byte
    return changed
  }
  let compared = 0
  fc.assert(
    fc.property(
      fc.record({
        entry: fc.constantFrom(
          ...lintCorpus.filter(({ breaks }) => !breaks.includes('strict-der')),
        ),
        position: fc.nat(),
        extensionChanges: fc.array(mutation, { maxLength: 3 }),
        subjectChanges: fc.array(mutation, { maxLength: 1 }),
      }),
      ({ entry: { fields }, position, extensionChanges, subjectChanges }) => {
        const mutated = {
          ...fields,
          subject: change(fields.subject, subjectChanges),
          extensions: fields.extensions.map((extension, index) =>
            index === position % fields.extensions.length
              ? { ...extension, value: change(extension.value, extensionChanges) }
              : extension,
          ),
        }
        const inValues = findingsOfValues(mutated)
        if (inValues === undefined)
          return assert.deepEqual(namesIn(encodeTbsCertificate(mutated)), ['strict-der'])
        compared += 1
        assert.deepEqual(inValues, findingsOf(mutated))
        return undefined
      },
    ),
    { seed: 20_261_130, numRuns: 3000 },
  )
  assert.ok(compared > 1500, `only ${compared} mutated certificates could be compared`)
})

test('a constant extension has the same findings as an ordinary extension, in every check and every certificate', () => {
  const constants = lintCorpus.map(({ title, fields }) => ({
    title,
    fields,
    constant: { ...fields, extensions: fields.extensions.map(constantExtension) },
  }))
  for (let time = 0; time < 3; time += 1)
    for (const { title, fields, constant } of constants)
      assert.deepEqual(findingsOfValues(constant), findingsOfValues(fields), title)
  // The certificate has a different key and a different issuer.
  const [unchanged] = constants.filter(({ title }) => title === 'nothing unusual')
  assert.ok(unchanged)
  const otherIssuer = { ...lintIssuer, keyIdentifier: new Uint8Array(20) }
  const values = {
    ...unchanged.constant,
    issuerDer: unchanged.fields.issuer,
    subject: parseName(unchanged.fields.subject),
    keyIdentifier: new Uint8Array(20),
  }
  assert.deepEqual(
    lintCertificate(values, otherIssuer).map(({ name }) => name),
    ['subject-key-identifier', 'authority-key-identifier'],
  )
})

test('a faulty extension is reported for every certificate that contains it', () => {
  const aia = lintCorpus.find(({ title }) => title === '1.3.6.1.5.5.7.1.1 with a relative URI')
  assert.ok(aia)
  for (let time = 0; time < 3; time += 1)
    assert.deepEqual(namesIn(encodeTbsCertificate(aia.fields)), ['uri'])
  // The first extension violates the same rule, so the second extension adds no finding. Nevertheless, the second extension must
  // not be cached as correct.
  const badSan = { oid: '2.5.29.17', critical: false, value: Buffer.from('3003860161', 'hex') }
  const both = { ...aia.fields, extensions: [badSan, ...aia.fields.extensions] }
  assert.deepEqual(namesIn(encodeTbsCertificate(both)), ['uri'])
  assert.deepEqual(namesIn(encodeTbsCertificate(aia.fields)), ['uri'])
})

test('a certificate with a thousand bad names has one finding for each rule', () => {
  const name = Buffer.from('860161', 'hex')
  const content = Buffer.concat(Array.from({ length: 1000 }, () => name))
  const value = Buffer.concat([Buffer.from('30820bb8', 'hex'), content])
  const fields = {
    ...good,
    extensions: [...good.extensions, { oid: '2.5.29.17', critical: false, value }],
  }
  assert.deepEqual(namesIn(encodeTbsCertificate(fields)), ['uri'])
})

test('mutated and random bytes never make the lint throw', () => {
  const mutation = fc.tuple(fc.nat(), fc.nat({ max: 255 }))
  const tbs = fc.constantFrom(...lintCorpus).map(({ fields }) => encodeTbsCertificate(fields))
  fc.assert(
    fc.property(tbs, fc.array(mutation, { minLength: 1, maxLength: 4 }), (der, mutations) => {
      const changed = Uint8Array.from(der)
      for (const [at, byte] of mutations) changed[at % changed.length] = byte
      const findings = lintTbsCertificate(changed, lintIssuer)
      assert.ok(findings.every(({ name }) => name in rules))
      assert.equal(new Set(findings.map(({ name }) => name)).size, findings.length)
    }),
    { seed: 20_261_129, numRuns: 3000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (der) => {
      assert.deepEqual(namesIn(der), ['strict-der'])
    }),
    { seed: 20_261_129, numRuns: 500 },
  )
})
