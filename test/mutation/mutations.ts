/** One wrong thing at a time in src/issuance: what to replace, which must be there once, and by what. */

export interface Mutation {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
}

type Change = readonly [name: string, from: string, to: string]

const templates: readonly Change[] = [
  [
    'key usage not critical',
    'oid: oids.keyUsage, critical: true',
    'oid: oids.keyUsage, critical: false',
  ],
  [
    'CA usage without cRLSign',
    "['digitalSignature', 'keyCertSign', 'cRLSign']",
    "['digitalSignature', 'keyCertSign']",
  ],
  [
    'CA usage without digitalSignature',
    "['digitalSignature', 'keyCertSign', 'cRLSign']",
    "['keyCertSign', 'cRLSign']",
  ],
  [
    'server usage without keyEncipherment',
    "['digitalSignature', 'keyEncipherment']",
    "['digitalSignature']",
  ],
  ['purposes swapped', '[oids.serverAuth, oids.clientAuth]', '[oids.clientAuth, oids.serverAuth]'],
  [
    'client is server',
    'extendedKeyUsage(false, [oids.clientAuth])',
    'extendedKeyUsage(false, [oids.serverAuth])',
  ],
  [
    'code signing not critical',
    'extendedKeyUsage(true, [oids.codeSigning])',
    'extendedKeyUsage(false, [oids.codeSigning])',
  ],
  [
    'OCSP signing not critical',
    'extendedKeyUsage(true, [oids.ocspSigning])',
    'extendedKeyUsage(false, [oids.ocspSigning])',
  ],
  [
    'end entity constraints critical',
    "kind: 'end-entity', critical: false",
    "kind: 'end-entity', critical: true",
  ],
  ['path lengths from 1', 'const pathLengths = [0, 1, 2, 3]', 'const pathLengths = [1, 2, 3, 4]'],
  [
    'no path length',
    "ca: kind !== 'end-entity', pathLenConstraint }",
    "ca: kind !== 'end-entity', pathLenConstraint: undefined }",
  ],
  [
    'everything is a CA',
    "ca: kind !== 'end-entity', pathLenConstraint }",
    'ca: true, pathLenConstraint }',
  ],
  [
    'API variant ignores the API',
    "const api = variety === 'APIPassthrough' || variety === 'APICSRPassthrough'",
    "const api = variety === 'APICSRPassthrough'",
  ],
  [
    'CSR variant ignores the CSR',
    "const csr = variety === 'CSRPassthrough' || variety === 'APICSRPassthrough'",
    "const csr = variety === 'APICSRPassthrough'",
  ],
  [
    'API variant takes from the CSR',
    "const csr = variety === 'CSRPassthrough' ||",
    "const csr = variety === 'APIPassthrough' || variety === 'CSRPassthrough' ||",
  ],
  [
    'distribution points from every API',
    'api: api && stem.crlDistributionPointsFromApi === true, csr',
    'api, csr',
  ],
  [
    'distribution points from no CSR',
    'stem.crlDistributionPointsFromApi === true, csr }',
    'stem.crlDistributionPointsFromApi === true, csr: false }',
  ],
  [
    'default template',
    "defaultTemplateName = 'EndEntityCertificate'",
    "defaultTemplateName = 'EndEntityServerAuthCertificate'",
  ],
]

const content: readonly Change[] = [
  ['CSR before API', '[own, fromApi, fromCsr]', '[own, fromCsr, fromApi]'],
  ['API before template', '[own, fromApi, fromCsr]', '[fromApi, own, fromCsr]'],
  ['CSR subject before API', 'passthrough.subject ?? csr.request.subject', 'csr.request.subject'],
  [
    'base templates take from the API',
    'template.api ? sources.passthrough',
    'true ? sources.passthrough',
  ],
  [
    'base templates take from the CSR',
    'oid === oids.subjectAltName || (template.csr &&',
    'oid === oids.subjectAltName || (true &&',
  ],
  ['SAN of the CSR is dropped', 'oid === oids.subjectAltName || (template.csr', '(template.csr'],
  [
    'distribution points pass always',
    'oid !== oids.crlDistributionPoints || template',
    'true || template',
  ],
  ['SAN never critical', '{ ...given, critical: true }', '{ ...given, critical: false }'],
  ['SAN always critical', 'given === undefined || !isEmptyName(subject)', 'given === undefined'],
  [
    'AKI critical',
    'oid: oids.authorityKeyIdentifier,\n            critical: false',
    'oid: oids.authorityKeyIdentifier,\n            critical: true',
  ],
  [
    'SKI critical',
    'oid: oids.subjectKeyIdentifier,\n      critical: false',
    'oid: oids.subjectKeyIdentifier,\n      critical: true',
  ],
  [
    'AKI after SKI',
    '  oids.authorityKeyIdentifier,\n  oids.subjectKeyIdentifier,\n  oids.keyUsage',
    '  oids.subjectKeyIdentifier,\n  oids.authorityKeyIdentifier,\n  oids.keyUsage',
  ],
  [
    'EKU before KU',
    '  oids.keyUsage,\n  oids.extendedKeyUsage,\n',
    '  oids.extendedKeyUsage,\n  oids.keyUsage,\n',
  ],
  [
    'CDP not in its place',
    '  oids.extendedKeyUsage,\n  oids.crlDistributionPoints,\n',
    '  oids.extendedKeyUsage,\n',
  ],
  ['nameless CA', "if (template.kind !== 'end-entity')", 'if (false)'],
  ['nobody named', 'if (san === undefined) throw', 'if (false) throw'],
  ['plain SAN for nobody', 'if (!san.critical)', 'if (false)'],
]

