import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  alternativeNames,
  basicConstraints,
  caExtensions,
  certSignUsage,
  craft,
  directory,
  named,
  nameConstraints,
  newKeys,
  pemOf,
  text,
  type Crafted,
  type KeyPair,
} from '../../test/support/crafted-certificates.ts'
import {
  ecdsaWithSha256,
  rawCertificate,
  rawExtension,
} from '../../test/support/foreign-requests.ts'
import {
  factorableModuli,
  primeModulus,
  rsaSpki,
  signWith,
  strongModulus,
  type RsaModulus,
} from '../../test/support/weak-moduli.ts'
import { ServiceError } from '../errors.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { encodeCertificate, encodeTbsCertificate, parseCertificate } from '../x509/certificate.ts'
import type { Extension } from '../x509/extensions/extensions.ts'
import { encodeKeyUsage } from '../x509/extensions/key-usage.ts'
import { encodeName } from '../x509/names/name.ts'
import { oids } from '../x509/der/oid.ts'
import { encodePem, parsePem } from '../x509/pem.ts'
import { parseImport, requireImportable } from './import-certificate.ts'
import { findTooDeep, remainingPathLength } from './path-length.ts'

const now = '2025-06-01T12:00:00Z'

interface Situation {
  readonly type?: 'ROOT' | 'SUBORDINATE'
  readonly now?: string
  readonly publishesCrls?: boolean
  /** Certificate whose key is the CA's key. By default, the certificate to import has the CA's key. */
  readonly keyOf?: Crafted
}

async function importOutcome(
  certificate: Crafted,
  chain: readonly Crafted[],
  situation: Situation = {},
): Promise<string> {
  try {
    const path = parseImport(pemOf(certificate), chain.length === 0 ? undefined : pemOf(...chain))
    await requireImportable(path, {
      type: situation.type ?? 'SUBORDINATE',
      subjectPublicKeyInfoDer: (situation.keyOf ?? certificate).certificate.subjectPublicKeyInfo
        .der,
      now: new Date(situation.now ?? now),
      weakKeys: 'refuse',
      publishesCrls: situation.publishesCrls ?? false,
    })
    return 'accepted'
  } catch (error) {
    assert.ok(error instanceof ServiceError, String(error))
    return `${error.code}: ${error.message}`
  }
}

const root = craft({ subject: named('Root') })
const middle = craft({ subject: named('Middle') }, root)
const issuing = craft({ subject: named('Issuing') }, middle)

/** Builds a path of three CAs, lowest first. `extensions` replace the extensions of the CA at `index`. */
function threeWith(index: number, extensions: readonly Extension[]): [Crafted, Crafted, Crafted] {
  const more = (at: number): { extensions?: readonly Extension[] } =>
    at === index ? { extensions } : {}
  const top = craft({ subject: named('Root'), ...more(2) })
  const between = craft({ subject: named('Middle'), ...more(1) }, top)
  return [craft({ subject: named('Issuing'), ...more(0) }, between), between, top]
}

const positions = [
  'Certificate',
  'certificate 1 of CertificateChain',
  'certificate 2 of CertificateChain',
]

test('a root without a chain, and a subordinate with its chain, are accepted', async () => {
  assert.equal(await importOutcome(root, [], { type: 'ROOT' }), 'accepted')
  assert.equal(await importOutcome(middle, [root]), 'accepted')
  assert.equal(await importOutcome(issuing, [middle, root]), 'accepted')
})

test('certificate and chain must fit the type of the CA', async () => {
  const cases: readonly (readonly [Crafted, readonly Crafted[], 'ROOT' | 'SUBORDINATE', RegExp])[] =
    [
      [middle, [], 'ROOT', /^InvalidRequestException: .*must be self-signed/],
      [root, [root], 'ROOT', /^InvalidRequestException: CertificateChain must not be given/],
      [root, [root], 'SUBORDINATE', /^InvalidRequestException: .*must not be self-signed/],
      [middle, [], 'SUBORDINATE', /^InvalidRequestException: CertificateChain is required/],
    ]
  for (const [certificate, chain, type, expected] of cases)
    assert.match(await importOutcome(certificate, chain, { type }), expected)
})

