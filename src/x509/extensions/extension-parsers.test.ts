/** Property tests of the extension value parsers: encoded values are read back, and every error is a DerError. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readNamedBits, requireBitString } from '../der/bit-string.ts'
import { encodeCertificatePolicies, parseCertificatePolicies } from './certificate-policies.ts'
import { DerError } from '../der/error.ts'
import { readOnly, tags } from '../der/reader.ts'
import { requireDerTree } from '../der/tree.ts'
import { encodeElement, encodeNamedBits, encodeSequence } from '../der/writer.ts'
import { encodeCrlDistributionPoints, parseDistributionPoints } from './distribution-points.ts'
import {
  encodeGeneralNames,
  parseEdiPartyName,
  parseOtherName,
  type GeneralName,
} from '../names/general-name.ts'
import { encodeInfoAccess, parseInfoAccess } from './info-access.ts'
import { encodeAuthorityKeyIdentifier, parseAuthorityCertIssuer } from './key-identifiers.ts'
import { parseMicrosoftTemplate, parseMicrosoftTemplateName } from './microsoft-extensions.ts'
import { encodeOidElement } from '../der/oid.ts'
import {
  parseInhibitAnyPolicy,
  parsePolicyConstraints,
  parsePolicyMappings,
} from './policy-extensions.ts'
import { parsePrivateKeyUsagePeriod } from './private-key-usage-period.ts'
import { parseTimestampList } from './signed-certificate-timestamps.ts'
import { parseDirectoryAttributes } from './subject-directory-attributes.ts'
import { parseTlsFeatures } from './tls-feature.ts'
import {
  encodeDirectoryAttributes,
  encodeInhibitAnyPolicy,
  encodeMicrosoftTemplate,
  encodeMicrosoftTemplateName,
  encodePolicyConstraints,
  encodePolicyMappings,
  encodePrivateKeyUsagePeriod,
  encodeTimestampList,
  encodeTlsFeatures,
} from '../../../test/support/extension-encoders.ts'

const seed = 20_261_129
const oid = fc
  .array(fc.nat(2 ** 28), { minLength: 1, maxLength: 5 })
  .map((arcs) => `1.3.${arcs.join('.')}`)
const skipCerts = fc.nat(2 ** 31 - 1)
/** [MS-WCCE] §2.2.2.7.7.2: INTEGER (0..4294967295). */
const templateVersion = fc.oneof(fc.nat(1000), fc.integer({ min: 0, max: 2 ** 32 - 1 }))
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const short = fc.uint8Array({ maxLength: 40 })
const date = fc
  .integer({ min: Date.UTC(1950, 0, 1) / 1000, max: Date.UTC(9999, 11, 31) / 1000 })
  .map((seconds) => new Date(seconds * 1000))
const uriName: fc.Arbitrary<GeneralName> = fc.stringMatching(/^[a-z:/.]{0,20}$/).map((text) => ({
  kind: 'uniformResourceIdentifier',
  content: Uint8Array.from(Buffer.from(text)),
}))
const timestamp = fc.record(
  {
    logId: bytesOf(32),
    timestamp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    extensions: short,
    hashAlgorithm: fc.nat(255),
    signatureAlgorithm: fc.nat(255),
    signature: short,
  },
  { noNullPrototype: true },
)

/** An extension: an arbitrary for its values, the encoder and the parser. */
interface Kind {
  readonly values: fc.Arbitrary<unknown>
  readonly encode: (value: never) => Uint8Array
  readonly parse: (der: Uint8Array) => unknown
}

const sortedBytes = (values: readonly Uint8Array[]): Uint8Array[] =>
  values.toSorted((a, b) => Buffer.compare(a, b))

