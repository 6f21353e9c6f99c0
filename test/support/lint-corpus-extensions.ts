/** The extensions in the lint corpus: well-formed and malformed values of each type. */
import { oids } from '../../src/x509/der/oid.ts'
import type { RuleName } from '../../src/lint/rules.ts'
import type { ExtensionCase } from './lint-corpus.ts'

interface Kind {
  readonly oid: string
  /** Rule that the malformed values violate. */
  readonly rule: RuleName
  readonly critical?: boolean
  /** Whether the extension is in a CA certificate. */
  readonly ca?: boolean
  /** Well-formed values in hexadecimal. */
  readonly good: readonly string[]
  /** Malformed values in hexadecimal. */
  readonly bad: readonly string[]
}

const tlv = (tag: string, ...contents: readonly string[]): string => {
  const content = contents.join('')
  return `${tag}${(content.length / 2).toString(16).padStart(2, '0')}${content}`
}
const sequence = (...contents: readonly string[]): string => tlv('30', ...contents)
const utf8 = (text: string): string => tlv('0c', Buffer.from(text).toString('hex'))
const ia5 = (text: string): string => tlv('16', Buffer.from(text).toString('hex'))
const uri = tlv('86', Buffer.from('http://a').toString('hex'))
const relativeUri = tlv('86', Buffer.from('a').toString('hex'))
const policy = '06032a0304'
const otherPolicy = '06032a0305'
const anyPolicy = '0604551d2000'

const cpsOid = '06082b06010505070201'
const noticeOid = '06082b06010505070202'
const qualified = (...qualifiers: readonly string[]): string =>
  sequence(sequence(policy, sequence(...qualifiers)))
const notice = (...contents: readonly string[]): string =>
  qualified(sequence(noticeOid, sequence(...contents)))

const point = (...names: readonly string[]): string => tlv('a0', tlv('a0', ...names))
const ocspMethod = '06082b06010505073001'
const relativeName = sequence('0603550403', utf8('a'))

const vector = (content: string): string =>
  `${(content.length / 2).toString(16).padStart(4, '0')}${content}`
const timestamp = (version = '00', tail = ''): string =>
  `${version}${'11'.repeat(32)}0000018bcfe56800000004030002abcd${tail}`
const timestamps = (...all: readonly string[]): string =>
  tlv('04', vector(all.map(vector).join('')))

const distributionPoints: Pick<Kind, 'good' | 'bad'> = {
  good: [
    sequence(sequence(point(uri))),
    sequence(sequence(point(uri), '81020560'), sequence(point(uri))),
    sequence(sequence(tlv('a2', tlv('a4', sequence(tlv('31', relativeName)))))),
  ],
  bad: [
    '',
    '30',
    '0500',
    sequence(),
    sequence(sequence()),
    sequence(sequence('81020560')),
    sequence(sequence(point())),
    sequence(sequence(point(uri), '81020761')),
    sequence(sequence(point(uri), '81020060')),
    sequence(sequence(point(uri), '0500')),
    sequence(sequence(tlv('a0', uri))),
    sequence(sequence(tlv('a0', tlv('a1', relativeName)))),
    sequence(sequence(tlv('a0', tlv('a1', '0500')))),
    sequence(sequence(point(uri))) + '00',
  ],
}

const infoAccess: Pick<Kind, 'good' | 'bad'> = {
  good: [sequence(sequence(ocspMethod, uri)), sequence(sequence(policy, '870401020304'))],
  bad: [
    '',
    '0500',
    sequence(),
    sequence(sequence()),
    sequence(sequence(ocspMethod)),
    sequence(sequence(ocspMethod, uri, uri)),
    sequence(sequence(ocspMethod, '870101')),
    sequence(sequence('060180', uri)),
  ],
}