test('a certificate for another key is refused', async () => {
  const found = await importOutcome(issuing, [middle, root], { keyOf: middle })
  assert.match(found, /^CertificateMismatchException: Certificate is not for the public key/)
})

test('the chain must be in order, complete and without duplicates', async () => {
  const other = craft({ subject: named('Other') })
  const sameNameOtherKey = craft({ subject: named('Middle') }, root)
  const cases: readonly (readonly [readonly Crafted[], RegExp])[] = [
    [
      [root, middle],
      /^CertificateMismatch.*Certificate is issued by "CN=Middle", but certificate 1 of CertificateChain is "CN=Root"/,
    ],
    [
      [middle],
      /^CertificateMismatch.*not complete: its last certificate, "CN=Middle", is signed by "CN=Root"/,
    ],
    [
      [middle, other],
      /^CertificateMismatch.*certificate 1 of CertificateChain is issued by "CN=Root", but certificate 2/,
    ],
    [[middle, root, other], /^CertificateMismatch.*certificate 2 of CertificateChain is issued by/],
    [
      [sameNameOtherKey, root],
      /^CertificateMismatch.*Certificate is not signed by the key of certificate 1/,
    ],
    [
      [middle, root, root],
      /^InvalidRequest.*certificate 3 of CertificateChain is the same as certificate 2/,
    ],
    [
      [issuing, middle, root],
      /^InvalidRequest.*certificate 1 of CertificateChain is the same as Certificate$/,
    ],
    [
      [middle, root, issuing],
      /^InvalidRequest.*certificate 3 of CertificateChain is the same as Certificate$/,
    ],
  ]
  for (const [chain, expected] of cases) assert.match(await importOutcome(issuing, chain), expected)
})

test('issuer and subject names in the chain are compared by the rules of RFC 5280', async () => {
  const certificate = craft({ subject: named('Issuing'), issuer: named(' MIDDLE ') }, middle)
  assert.equal(await importOutcome(certificate, [middle, root]), 'accepted')
})

test('basic constraints must be present, critical and CA:TRUE in every certificate', async () => {
  const cases: readonly (readonly [readonly Extension[], RegExp])[] = [
    [[certSignUsage], /has no basic constraints$/],
    [[basicConstraints(undefined, { critical: false })], /that are not critical$/],
    [[basicConstraints(undefined, { ca: false })], /without CA:TRUE$/],
  ]
  for (const [extensions, expected] of cases)
    for (const [index, position] of positions.entries()) {
      const [certificate, ...chain] = threeWith(index, extensions)
      const found = await importOutcome(certificate, chain)
      assert.match(found, expected)
      assert.ok(found.startsWith(`ValidationException: ${position} `), found)
    }
})

test('key usage, if present, must have keyCertSign in every certificate', async () => {
  const without: Extension = {
    oid: oids.keyUsage,
    critical: true,
    value: encodeKeyUsage(['cRLSign']),
  }
  for (const [index, position] of positions.entries()) {
    const [certificate, ...chain] = threeWith(index, [basicConstraints(), without])
    const found = await importOutcome(certificate, chain)
    assert.equal(found, `ValidationException: ${position} has a key usage without keyCertSign`)
    const [bare, ...above] = threeWith(index, [basicConstraints()])
    assert.equal(await importOutcome(bare, above), 'accepted')
  }
})