const kinds: Record<string, Kind> = {
  policyMappings: {
    values: fc.array(
      fc.record({ issuerDomainPolicy: oid, subjectDomainPolicy: oid }, { noNullPrototype: true }),
      { minLength: 1, maxLength: 5 },
    ),
    encode: encodePolicyMappings,
    parse: parsePolicyMappings,
  },
  policyConstraints: {
    values: fc
      .record(
        {
          requireExplicitPolicy: fc.option(skipCerts, { nil: undefined }),
          inhibitPolicyMapping: fc.option(skipCerts, { nil: undefined }),
        },
        { noNullPrototype: true },
      )
      .filter(
        ({ requireExplicitPolicy, inhibitPolicyMapping }) =>
          requireExplicitPolicy !== undefined || inhibitPolicyMapping !== undefined,
      ),
    encode: encodePolicyConstraints,
    parse: parsePolicyConstraints,
  },
  inhibitAnyPolicy: {
    values: skipCerts,
    encode: encodeInhibitAnyPolicy,
    parse: parseInhibitAnyPolicy,
  },
  timestamps: {
    values: fc.array(timestamp, { minLength: 1, maxLength: 4 }),
    encode: encodeTimestampList,
    parse: parseTimestampList,
  },
  tlsFeature: {
    values: fc.array(fc.nat(0xff_ff), { minLength: 1, maxLength: 8 }),
    encode: encodeTlsFeatures,
    parse: parseTlsFeatures,
  },
  privateKeyUsagePeriod: {
    values: fc
      .tuple(fc.option(date, { nil: undefined }), date)
      .map(([notBefore, notAfter]) => ({ notBefore, notAfter })),
    encode: encodePrivateKeyUsagePeriod,
    parse: parsePrivateKeyUsagePeriod,
  },
  subjectDirectoryAttributes: {
    values: fc.array(
      fc.tuple(oid, fc.array(short, { minLength: 1, maxLength: 4 })).map(([type, values]) => ({
        type,
        values: sortedBytes(values.map((each) => encodeElement(tags.octetString, each))),
      })),
      { minLength: 1, maxLength: 4 },
    ),
    encode: encodeDirectoryAttributes,
    parse: parseDirectoryAttributes,
  },
  microsoftTemplate: {
    values: fc
      .tuple(oid, fc.array(templateVersion, { maxLength: 2 }))
      .map(([templateId, [majorVersion, minorVersion]]) => ({
        templateId,
        majorVersion,
        minorVersion,
      })),
    encode: encodeMicrosoftTemplate,
    parse: parseMicrosoftTemplate,
  },
  microsoftTemplateName: {
    values: fc.string({ minLength: 1, maxLength: 20 }),
    encode: encodeMicrosoftTemplateName,
    parse: parseMicrosoftTemplateName,
  },
  distributionPoints: {
    values: fc.stringMatching(/^[a-z:/.]{0,20}$/),
    encode: encodeCrlDistributionPoints,
    parse: (der) => {
      const [point] = parseDistributionPoints(der, 'points')
      return Buffer.from(point?.fullName[0]?.content ?? []).toString()
    },
  },
  infoAccess: {
    values: fc.array(
      fc.record({ accessMethod: oid, accessLocation: uriName }, { noNullPrototype: true }),
      { minLength: 1, maxLength: 4 },
    ),
    encode: encodeInfoAccess,
    parse: (der) => parseInfoAccess(der, 'infoAccess'),
  },
  certificatePolicies: {
    values: fc.array(
      fc.record(
        {
          policyIdentifier: oid,
          cpsUris: fc.array(fc.stringMatching(/^[a-z:/.]{0,20}$/), { maxLength: 3 }),
          noticeTexts: fc.constant([]),
        },
        { noNullPrototype: true },
      ),
      { minLength: 1, maxLength: 4 },
    ),
    encode: encodeCertificatePolicies,
    parse: parseCertificatePolicies,
  },
}

/** Parsers for extensions without an encoder, each with a value that it accepts. */
const readers: Record<string, { parse: (der: Uint8Array) => unknown; example: Uint8Array }> = {
  authorityCertIssuer: {
    parse: parseAuthorityCertIssuer,
    example: encodeAuthorityKeyIdentifier(new Uint8Array(20)),
  },
  otherName: {
    parse: parseOtherName,
    example: Buffer.concat([encodeOidElement('1.2.3'), Buffer.from('a0030c0161', 'hex')]),
  },
  ediPartyName: { parse: parseEdiPartyName, example: Buffer.from('a0030c0161a1030c0162', 'hex') },
  derTree: {
    parse: (der) => requireDerTree(der, 'tree'),
    example: encodeSequence(
      encodeGeneralNames([{ kind: 'dNSName', content: Buffer.from('a') }]),
      Buffer.from('0101ff02010103020780040161050006022a030c01611e020061', 'hex'),
    ),
  },
  bitString: {
    parse: (der) => requireBitString(readOnly(der, tags.bitString, 'bits'), 'bits'),
    example: Buffer.from('03020780', 'hex'),
  },
}

