/**
 * Compares the name constraint checks in Signet and OpenSSL. Signet and OpenSSL verify generated chains of a root, a constrained
 * CA and an end entity. Signet must reject everything that OpenSSL rejects. Cases in which Signet is stricter state the reason.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import {
  constraintsOf,
  violatedNameConstraint,
} from '../../src/chain/name-constraints/check-names.ts'
import type { GeneralName } from '../../src/x509/names/general-name.ts'
import type { GeneralSubtree } from '../../src/x509/extensions/name-constraints.ts'
import { encodeName } from '../../src/x509/names/name.ts'
import { oids } from '../../src/x509/der/oid.ts'
import {
  alternativeNames,
  caExtensions,
  craft,
  directory,
  ip,
  nameConstraints,
  named,
  newKeys,
  pemOf,
  text,
  type Crafted,
} from '../support/crafted-certificates.ts'
import { tool } from '../support/foreign-tools.ts'

const run = promisify(execFile)
let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-constraints-'))
})
after(() => rm(folder, { recursive: true }))

interface Comparison {
  readonly title: string
  readonly permitted: readonly GeneralSubtree[]
  readonly excluded: readonly GeneralSubtree[]
  readonly subject: Uint8Array
  readonly names: readonly GeneralName[]
}

const country = { type: oids.countryName, value: 'DE' }
const organization = (value: string): Attribute => ({ type: oids.organizationName, value })
const common = (value: string): Attribute => ({ type: oids.commonName, value })
const email = (value: string): Attribute => ({ type: oids.emailAddress, value })
interface Attribute {
  readonly type: string
  readonly value: string
}

const dns = (value: string): GeneralName => text('dNSName', value)
const mail = (value: string): GeneralName => text('rfc822Name', value)
const uri = (value: string): GeneralName => text('uniformResourceIdentifier', value)
const dn = (...attributes: readonly Attribute[]): GeneralName => directory(encodeName(attributes))
const emptySubject = encodeName([])

/** Combines every name with every base. Each base is used both as a permitted and as an excluded subtree. */
function product(bases: readonly GeneralSubtree[], names: readonly GeneralName[]): Comparison[] {
  return bases.flatMap((base) =>
    names.flatMap((name) => [
      compare({ permitted: [base], names: [name] }),
      compare({ excluded: [base], names: [name] }),
    ]),
  )
}

function compare(options: Partial<Omit<Comparison, 'title'>>): Comparison {
  const { permitted = [], excluded = [], subject = emptySubject, names = [] } = options
  const format = (list: readonly GeneralSubtree[]): string =>
    list.map(({ kind, content }) => `${kind} ${readable(kind, content)}`).join(' and ')
  const title = [
    permitted.length > 0 ? `permitted ${format(permitted)}` : '',
    excluded.length > 0 ? `excluded ${format(excluded)}` : '',
    `SAN ${format(names)}`,
    subject === emptySubject ? '' : `subject ${Buffer.from(subject).toString('hex')}`,
  ]
  return {
    title: title.filter((part) => part !== '').join(', '),
    permitted,
    excluded,
    subject,
    names,
  }
}

function readable(kind: string, content: Uint8Array): string {
  const binary = kind === 'iPAddress' || kind === 'directoryName'
  return Buffer.from(content).toString(binary ? 'hex' : 'latin1')
}

const subjects: readonly Uint8Array[] = [
  encodeName([country, organization('Example'), common('Somebody')]),
  encodeName([country, organization(' EXAMPLE '), common('Somebody')]),
  encodeName([country, organization('Other')]),
  encodeName([organization('Example'), country]),
  encodeName([common('host.example.com')]),
  encodeName([common('host.example.org')]),
  encodeName([email('a@example.com')]),
  encodeName([email('a@example.org')]),
]

/** Cases with the same expected result in Signet and OpenSSL. */
const sameResults: readonly Comparison[] = [
  ...product(
    ['example.com', '.example.com', 'host.example.com', ''].map(dns),
    ['example.com', 'HOST.example.com', 'a.host.example.com', 'notexample.com', 'example.org'].map(
      dns,
    ),
  ),
  ...product(
    ['example.com', '.example.com', 'root@example.com'].map(mail),
    ['root@example.com', 'a@EXAMPLE.com', 'a@sub.example.com', 'a@example.org'].map(mail),
  ),
  ...product(
    ['host.example.com', '.example.com'].map(uri),
    [
      'https://host.example.com/a',
      'https://a.host.example.com',
      'https://example.com:8443',
      'https://example.org/?host.example.com',
    ].map(uri),
  ),
  ...product(
    [
      'c0000200ffffff00',
      '0000000000000000',
      `20010db8${'0'.repeat(24)}ffffffff${'0'.repeat(24)}`,
    ].map(ip),
    ['c0000201', 'c0000301', `20010db8${'0'.repeat(24)}`, `20010db9${'0'.repeat(24)}`].map(ip),
  ),
  ...product(
    [dn(country), dn(country, organization('example')), dn()],
    [dn(country, organization('Example')), dn(organization('Example'))],
  ),
  ...subjects.flatMap((subject) => [
    compare({ permitted: [dn(country, organization('Example'))], subject }),
    compare({ excluded: [dn(country, organization('Example'))], subject }),
    compare({ permitted: [dns('example.com')], subject }),
    compare({ excluded: [dns('example.com')], subject }),
    compare({ permitted: [mail('example.com')], subject }),
    compare({ permitted: [mail('example.com')], subject, names: [mail('b@example.com')] }),
    compare({ permitted: [dns('example.com')], subject, names: [dns('a.example.com')] }),
  ]),
  compare({
    permitted: [dns('example.com')],
    excluded: [dns('a.example.com')],
    names: [dns('b.example.com')],
  }),
  compare({
    permitted: [dns('example.com')],
    excluded: [dns('a.example.com')],
    names: [dns('x.a.example.com')],
  }),
  compare({
    permitted: [dns('example.com'), dns('example.org')],
    names: [dns('a.example.org'), dns('example.com')],
  }),
  compare({ permitted: [dns('example.com')], names: [mail('a@example.org'), ip('c0000201')] }),
]