test('a certificate without cRLSign is refused only if CRLs of its CA are enabled', async () => {
  const usages = [
    [['keyCertSign'], false],
    [['keyCertSign', 'digitalSignature'], false],
    [['keyCertSign', 'cRLSign'], true],
    [['digitalSignature', 'keyCertSign', 'cRLSign'], true],
    [undefined, true],
  ] as const
  for (const [usage, accepted] of usages) {
    const extensions = [
      basicConstraints(),
      ...(usage ? [{ oid: oids.keyUsage, critical: true, value: encodeKeyUsage(usage) }] : []),
    ]
    const [certificate, ...chain] = threeWith(0, extensions)
    assert.equal(await importOutcome(certificate, chain), 'accepted')
    const found = await importOutcome(certificate, chain, { publishesCrls: true })
    if (accepted) assert.equal(found, 'accepted')
    else
      assert.match(
        found,
        /^MalformedCertificateException: Certificate has a key usage without cRLSign/,
      )
    // The key usage does not affect the CRLs of the CAs above the new CA.
    const [below, ...above] = threeWith(1, extensions)
    assert.equal(await importOutcome(below, above, { publishesCrls: true }), 'accepted')
  }
})

const octetString = Buffer.from('0400', 'hex')
const acceptedCritical = {
  authorityKeyIdentifier: '2.5.29.35',
  certificatePolicies: '2.5.29.32',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
  issuerAltName: '2.5.29.18',
  policyMappings: '2.5.29.33',
  subjectDirectoryAttributes: '2.5.29.9',
  subjectKeyIdentifier: '2.5.29.14',
  subjectInfoAccess: '1.3.6.1.5.5.7.1.11',
}
const refusedCritical = {
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  cRLDistributionPoints: '2.5.29.31',
  freshestCRL: '2.5.29.46',
  policyConstraints: '2.5.29.36',
  '1.2.3.4': '1.2.3.4',
}

test('in every certificate, only the critical extensions in the table are accepted', async () => {
  for (const index of positions.keys()) {
    for (const oid of Object.values(acceptedCritical)) {
      const extension = { oid, critical: true, value: octetString }
      const [certificate, ...chain] = threeWith(index, [...caExtensions, extension])
      assert.equal(await importOutcome(certificate, chain), 'accepted', oid)
    }
    for (const [name, oid] of Object.entries(refusedCritical)) {
      const extension = { oid, critical: true, value: octetString }
      const [certificate, ...chain] = threeWith(index, [...caExtensions, extension])
      assert.equal(
        await importOutcome(certificate, chain),
        `MalformedCertificateException: ${positions[index]} has the critical extension ${name}, which is not accepted`,
      )
      const optional = { ...extension, critical: false }
      const [accepted, ...above] = threeWith(index, [...caExtensions, optional])
      assert.equal(await importOutcome(accepted, above), 'accepted', name)
    }
  }
})

test('processed extensions must be well-formed in every certificate', async () => {
  const names = [
    'basicConstraints',
    'keyUsage',
    'nameConstraints',
    'subjectAltName',
    'subjectKeyIdentifier',
  ] as const
  for (const name of names)
    for (const [index, position] of positions.entries()) {
      const broken = { oid: oids[name], critical: true, value: Buffer.from('0500', 'hex') }
      const others = caExtensions.filter(({ oid }) => oid !== broken.oid)
      const [certificate, ...chain] = threeWith(index, [...others, broken])
      const found = await importOutcome(certificate, chain)
      const start = `MalformedCertificateException: ${position} has a ${name} that cannot be parsed`
      assert.ok(found.startsWith(start), found)
    }
})

test('every certificate must be valid now, from notBefore through notAfter', async () => {
  const notBefore = '2025-01-01T00:00:00Z'
  const notAfter = '2025-12-31T23:59:59Z'
  for (const [index, position] of positions.entries()) {
    const pathUntil = (end: string): Crafted[] => {
      const period = (at: number): { notBefore?: string; notAfter?: string } =>
        at === index ? { notBefore, notAfter } : at < index ? { notAfter: end } : {}
      const top = craft({ subject: named('Root'), ...period(2) })
      const between = craft({ subject: named('Middle'), ...period(1) }, top)
      return [craft({ subject: named('Issuing'), ...period(0) }, between), between, top]
    }
    const at = (time: string, end = notAfter): Promise<string> => {
      const [certificate, ...chain] = pathUntil(end)
      return importOutcome(certificate!, chain, { now: time })
    }
    assert.equal(await at(notBefore), 'accepted')
    assert.equal(await at('2025-12-31T23:59:59.999Z'), 'accepted')
    assert.equal(
      await at('2024-12-31T23:59:59.999Z'),
      `MalformedCertificateException: ${position} is not valid yet: its validity begins at ` +
        `${notBefore}, and the current time is 2024-12-31T23:59:59Z`,
    )
    assert.equal(
      await at('2026-01-01T00:00:00Z', '2030-01-01T00:00:00Z'),
      `MalformedCertificateException: ${position} has expired: its validity ended at ` +
        `${notAfter}, and the current time is 2026-01-01T00:00:00Z`,
    )
  }
})