for (const [name, { values, encode, parse }] of Object.entries(kinds))
  test(`${name}: encoded values are read back`, () => {
    fc.assert(
      fc.property(values, (value) => {
        const der = encode(value as never)
        const plain = (each: unknown): unknown =>
          JSON.parse(
            JSON.stringify(each, (_key, inner: unknown) =>
              typeof inner === 'bigint'
                ? String(inner)
                : inner instanceof Uint8Array
                  ? Array.from(inner)
                  : inner,
            ),
          )
        // Buffers and Uint8Arrays differ only in their class.
        assert.deepEqual(plain(parse(der)), plain(value))
      }),
      { seed, numRuns: 300 },
    )
  })

/** Returns whether the parser accepts the bytes. An error other than DerError fails the test. */
function reads(parse: (der: Uint8Array) => unknown, der: Uint8Array): boolean {
  try {
    parse(der)
    return true
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    return false
  }
}

/** A mutation that changes, inserts or deletes one byte. */
const mutation = fc.tuple(fc.nat(), fc.constantFrom('change', 'insert', 'delete'), fc.nat(255))

function mutate(der: Uint8Array, [at, how, byte]: readonly [number, string, number]): Uint8Array {
  const index = at % (der.length + 1)
  const tail = der.subarray(how === 'insert' ? index : index + 1)
  const middle = how === 'delete' ? [] : [byte]
  return Buffer.concat([der.subarray(0, index), Uint8Array.from(middle), tail])
}

const examples: [string, (der: Uint8Array) => unknown, fc.Arbitrary<Uint8Array>][] = [
  ...Object.entries(kinds).map(([name, { values, encode, parse }]): (typeof examples)[number] => [
    name,
    parse,
    values.map((value) => encode(value as never)),
  ]),
  ...Object.entries(readers).map(([name, { parse, example }]): (typeof examples)[number] => [
    name,
    parse,
    fc.constant(example),
  ]),
]

for (const [name, parse, values] of examples)
  test(`${name}: random and mutated bytes are read, or refused with a DerError`, () => {
    fc.assert(
      fc.property(values, fc.array(mutation, { minLength: 1, maxLength: 3 }), (der, mutations) => {
        assert.ok(reads(parse, der))
        reads(parse, mutations.reduce(mutate, der))
      }),
      { seed, numRuns: 500 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (der) => {
        reads(parse, der)
      }),
      { seed, numRuns: 200 },
    )
  })

test('no parser accepts trailing data', () => {
  fc.assert(
    fc.property(fc.constantFrom(...examples), fc.gen(), ([name, parse, values], gen) => {
      const der = gen(() => values)
      if (name === 'ediPartyName' || name === 'otherName') return
      assert.equal(reads(parse, Buffer.concat([der, Uint8Array.of(0)])), false, name)
    }),
    { seed, numRuns: 300 },
  )
})

test('named bits survive a round trip, and trailing zero bits are refused', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(8), { maxLength: 9 }),
      fc.integer({ min: 1, max: 20 }),
      (bits, zeros) => {
        const der = encodeNamedBits(bits)
        const sorted = bits.toSorted((a, b) => a - b)
        assert.deepEqual(readNamedBits(readOnly(der, tags.bitString, 'b'), 'b', 9), sorted)
        const [unused = 0, ...content] = der.subarray(2)
        const length = content.length * 8 - unused + zeros
        const longer = new Uint8Array(Math.ceil(length / 8) + 1)
        longer.set([longer.length * 8 - 8 - length, ...content])
        const encoded = encodeElement(tags.bitString, longer)
        assert.equal(
          reads((each) => readNamedBits(readOnly(each, tags.bitString, 'b'), 'b', 100), encoded),
          false,
        )
      },
    ),
    { seed, numRuns: 300 },
  )
})

test('a tree that is nested too deeply is refused, and a wide tree is read in linear time', () => {
  const nested = (depth: number): Uint8Array => {
    let der: Uint8Array = Uint8Array.of(tags.null, 0)
    for (let level = 0; level < depth; level += 1) der = encodeSequence(der)
    return der
  }
  assert.ok(reads((der) => requireDerTree(der, 'tree'), nested(30)))
  assert.equal(
    reads((der) => requireDerTree(der, 'tree'), nested(40)),
    false,
  )
  assert.equal(
    reads((der) => requireDerTree(der, 'tree'), nested(10_000)),
    false,
  )
  const wide = encodeSequence(...Array.from({ length: 50_000 }, () => Uint8Array.of(tags.null, 0)))
  assert.ok(reads((der) => requireDerTree(der, 'tree'), wide))
})