/** Cases that OpenSSL accepts and Signet rejects, with the reason. */
const stricter: readonly (readonly [reason: string, Comparison])[] = [
  [
    'the wildcard may match the excluded name',
    compare({ excluded: [dns('host.example.com')], names: [dns('*.example.com')] }),
  ],
  [
    'the name is invalid, and resolvers treat it as an excluded name',
    compare({ excluded: [dns('example.com')], names: [dns('example.com.')] }),
  ],
  [
    'the name is invalid',
    compare({ permitted: [dns('example.com')], names: [dns('.example.com')] }),
  ],
  [
    'most mail systems deliver both addresses to the same mailbox',
    compare({ excluded: [mail('root@example.com')], names: [mail('ROOT@example.com')] }),
  ],
  [
    'the address reaches the same host',
    compare({ excluded: [ip('c0000200ffffff00')], names: [ip(`${'0'.repeat(20)}ffffc0000201`)] }),
  ],
  [
    'TLS clients match a wildcard in the commonName',
    compare({ permitted: [dns('example.com')], subject: encodeName([common('*.example.org')]) }),
  ],
]

const root = craft({ subject: named('Root') })
const entityKeys = newKeys()

function chainFor({ permitted, excluded, subject, names }: Comparison): [Crafted, Crafted] {
  const constrained = nameConstraints(permitted, excluded)
  const authority = craft(
    { subject: named('CA'), extensions: [...caExtensions, constrained] },
    root,
  )
  // A certificate without a subject must have a critical SAN (RFC 5280 §4.2.1.6).
  const san =
    names.length === 0 ? [] : [{ ...alternativeNames(names), critical: subject === emptySubject }]
  const placeholder = { oid: '1.2.3.4', critical: false, value: Buffer.from('0500', 'hex') }
  const entity = craft({ subject, keys: entityKeys, extensions: [placeholder, ...san] }, authority)
  return [entity, authority]
}

function isAcceptedBySignet({ subject, names }: Comparison, authority: Crafted): boolean {
  const constraints = constraintsOf([authority.certificate, root.certificate])
  const entity = craft({ subject, keys: entityKeys }).certificate
  const certificate = { subject: entity.subject, subjectAlternativeNames: names }
  return violatedNameConstraint(constraints, certificate) === undefined
}

/**
 * Returns whether `openssl verify` accepts a chain. The test fails if OpenSSL rejects the chain for a reason other than name
 * constraints.
 */
async function isAcceptedByOpenssl(
  openssl: string,
  entity: Crafted,
  authority: Crafted,
): Promise<boolean> {
  const paths = ['root', 'authority', 'entity'].map((name) => join(folder, `${name}.pem`))
  const [rootPath = '', authorityPath = '', entityPath = ''] = paths
  await writeFile(rootPath, pemOf(root))
  await writeFile(authorityPath, pemOf(authority))
  await writeFile(entityPath, pemOf(entity))
  try {
    await run(openssl, [
      'verify',
      '-no-CAfile',
      '-no-CApath',
      '-CAfile',
      rootPath,
      '-untrusted',
      authorityPath,
      entityPath,
    ])
    return true
  } catch (error) {
    const output = String((error as { stderr?: unknown }).stderr)
    assert.match(
      output,
      /error (47|48|51|52|53) at 0 depth lookup|subtree violation|unsupported name|name constraint/,
      output,
    )
    return false
  }
}

test('Signet and OpenSSL apply name constraints with the same result', async (t) => {
  const openssl = await tool(t, 'openssl', { probe: ['version'] })
  if (openssl === undefined) return
  assert.ok(sameResults.length >= 60, `${sameResults.length} cases`)
  const counts = { accepted: 0, rejected: 0 }
  const different: string[] = []
  for (const comparison of sameResults) {
    const [entity, authority] = chainFor(comparison)
    const theirs = await isAcceptedByOpenssl(openssl, entity, authority)
    const ours = isAcceptedBySignet(comparison, authority)
    if (theirs !== ours) different.push(`${comparison.title}: OpenSSL ${theirs}, Signet ${ours}`)
    counts[ours ? 'accepted' : 'rejected'] += 1
  }
  assert.deepEqual(different, [])
  assert.ok(counts.accepted >= 30 && counts.rejected >= 30, JSON.stringify(counts))
})

for (const [reason, comparison] of stricter)
  test(`Signet is stricter than OpenSSL, because ${reason}: ${comparison.title}`, async (t) => {
    const openssl = await tool(t, 'openssl', { probe: ['version'] })
    if (openssl === undefined) return
    const [entity, authority] = chainFor(comparison)
    assert.equal(isAcceptedBySignet(comparison, authority), false)
    assert.equal(await isAcceptedByOpenssl(openssl, entity, authority), true)
  })