test('a certificate must not outlive a certificate above it', async () => {
  const short = { notAfter: '2030-01-01T00:00:00Z' }
  const shortRoot = craft({ subject: named('Root'), ...short })
  const outlivingMiddle = craft({ subject: named('Middle') }, shortRoot)
  const within = craft({ subject: named('Issuing'), ...short }, outlivingMiddle)
  assert.equal(await importOutcome(within, [outlivingMiddle, shortRoot]), 'accepted')
  const beyond = craft(
    { subject: named('Issuing'), notAfter: '2030-01-01T00:00:01Z' },
    outlivingMiddle,
  )
  assert.equal(
    await importOutcome(beyond, [outlivingMiddle, shortRoot]),
    'CertificateMismatchException: Certificate is valid until 2030-01-01T00:00:01Z, longer than ' +
      'certificate 2 of CertificateChain, which is valid until 2030-01-01T00:00:00Z',
  )
})

/** Builds a path from `levels`. The levels are numbered from the root, but the path starts with the lowest certificate. */
function pathWith(
  levels: readonly { pathLen: number | undefined; selfIssued: boolean }[],
): Crafted[] {
  const path: Crafted[] = []
  for (const [index, { pathLen, selfIssued }] of levels.entries()) {
    const signer = path[0]
    const subject = selfIssued && signer ? signer.certificate.subject.der : named(`Level ${index}`)
    const extensions = [basicConstraints(pathLen), certSignUsage]
    path.unshift(craft({ subject, extensions }, signer))
  }
  return path
}

test('path length constraints apply to the whole path, at and beyond the limit', async () => {
  const plain = (...lengths: readonly (number | undefined)[]): Crafted[] =>
    pathWith(lengths.map((pathLen) => ({ pathLen, selfIssued: false })))
  const cases: readonly (readonly [readonly (number | undefined)[], number | undefined])[] = [
    [[1, 0], undefined],
    [[0, undefined], 0],
    [[1, undefined, undefined], 0],
    [[2, undefined, undefined], undefined],
    [[undefined, 0, undefined], 0],
    [[undefined, 0, undefined, undefined], 1],
    [[1, 5, undefined], 0],
  ]
  for (const [lengths, tooDeep] of cases) {
    const [certificate, ...chain] = plain(...lengths) as [Crafted, ...Crafted[]]
    const expected =
      tooDeep === undefined
        ? 'accepted'
        : `ValidationException: ${positions[tooDeep]} is not allowed by a path length constraint of a certificate above it`
    assert.equal(await importOutcome(certificate, chain), expected, lengths.join())
  }
  const rollover = pathWith([
    { pathLen: 1, selfIssued: false },
    { pathLen: 0, selfIssued: false },
    { pathLen: 0, selfIssued: true },
  ])
  assert.equal(await importOutcome(rollover[0] as Crafted, rollover.slice(1)), 'accepted')
})