const kinds: readonly Kind[] = [
  {
    oid: oids.basicConstraints,
    rule: 'basic-constraints',
    good: ['3000'],
    bad: ['', '0500', '3003010101', '3003010100', '3003020100', '30020101', '30030101ff00'],
  },
  {
    oid: oids.basicConstraints,
    rule: 'basic-constraints',
    critical: true,
    ca: true,
    good: ['30030101ff', '30060101ff020100'],
    bad: ['30060101ff0201ff', '30070101ff02020001', '30060101ff0c0161'],
  },
  {
    oid: oids.keyUsage,
    rule: 'key-usage',
    critical: true,
    good: ['03020780', '0303070880', '030205a0'],
    bad: [
      '',
      '0500',
      '0300',
      '03020880',
      '03020781',
      '03020080',
      '0303008000',
      '030101',
      '0304000000ff',
    ],
  },
  {
    oid: oids.extendedKeyUsage,
    rule: 'extended-key-usage',
    good: [sequence(policy), sequence(policy, otherPolicy)],
    bad: [
      '',
      '3000',
      '0500',
      sequence(policy, policy),
      sequence('0600'),
      sequence('06022a80'),
      sequence('0500'),
    ],
  },
  {
    oid: oids.subjectAltName,
    rule: 'subject-alternative-name',
    good: [sequence('820161', uri)],
    bad: ['', '0500', '3000', sequence('0500'), sequence('8201'), sequence('820161') + '00'],
  },
  {
    oid: oids.issuerAltName,
    rule: 'issuer-alternative-name',
    good: [sequence('820161')],
    bad: ['', '0500', '3000', sequence('870101')],
  },
  {
    oid: oids.subjectKeyIdentifier,
    rule: 'subject-key-identifier',
    good: [],
    bad: ['', '0500', '0401', '0400', '300204ff'],
  },
  {
    oid: oids.authorityKeyIdentifier,
    rule: 'authority-key-identifier',
    good: [],
    bad: ['', '0500', '3000', sequence('800101', 'a103820161'), sequence('800101', '820101')],
  },
  { oid: oids.crlDistributionPoints, rule: 'distribution-points', ...distributionPoints },
  { oid: oids.freshestCrl, rule: 'distribution-points', ...distributionPoints },
  { oid: oids.authorityInfoAccess, rule: 'info-access', ...infoAccess },
  { oid: oids.subjectInfoAccess, rule: 'info-access', ...infoAccess },
  {
    oid: oids.certificatePolicies,
    rule: 'certificate-policies',
    good: [
      sequence(sequence(policy), sequence(otherPolicy)),
      qualified(sequence(cpsOid, ia5('http://a'))),
      notice(utf8('a')),
      notice(sequence(utf8('a'), sequence('020101')), utf8('b')),
    ],
    bad: [
      notice(),
      notice(sequence(utf8('a'), sequence('020101'))),
      '',
      '3000',
      '0500',
      sequence(sequence(policy), sequence(policy)),
      sequence(sequence(policy, '0500')),
      sequence(sequence(policy, '3000')),
      qualified(sequence(cpsOid, utf8('http://a'))),
      qualified(sequence(cpsOid)),
      qualified(sequence(cpsOid, '1601ff')),
      qualified(sequence(otherPolicy, '0405')),
      qualified(sequence(otherPolicy, ia5('http://a'))),
      notice(sequence(utf8('a'), sequence('0201ff'))),
      notice('020101'),
      notice(sequence(utf8('a'))),
      `3081de3081db${policy}3081d33081d0${noticeOid}3081c90c81c9${'61'.repeat(201)}`,
    ],
  },
  {
    oid: oids.nameConstraints,
    rule: 'name-constraints',
    critical: true,
    ca: true,
    good: [
      sequence(tlv('a0', sequence('820161'))),
      sequence(tlv('a1', sequence('870801020300ffffff00'))),
      sequence(tlv('a0', sequence('820161'), sequence('81022e61'), sequence('860161'))),
      sequence(tlv('a1', sequence(tlv('a4', sequence(tlv('31', relativeName)))))),
      sequence(tlv('a0', sequence('8200'))),
    ],
    bad: [
      '',
      '0500',
      '3000',
      sequence('a000'),
      sequence(tlv('a0', sequence('820161', '800101'))),
      sequence(tlv('a0', sequence('870401020304'))),
      sequence(tlv('a0', sequence('870801020304ff00ff00'))),
      sequence(tlv('a0', sequence('870801020304ffffff00'))),
      sequence(tlv('a0', sequence('8607312e322e332e34'))),
      sequence(tlv('a0', sequence('8601ff'))),
      sequence(tlv('a0', sequence('82012e'))),
      sequence(tlv('a0', sequence('a4020500'))),
      sequence(tlv('a0', sequence('82032a2e61'))),
      sequence(tlv('a0', sequence('820420612062'))),
      sequence(tlv('a0', sequence('8103614062402e'))),
    ],
  },
  {
    oid: oids.policyMappings,
    rule: 'policy-mappings',
    critical: true,
    ca: true,
    good: [sequence(sequence(policy, otherPolicy))],
    bad: [
      '',
      '3000',
      '0500',
      sequence(sequence(policy)),
      sequence(sequence(policy, otherPolicy, otherPolicy)),
      sequence(sequence(policy, anyPolicy)),
      sequence(sequence(anyPolicy, policy)),
    ],
  },
  {
    oid: oids.policyConstraints,
    rule: 'policy-constraints',
    critical: true,
    ca: true,
    good: ['3003800100', '3006800101810100', '3003810105'],
    bad: ['', '0500', '3000', '30038001ff', '3003820100', '3006810100800100', '300480020001'],
  },
  {
    oid: oids.inhibitAnyPolicy,
    rule: 'policy-constraints',
    critical: true,
    ca: true,
    good: ['020100', '020105'],
    bad: ['', '0500', '0200', '0201ff', '02020001', '3003020100'],
  },
  {
    oid: oids.signedCertificateTimestamps,
    rule: 'certificate-transparency',
    good: [timestamps(timestamp()), timestamps(timestamp(), timestamp())],
    bad: [
      '',
      '0500',
      '0400',
      '04020000',
      timestamps(''),
      timestamps(timestamp('01')),
      timestamps(timestamp().replace('0403', '0503')),
      timestamps(timestamp().replace('0403', '0402')),
      timestamps(timestamp('00', '00')),
      timestamps(timestamp().slice(2)),
      tlv('04', `${vector(vector(timestamp()))}00`),
    ],
  },
  {
    oid: oids.precertificatePoison,
    rule: 'certificate-transparency',
    critical: true,
    good: ['0500'],
    bad: ['', '050100', '0400', '3000'],
  },
  {
    oid: oids.tlsFeature,
    rule: 'tls-feature',
    good: ['3003020105', '3006020105020111'],
    bad: ['', '0500', '3000', '3003040105', '30030201ff', '30040202ff'],
  },
  { oid: oids.ocspNoCheck, rule: 'ocsp-no-check', good: ['0500'], bad: ['', '050100', '3000'] },
  {
    oid: oids.privateKeyUsagePeriod,
    rule: 'private-key-usage-period',
    good: ['3011800f32303236303130313030303030305a', '3011810f32303236303130313030303030305a'],
    bad: [
      '',
      '0500',
      '3000',
      '3003800161',
      '300f800d3236303130313030303030305a',
      '3022800f32303236303130323030303030305a810f32303236303130313030303030305a',
    ],
  },
  {
    oid: oids.subjectDirectoryAttributes,
    rule: 'subject-directory-attributes',
    good: [sequence(sequence(policy, tlv('31', utf8('a'), utf8('b'))))],
    bad: [
      '',
      '0500',
      '3000',
      sequence(sequence(policy, '3100')),
      sequence(sequence(policy)),
      sequence(sequence(policy, tlv('31', utf8('b'), utf8('a')))),
    ],
  },
  {
    oid: oids.microsoftTemplate,
    rule: 'vendor-extension',
    good: [
      sequence(policy, '020164', '020100'),
      sequence(policy, '020164'),
      sequence(policy, '020500ffffffff'),
      sequence(policy),
    ],
    bad: [
      '',
      '0500',
      '3000',
      sequence(policy, '02050100000000'),
      sequence(policy, '02020001'),
      sequence(policy, '020101', '020101', '020101'),
    ],
  },
  {
    oid: oids.microsoftTemplateName,
    rule: 'vendor-extension',
    good: ['1e0400610062'],
    bad: ['', '1e00', '1e0161', '0c0161'],
  },
  {
    oid: oids.microsoftApplicationPolicies,
    rule: 'vendor-extension',
    good: [sequence(sequence(policy))],
    bad: ['', '3000', sequence(policy)],
  },
  {
    oid: oids.microsoftCaVersion,
    rule: 'vendor-extension',
    good: ['020100'],
    bad: ['', '0200', '0500'],
  },
  {
    oid: oids.microsoftPreviousCaCertHash,
    rule: 'vendor-extension',
    good: ['040161'],
    bad: ['', '0500'],
  },
  {
    oid: oids.microsoftCaSecurity,
    rule: 'vendor-extension',
    good: [sequence(tlv('a0', '060a2b060104018237190201', tlv('a0', '0404532d312d')))],
    bad: ['', '0500', '3000', sequence('a000')],
  },
  {
    oid: oids.netscapeCertType,
    rule: 'vendor-extension',
    good: ['030206c0'],
    bad: ['', '030206c1', '030200c0'],
  },
  {
    oid: oids.netscapeComment,
    rule: 'vendor-extension',
    good: [ia5('a\nb')],
    bad: ['', '1601ff', '0c0161'],
  },
  {
    oid: oids.qcStatements,
    rule: 'vendor-extension',
    good: [sequence(sequence(policy), sequence(policy, '0500'))],
    bad: ['', '3000', sequence(policy), sequence(sequence(policy, '0405'))],
  },
  {
    oid: oids.smimeCapabilities,
    rule: 'vendor-extension',
    good: [sequence(sequence(policy))],
    bad: ['', '3000', sequence(policy)],
  },
  {
    oid: '1.2.3.4.5',
    rule: 'unknown-extension',
    good: ['0500', utf8('a')],
    bad: ['', '61', '0c01ff', '0405', '050000', '03020781'],
  },
]