const validity: readonly Change[] = [
  ['not back-dated', 'backdatingSeconds = 3600', 'backdatingSeconds = 0'],
  ['short days', 'daySeconds = 86_400', 'daySeconds = 86_399'],
  ['short-lived for eight days', 'shortLivedDaysMax = 7', 'shortLivedDaysMax = 8'],
  [
    'short-lived short of seven days',
    'seconds > shortLivedDaysMax',
    'seconds >= shortLivedDaysMax',
  ],
  ['over now', 'notAfter <= nowSeconds', 'notAfter < nowSeconds'],
  ['ends when it begins', 'notBefore > notAfter', 'notBefore >= notAfter'],
  ['outlives the issuer', 'period.notAfter > issuerNotAfter', 'period.notAfter < issuerNotAfter'],
  ['ends with the issuer', 'period.notAfter > issuerNotAfter', 'period.notAfter >= issuerNotAfter'],
  ['years of eleven months', '* 12n)', '* 11n)'],
  ['century at 51', 'year >= 50', 'year >= 51'],
  ['year 9999 cut', 'seconds > lastSecond', 'seconds >= lastSecond'],
  ['months that do not exist', 'date.getUTCMonth() === month - 1 &&', ''],
  ['month ends', 'Math.min(now.getUTCDate(), daysInMonth(year, month))', 'now.getUTCDate()'],
  [
    'whole seconds rounded up',
    'Math.floor(now.getTime() / 1000)',
    'Math.ceil(now.getTime() / 1000)',
  ],
]

const prepare: readonly Change[] = [
  ['equal path length', '?? Infinity) >= remaining', '?? Infinity) > remaining'],
  ['short-lived CAs issue CAs', 'issuer.shortLived ? 0 : issuer', 'issuer'],
  ['short-lived unchecked', 'if (issuer.shortLived) require', 'if (false) require'],
  [
    'issuer end unchecked',
    '  requireWithinIssuer(period',
    '  if (false) requireWithinIssuer(period',
  ],
  ['issuer is the subject', 'issuer?.subjectDer ?? content', 'content'],
  ['not linted', 'lintTbsCertificate(tbsCertificateDer, issuer)', '[]'],
]

const lint: readonly Change[] = [
  ['serial of 21 octets', 'serialNumberOctetsMax = 20', 'serialNumberOctetsMax = 21'],
  ['serial zero', 'serialNumber.some((octet) => octet !== 0)', 'true'],
  ['CA without keyCertSign', "keyUsageOf(certificate)?.has('keyCertSign') !== false", 'true'],
  ['entity with keyCertSign', "keyUsageOf(certificate)?.has('keyCertSign') !== true", 'true'],
  ['empty key usage', 'keyUsageOf(certificate)?.size !== 0', 'true'],
  ['purposes twice', 'new Set(purposes).size === purposes.length', 'true'],
  ['validity order', 'notBefore <= notAfter,', 'true,'],
  ['foreign AKI', 'issuer === undefined ||\n        (identifier', 'true ||\n        (identifier'],
  [
    'foreign SKI',
    'sameBytes(parseSubjectKeyIdentifier(extension.value), keyIdentifier(subjectPublicKeyInfo))',
    'true',
  ],
  [
    'name constraints of entities',
    'findExtension(certificate.extensions, oids.nameConstraints) === undefined',
    'true',
  ],
]

const inFile = (file: string, changes: readonly Change[]): Mutation[] =>
  changes.map(([name, from, to]) => ({ name: `${file}: ${name}`, file, from, to }))

export const mutations: readonly Mutation[] = [
  ...inFile('templates.ts', templates),
  ...inFile('certificate-content.ts', content),
  ...inFile('validity.ts', validity),
  ...inFile('prepare-certificate.ts', prepare),
  ...inFile('lint.ts', lint),
]