test('property: the remaining path length agrees with the algorithm of RFC 5280 §6.1.4', () => {
  const level = fc.record({
    pathLen: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    selfIssued: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(level, { minLength: 1, maxLength: 6 }), (levels) => {
      const [first, ...rest] = levels
      const path = pathWith([{ ...first!, selfIssued: false }, ...rest])
      // Computes max_path_length from the root downward. The path length constraint in the root (the trust anchor) also applies.
      let max = Infinity
      let broken = false
      for (const [index, { pathLen, selfIssued }] of levels.entries()) {
        if (index > 0 && !selfIssued) {
          broken ||= max <= 0
          max -= 1
        }
        max = Math.min(max, pathLen ?? Infinity)
      }
      const certificates = path.map(({ certificate }) => certificate)
      assert.equal(findTooDeep(certificates) !== undefined, broken)
      const remaining = remainingPathLength(certificates)
      if (broken) assert.ok(remaining !== undefined && remaining < 0)
      else assert.equal(remaining ?? Infinity, max)
    }),
    { numRuns: 60 },
  )
})

test('name constraints apply to every certificate below them that is not self-issued', async () => {
  const permitted = nameConstraints([
    { kind: 'directoryName', content: encodeName([{ type: oids.countryName, value: 'DE' }]) },
    text('dNSName', 'example.com'),
  ])
  const inside = (value: string): Uint8Array =>
    encodeName([
      { type: oids.countryName, value: 'DE' },
      { type: oids.commonName, value },
    ])
  const top = craft({ subject: named('Root'), extensions: [...caExtensions, permitted] })
  const good = craft({ subject: inside('Good') }, top)
  const bad = craft({ subject: named('Bad') }, top)
  const below = craft({ subject: inside('Issuing') }, good)
  assert.equal(await importOutcome(below, [good, top]), 'accepted')
  assert.equal(
    await importOutcome(bad, [top]),
    'CertificateMismatchException: Certificate is refused: subject "CN=Bad" is not within a subtree that the name ' +
      'constraints of "CN=Root" permit: directoryName "C=DE"',
  )
  const belowBad = craft({ subject: inside('Issuing') }, bad)
  assert.match(
    await importOutcome(belowBad, [bad, top]),
    /^CertificateMismatchException: certificate 1 of CertificateChain is refused: subject "CN=Bad"/,
  )
  const names = alternativeNames([text('dNSName', 'ca.example.org')])
  const withSan = craft({ subject: inside('SAN'), extensions: [...caExtensions, names] }, good)
  assert.match(
    await importOutcome(withSan, [good, top]),
    /dNSName 'ca\.example\.org' is not within/,
  )
  const host = craft({ subject: inside('ca.example.org') }, good)
  assert.equal(await importOutcome(host, [good, top]), 'accepted')
  const rollover = craft({ subject: named('Root') }, top)
  assert.equal(await importOutcome(rollover, [top]), 'accepted')
})

test('a CA must have a name', async () => {
  const nameless = craft({ subject: encodeName([]) }, middle)
  assert.equal(
    await importOutcome(nameless, [middle, root]),
    'MalformedCertificateException: Certificate has no subject',
  )
})

test('weak keys anywhere in the path are refused', async () => {
  const rsa = (modulusLength: number): Crafted => {
    const keys = generateKeyPairSync('rsa', { modulusLength })
    return craft({ subject: named('Issuing'), keys }, middle)
  }
  assert.match(
    await importOutcome(rsa(1024), [middle, root]),
    /^Malformed.*Certificate has a key that is not accepted: RSA key has 1024 bits/,
  )
  assert.equal(await importOutcome(rsa(2048), [middle, root]), 'accepted')
  const curve = generateKeyPairSync('ec', { namedCurve: 'prime192v1' })
  const weak = craft({ subject: named('Issuing'), keys: curve }, middle)
  assert.match(
    await importOutcome(weak, [middle, root]),
    /^Malformed.*not accepted: curve .* is not known to be strong/,
  )
})