const extension = (oid: string, value: string, critical = false): ExtensionCase['extension'] => ({
  oid,
  critical,
  value: Buffer.from(value, 'hex'),
})

/** Well-formed values that violate a different rule. */
const others: readonly ExtensionCase[] = [
  ...[oids.crlDistributionPoints, oids.freshestCrl].map((oid) => ({
    title: `${oid} with a relative URI`,
    extension: extension(oid, sequence(sequence(point(relativeUri)))),
    breaks: ['uri'] as const,
  })),
  ...[oids.authorityInfoAccess, oids.subjectInfoAccess].map((oid) => ({
    title: `${oid} with a relative URI`,
    extension: extension(oid, sequence(sequence(ocspMethod, relativeUri))),
    breaks: ['uri'] as const,
  })),
  ...[
    oids.freshestCrl,
    oids.authorityInfoAccess,
    oids.subjectInfoAccess,
    oids.subjectDirectoryAttributes,
  ].map((oid) => ({
    title: `${oid} is critical`,
    extension: extension(oid, kinds.find((kind) => kind.oid === oid)?.good[0] ?? '', true),
    breaks: ['extension-criticality'] as const,
  })),
  ...[oids.nameConstraints, oids.policyConstraints, oids.inhibitAnyPolicy].map((oid) => ({
    title: `${oid} is not critical`,
    extension: extension(oid, kinds.find((kind) => kind.oid === oid)?.good[0] ?? ''),
    ca: true,
    breaks: ['extension-criticality'] as const,
  })),
  ...[oids.issuerAltName, oids.crlDistributionPoints, oids.tlsFeature, oids.ocspNoCheck].map(
    (oid) => ({
      title: `${oid} is critical against advice`,
      extension: extension(oid, kinds.find((kind) => kind.oid === oid)?.good[0] ?? '', true),
      breaks: ['extension-criticality-advice'] as const,
    }),
  ),
  {
    title: 'a precertificate poison that is not critical',
    extension: extension(oids.precertificatePoison, '0500'),
    breaks: ['extension-criticality'],
  },
  {
    title: 'a critical extended key usage with anyExtendedKeyUsage',
    extension: extension(oids.extendedKeyUsage, '30060604551d2500', true),
    breaks: ['extension-criticality-advice'],
  },
  {
    title: 'a key usage that is not critical',
    extension: extension(oids.keyUsage, '03020780'),
    breaks: ['extension-criticality-advice'],
  },
  {
    title: 'a key usage without any bit',
    extension: extension(oids.keyUsage, '030100', true),
    breaks: ['key-usage-not-empty'],
  },
  {
    title: 'a key purpose with a 32-bit arc',
    extension: extension(oids.extendedKeyUsage, sequence('06062a8880808000')),
    breaks: ['object-identifier-size'],
  },
  {
    title: 'an extension whose OID contains a UUID',
    extension: extension('2.25.329800735698586629295641978511506172918', '0500'),
    breaks: ['object-identifier-size'],
  },
  {
    title: 'a policy OID of 70 bytes',
    extension: extension(oids.certificatePolicies, sequence(sequence(tlv('06', '2a'.repeat(70))))),
    breaks: ['object-identifier-size'],
  },
  {
    title: 'a name constraint with a malformed ediPartyName',
    extension: extension(oids.nameConstraints, sequence(tlv('a0', sequence('a5020500'))), true),
    ca: true,
    breaks: ['edi-party-name'],
  },
  {
    title: 'decipherOnly alone',
    extension: extension(oids.keyUsage, '0303070080', true),
    breaks: ['key-usage-agreement'],
  },
  {
    title: 'name constraints of an end entity',
    extension: extension(oids.nameConstraints, sequence(tlv('a0', sequence('820161'))), true),
    breaks: ['name-constraints-ca'],
  },
  ...[oids.policyMappings, oids.policyConstraints, oids.inhibitAnyPolicy].map((oid) => ({
    title: `${oid} of an end entity`,
    extension: extension(oid, kinds.find((kind) => kind.oid === oid)?.good[0] ?? '', true),
    breaks: ['policy-extension-ca'] as const,
  })),
  {
    title: 'a CPS pointer that is not a URI',
    extension: extension(oids.certificatePolicies, qualified(sequence(cpsOid, ia5('a')))),
    breaks: ['cps-uri'],
  },
  {
    title: 'an empty user notice',
    extension: extension(oids.certificatePolicies, notice(utf8(''))),
    breaks: ['name-value-empty'],
  },
  {
    title: 'an escape character in a user notice',
    extension: extension(oids.certificatePolicies, notice(utf8('\u001B'))),
    breaks: ['name-control-characters'],
  },
]

export const extensionCases: readonly ExtensionCase[] = [
  ...kinds.flatMap(({ oid, rule, critical = false, ca = false, good, bad }) => {
    const caseOf = (value: string, breaks: readonly RuleName[]): ExtensionCase => ({
      title: `${oid} ${value === '' ? 'empty' : value.slice(0, 60)}`,
      extension: extension(oid, value, critical),
      ca,
      breaks,
    })
    return [...good.map((value) => caseOf(value, [])), ...bad.map((value) => caseOf(value, [rule]))]
  }),
  ...others,
]