test('input that is not a certificate is refused, and the error states its position', () => {
  const pem = pemOf(root).toString()
  const long = craft({ serialNumber: Buffer.alloc(21, 1) })
  const cases: readonly (readonly [string | Buffer, string | Buffer | undefined, RegExp])[] = [
    ['', undefined, /^Certificate has no PEM certificate/],
    [pem + pem, undefined, /^Certificate must be exactly one PEM certificate; 2 were found/],
    [
      Buffer.from([0xff, 0xfe]),
      undefined,
      /^Certificate has no PEM certificate; it is text in UTF-16/,
    ],
    [pem.replace('END', 'EXIT'), undefined, /^Certificate cannot be parsed: PEM block/],
    [
      encodePem('X509 CRL', root.certificate.der),
      undefined,
      /^Certificate is a PEM block of type X509 CRL/,
    ],
    [
      encodePem('CERTIFICATE', root.certificate.der.subarray(1)),
      undefined,
      /^Certificate cannot be parsed/,
    ],
    [pemOf(long), undefined, /^Certificate cannot be parsed: serialNumber has more than 20 bytes/],
    [pem, 'nothing', /^CertificateChain has no PEM certificate/],
    [
      pem,
      pem + encodePem('CERTIFICATE', Buffer.from('3000', 'hex')),
      /^certificate 2 of CertificateChain cannot be parsed/,
    ],
    [pem, pemOf(craft({ serialNumber: Buffer.alloc(65, 1) })), /more than 64 bytes/],
    [pem, pem.repeat(17), /^CertificateChain has 17 certificates; at most 16/],
  ]
  for (const [certificate, chain, expected] of cases)
    assert.throws(
      () =>
        parseImport(
          Buffer.from(certificate as string),
          chain === undefined ? undefined : Buffer.from(chain as string),
        ),
      (error) => {
        assert.ok(error instanceof ServiceError)
        assert.equal(error.code, 'MalformedCertificateException')
        assert.match(error.message, expected)
        return true
      },
    )
  assert.equal(parseImport(Buffer.from(pem), Buffer.from(pem.repeat(16))).chain.length, 16)
  assert.equal(parseImport(Buffer.from(pem), pemOf(long)).chain.length, 1)
  assert.equal(parseImport(Buffer.from(pem), Buffer.alloc(0)).chain.length, 0)
})

test('property: a certificate with any changed byte is refused with a ServiceError', async () => {
  const { der } = issuing.certificate
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: der.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, flip) => {
        const changed = Uint8Array.from(der)
        changed[at] = (changed[at] ?? 0) ^ flip
        await assert.rejects(async () => {
          const path = parseImport(
            Buffer.from(encodePem('CERTIFICATE', changed)),
            pemOf(middle, root),
          )
          await requireImportable(path, {
            type: 'SUBORDINATE',
            subjectPublicKeyInfoDer: issuing.certificate.subjectPublicKeyInfo.der,
            now: new Date(now),
            weakKeys: 'refuse',
            publishesCrls: false,
          })
        }, ServiceError)
      },
    ),
    { numRuns: 300 },
  )
})

/** AlgorithmIdentifier of ecdsa-with-SHA1, which is obsolete. */
const ecdsaWithSha1 = Buffer.from('300906072a8648ce3d0401', 'hex')

function craftWithSha1(subject: Uint8Array, signer?: Crafted): Crafted {
  const keys = newKeys()
  const tbsCertificateDer = encodeTbsCertificate({
    serialNumber: Uint8Array.of(7),
    signatureAlgorithm: ecdsaWithSha1,
    issuer: signer?.certificate.subject.der ?? subject,
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2040-01-01T00:00:00Z'),
    subject,
    subjectPublicKeyInfo: keys.publicKey.export({ type: 'spki', format: 'der' }),
    extensions: caExtensions,
  })
  const signature = sign('sha1', tbsCertificateDer, (signer?.keys ?? keys).privateKey)
  const der = encodeCertificate(tbsCertificateDer, ecdsaWithSha1, signature)
  return { certificate: parseCertificate(der), keys }
}

/**
 * Builds a certificate signed with an RSA key whose modulus is easy to factor. The subject's key is `keys`; by default, the
 * certificate is self-signed.
 */
function craftWithModulus(signer: RsaModulus, keys?: KeyPair): Crafted {
  const spki = keys?.publicKey.export({ type: 'spki', format: 'der' })
  const signatureAlgorithm = signatureAlgorithmIdentifier('SHA256WITHRSA')
  const tbsCertificateDer = encodeTbsCertificate({
    serialNumber: Uint8Array.of(7),
    signatureAlgorithm,
    issuer: named('Weak root'),
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2040-01-01T00:00:00Z'),
    subject: named(spki === undefined ? 'Weak root' : 'Issuing'),
    subjectPublicKeyInfo: spki ?? rsaSpki(signer.modulus),
    extensions: caExtensions,
  })
  const signature = signWith(signer, tbsCertificateDer)
  const der = encodeCertificate(tbsCertificateDer, signatureAlgorithm, signature)
  return { certificate: parseCertificate(der), keys: keys ?? newKeys() }
}

test('a path with an issuer key that anyone can factor is refused with the reason', async () => {
  for (const key of [...factorableModuli(), primeModulus()]) {
    const message = await importOutcome(craftWithModulus(key, newKeys()), [craftWithModulus(key)])
    const start =
      /^MalformedCertificateException: certificate 1 of CertificateChain has a key that is not accepted: /
    assert.match(message, start, key.name)
    assert.match(message, key.reason, key.name)
  }
  const strong = strongModulus()
  const accepted = await importOutcome(craftWithModulus(strong, newKeys()), [
    craftWithModulus(strong),
  ])
  assert.equal(accepted, 'accepted')
})

test('ECDSA with NULL parameters is accepted above the certificate to import, but not in it', async () => {
  const withNull = (subject: string): Crafted => {
    const keys = newKeys()
    const pem = rawCertificate({
      serialNumber: Uint8Array.of(2, 1, 7),
      algorithm: ecdsaWithSha256(Uint8Array.of(5, 0)),
      issuer: root.certificate.subject.der,
      subject: named(subject),
      subjectPublicKeyInfo: keys.publicKey.export({ type: 'spki', format: 'der' }),
      extensions: caExtensions.map(({ oid, value }) =>
        rawExtension(oid, Uint8Array.of(1, 1, 0xff), value),
      ),
      signer: root.keys.privateKey,
    })
    const [block] = parsePem(pem)
    return { certificate: parseCertificate(block?.der ?? new Uint8Array()), keys }
  }
  const above = withNull('Middle')
  assert.equal(await importOutcome(craft({}, above), [above, root]), 'accepted')
  assert.equal(
    await importOutcome(withNull('Issuing'), [root]),
    'CertificateMismatchException: Certificate is signed with ecdsaWithSha256 ' +
      '(1.2.840.10045.4.3.2): its parameters must be absent',
  )
})

test('an outdated signature is refused in a chain, but accepted on the root', async () => {
  const outdated = craftWithSha1(named('Issuing'), middle)
  assert.equal(
    await importOutcome(outdated, [middle, root]),
    'CertificateMismatchException: Certificate is signed with ecdsaWithSha1 (1.2.840.10045.4.1): ' +
      'SHA-1 is not accepted, only SHA-256, SHA-384 and SHA-512 are',
  )
  const outdatedMiddle = craftWithSha1(named('Middle'), root)
  const below = craft({ subject: named('Issuing') }, outdatedMiddle)
  assert.match(
    await importOutcome(below, [outdatedMiddle, root]),
    /^CertificateMismatchException: certificate 1 of CertificateChain is signed with ecdsaWithSha1/,
  )
  const oldRoot = craftWithSha1(named('Old root'))
  assert.equal(
    await importOutcome(craft({ subject: named('Issuing') }, oldRoot), [oldRoot]),
    'accepted',
  )
})

test('the name constraints of a CA do not apply to the CA itself', async () => {
  const constraints = nameConstraints([], [directory(named('Issuing'))])
  const constrained = craft(
    { subject: named('Issuing'), extensions: [...caExtensions, constraints] },
    middle,
  )
  assert.equal(await importOutcome(constrained, [middle, root]), 'accepted')
})
