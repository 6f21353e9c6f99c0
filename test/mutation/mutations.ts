/**
 * Mutations of issuance and import code. Each mutation replaces a piece of source text with faulty text. The original text must
 * occur exactly once in its source file.
 */

export interface Mutation {
  readonly name: string
  /** File path relative to src. */
  readonly file: string
  readonly from: string
  readonly to: string
}

/** Applies a mutation to the text of its file. Throws if the text to replace does not occur exactly once. */
export function mutate(source: string, { name, from, to }: Mutation): string {
  const parts = source.split(from)
  if (parts.length !== 2)
    throw new Error(`${name}: "${from}" occurs ${parts.length - 1} times; it must occur once`)
  return parts.join(to)
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
  [
    'key purposes swapped',
    '[oids.serverAuth, oids.clientAuth]',
    '[oids.clientAuth, oids.serverAuth]',
  ],
  [
    'client template for servers',
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
    'every certificate is a CA',
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
    'API variant accepts extensions of the CSR',
    "const csr = variety === 'CSRPassthrough' ||",
    "const csr = variety === 'APIPassthrough' || variety === 'CSRPassthrough' ||",
  ],
  [
    'distribution points from the API in every template',
    'api: api && stem.crlDistributionPointsFromApi === true, csr',
    'api, csr',
  ],
  [
    'distribution points never from the CSR',
    'stem.crlDistributionPointsFromApi === true, csr }',
    'stem.crlDistributionPointsFromApi === true, csr: false }',
  ],
  [
    'wrong default template',
    "defaultTemplateName = 'EndEntityCertificate'",
    "defaultTemplateName = 'EndEntityServerAuthCertificate'",
  ],
]

const content: readonly Change[] = [
  ['CSR before API', '[own, fromApi, fromCsr]', '[own, fromCsr, fromApi]'],
  ['API before template', '[own, fromApi, fromCsr]', '[fromApi, own, fromCsr]'],
  ['CSR subject before API', 'passthrough.subject ?? csr.request.subject', 'csr.request.subject'],
  [
    'base templates accept API passthrough',
    'template.api ? sources.passthrough',
    'true ? sources.passthrough',
  ],
  [
    'base templates accept CSR passthrough',
    'oid === oids.subjectAltName || (template.csr &&',
    'oid === oids.subjectAltName || (true &&',
  ],
  ['SAN of the CSR is dropped', 'oid === oids.subjectAltName || (template.csr', '(template.csr'],
  ['distribution points always passed through', 'oid !== oids.crlDistributionPoints ||', 'true ||'],
  ['key usage with the encoding of the CSR', '    .map(withMinimalKeyUsage)\n', ''],
  ['SAN critical in any mode', "sources.emptySubject === 'critical-san'", 'true'],
  ['SAN never critical', '{ ...san, critical: true }', '{ ...san, critical: false }'],
  ['SAN always critical', 'san === undefined || !isEmptyName(subject)', 'san === undefined'],
  [
    'SKI critical',
    'nonCritical(oids.subjectKeyIdentifier, encodeSubjectKeyIdentifier(subjectKeyIdentifier))',
    '{ ...nonCritical(oids.subjectKeyIdentifier, encodeSubjectKeyIdentifier(subjectKeyIdentifier)), critical: true }',
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
    'CDP out of order',
    '  oids.extendedKeyUsage,\n  oids.crlDistributionPoints,\n',
    '  oids.extendedKeyUsage,\n',
  ],
  ['CA without a subject', "if (template.kind !== 'end-entity')", 'if (false)'],
  ['neither subject nor SAN', 'if (san === undefined) throw', 'if (false) throw'],
  ['empty subject without a critical SAN', 'if (!san.critical)', 'if (false)'],
]

const issuer: readonly Change[] = [
  [
    'AKI critical',
    'constantExtension(nonCritical(oids.authorityKeyIdentifier, value))',
    'constantExtension({ oid: oids.authorityKeyIdentifier, critical: true, value })',
  ],
]

const validity: readonly Change[] = [
  ['not backdated', 'backdatingSeconds = hourSeconds', 'backdatingSeconds = 0'],
  ['days one second too short', '* BigInt(daySeconds)', '* BigInt(daySeconds - 1)'],
  ['eight days in short-lived mode', 'shortLivedDaysMax = 7', 'shortLivedDaysMax = 8'],
  [
    'seven days rejected in short-lived mode',
    'seconds > shortLivedDaysMax',
    'seconds >= shortLivedDaysMax',
  ],
  ['expires now', 'notAfter <= nowSeconds', 'notAfter < nowSeconds'],
  ['notAfter equals notBefore', 'notBefore > notAfter', 'notBefore >= notAfter'],
  ['outlives the issuer', 'period.notAfter > issuerNotAfter', 'period.notAfter < issuerNotAfter'],
  [
    'same end as the issuer rejected',
    'period.notAfter > issuerNotAfter',
    'period.notAfter >= issuerNotAfter',
  ],
  ['years of eleven months', '* 12n)', '* 11n)'],
  ['UTCTime century at 51', 'year >= 50', 'year >= 51'],
  ['last second of 9999 rejected', 'seconds > lastSecond', 'seconds >= lastSecond'],
  ['nonexistent dates accepted', 'if (date === undefined)', 'if (fields === null)'],
  [
    'day beyond the end of a month',
    'Math.min(now.getUTCDate(), daysInMonth(year, month))',
    'now.getUTCDate()',
  ],
  [
    'whole seconds rounded up',
    'Math.floor(now.getTime() / 1000)',
    'Math.ceil(now.getTime() / 1000)',
  ],
]

const prepare: readonly Change[] = [
  ['equal path length', '?? Infinity) >= remaining', '?? Infinity) > remaining'],
  ['short-lived CAs issue CAs', 'issuer.shortLived ? 0 : issuer', 'issuer'],
  ['short-lived validity unchecked', 'if (issuer.shortLived) require', 'if (false) require'],
  [
    'end of the issuer unchecked',
    '  requireWithinIssuer(period',
    '  if (false) requireWithinIssuer(period',
  ],
  ['subject as issuer', 'issuer?.subjectDer ?? subject.der', 'subject.der'],
  ['not linted', 'lintCertificate(values, issuer)', '[]'],
]

const lint: readonly Change[] = [
  ['serial of 21 bytes', 'serialNumberBytesMax = 20', 'serialNumberBytesMax = 21'],
  ['serial zero', '!serialNumber.some((byte) => byte !== 0)', 'false'],
  ['validity order', 'if (notBefore > notAfter)', 'if (false)'],
  ['outlives its issuer', 'issuer !== undefined && notAfter > issuer.notAfter', 'false'],
  [
    'UTCTime or GeneralizedTime',
    'isGeneralized !== date.getUTCFullYear() >= generalizedFromYear',
    'false',
  ],
  ['CA without keyCertSign', "keyUsage?.includes('keyCertSign') === false", 'false'],
  ['end entity with keyCertSign', "keyUsage?.includes('keyCertSign') === true", 'false'],
  ['empty key usage', 'if (keyUsage.length === 0)', 'if (false)'],
  ['name constraints of end entities', 'if (hasNameConstraints)', 'if (false)'],
  ['criticality', 'if (isExpected) return', 'return'],
  ['unknown extensions', '      requireDerTree(value, oidName(oid))\n', ''],
  ['invalid value cached as valid', 'context.report.breaches === before', 'true'],
  ['extension list unchecked', '    requireExtensionList(extensions)\n', ''],
]

const extensionChecks: readonly Change[] = [
  ['duplicate key purposes', 'new Set(purposes).size < purposes.length', 'false'],
  ['AKI of another key', 'if (!matchesIssuer)', 'if (false)'],
  ['SKI of another key', 'certificate.keyIdentifier) !== 0', 'identifier) !== 0'],
  ['names unchecked', '    lintGeneralNames(parseGeneralNames(value), label, report)\n', ''],
  ['access locations unchecked', '    lintGeneralNames(locations, label, report)\n', ''],
  ['distribution points unchecked', '      lintGeneralNames(point.fullName, label, report)\n', ''],
  ['bases of name constraints unchecked', '  readNameConstraints(value)\n', ''],
]

const nameStrings: readonly Change[] = [
  ['empty values', "text === '' ? 'name-value-empty' : 'name-value-blank'", "'name-value-blank'"],
  ['PrintableString', 'tag === tags.printableString && !isPrintable(text)', 'false'],
  ['control characters', 'if (control !== undefined)', 'if (false)'],
  ['lone surrogates', 'if (unpaired !== undefined)', 'if (false)'],
  ['order of RDN attributes', 'if (!isOrdered)', 'if (false)'],
  ['value lengths', 'length > lengthMax ||', 'false ||'],
  ['string types', 'if (!hasType)', 'if (false)'],
]

const importPath: readonly Change[] = [
  [
    'prime modulus in a path',
    'await requireCompositeModulus(pathPosition(index), each, keyPolicy)',
    'void index',
  ],
  [
    'certificate for another key',
    'if (Buffer.compare(certificate.subjectPublicKeyInfo.der, subjectPublicKeyInfoDer) !== 0)',
    'if (false)',
  ],
  [
    'root not self-signed',
    "if (isSelfSigned !== (type === 'ROOT'))",
    "if (isSelfSigned && type !== 'ROOT')",
  ],
  ['chain for a root', "if (type === 'ROOT' && chain.length > 0)", 'if (false)'],
  [
    'subordinate self-signed',
    "if (isSelfSigned !== (type === 'ROOT'))",
    "if (!isSelfSigned && type === 'ROOT')",
  ],
  ['chain missing', "if (type !== 'ROOT' && chain.length === 0)", 'if (false)'],
  ['duplicate certificate in the chain', 'if (earlier !== undefined)', 'if (false)'],
  ['not valid yet', 'if (now < notBefore)', 'if (false)'],
  [
    'expired one second late',
    'isExpiredAt(notAfter, now)',
    'isExpiredAt(new Date(notAfter.getTime() + 1000), now)',
  ],
  [
    'expired one second early',
    'isExpiredAt(notAfter, now)',
    'isExpiredAt(new Date(notAfter.getTime() - 1000), now)',
  ],
  [
    'CA certificates of the chain unchecked',
    'requireCaCertificate(pathPosition(index), each, keyPolicy)',
    'index === 0 && requireCaCertificate(pathPosition(index), each, keyPolicy)',
  ],
  ['signatures unchecked', '  await requireSigned(path)\n', ''],
  ['longer validity than the issuer unchecked', '  requireNotOutliving(path)\n', ''],
  ['path length unchecked', '  requirePathLength(path)\n', ''],
  ['name constraints unchecked', '  requireNames(path)\n', ''],
]

const importCa: readonly Change[] = [
  ['critical extensions', 'critical && !criticalExtensions.has(oid)', 'false'],
  [
    'critical freshestCRL',
    '  oids.subjectDirectoryAttributes,\n',
    '  oids.subjectDirectoryAttributes,\n  oids.freshestCrl,\n',
  ],
  ['critical policyMappings refused', '  oids.policyMappings,\n', ''],
  [
    'no basic constraints',
    'if (found === undefined) throw notAllowed(`${position} has no basic constraints`)',
    'if (found === undefined) return',
  ],
  ['basic constraints not critical', 'if (!found.extension.critical)', 'if (false)'],
  ['not a CA', 'if (!found.value.ca)', 'if (false)'],
  ['no keyCertSign', "!found.value.includes('keyCertSign')", 'false'],
  ['no subject', 'if (isEmptyName(certificate.subject))', 'if (false)'],
  [
    'key identifier unchecked',
    '  read(position, certificate, { oid: oids.subjectKeyIdentifier, parse: parseSubjectKeyIdentifier })\n',
    '',
  ],
  [
    'name constraints unchecked',
    '  read(position, certificate, { oid: oids.nameConstraints, parse: readNameConstraints })\n',
    '',
  ],
  ['weak keys', 'weakKeyReason(subjectPublicKeyInfo, keyPolicy)', 'undefined'],
]

const importChain: readonly Change[] = [
  ['different issuer name', 'if (!sameName(signed.issuer, signer.subject))', 'if (false)'],
  ['invalid signature', "if (check === 'invalid')", 'if (false)'],
  ['unsupported signature algorithm', "if (check === 'unsupported')", 'if (false)'],
  ['no root at the end', "return (await selfSignature(last)) !== 'invalid'", 'return true'],
  ['outlives', 'certificate.notAfter > notAfter', 'false'],
  [
    'same end as the issuer rejected',
    'certificate.notAfter > notAfter',
    'certificate.notAfter >= notAfter',
  ],
  ['self-issued constrained', '    if (isSelfIssued(certificate)) continue\n', ''],
  [
    'constraints apply to their own certificate',
    'constraints.slice(index + 1)',
    'constraints.slice(index)',
  ],
  [
    'name constraints only for the first certificate',
    'if (violation !== undefined)',
    'if (violation !== undefined && index === 0)',
  ],
]

const pathLength: readonly Change[] = [
  ['self-issued counted', ' && !isSelfIssued(certificate)) remaining -= 1', ') remaining -= 1'],
  ['not the smallest path length', 'Math.min(constraint, remaining ?? constraint)', 'constraint'],
  [
    'path length off by one',
    'remaining !== undefined && remaining < 0) return index',
    'remaining !== undefined && remaining < -1) return index',
  ],
  ['path in reverse order', 'path.toReversed()', 'path'],
]

const keyStrength: readonly Change[] = [
  ['RSA of 1024 bits', 'rsaBitsMin = 2048', 'rsaBitsMin = 1024'],
  ['RSA of 16384 bits', 'rsaBitsMax = 8192', 'rsaBitsMax = 16384'],
  ['even exponent', 'if ((exponent & 1n) === 0n)', 'if (false)'],
  ['exponent 3', 'if (exponent < rsaExponentMin)', 'if (false)'],
  ['any curve', 'coordinateBytes.has(key.curve)', 'true'],
  ['long exponent', 'if (exponent >> rsaExponentBitsMax > 0n)', 'if (false)'],
  ['point of small order', 'hasSmallOrder(key.kind, subjectPublicKey)', 'false'],
  ['weak key list unread', 'weakKeyList?.has(subjectPublicKeyInfo) === true', 'false'],
  ['prime modulus', '(await isPrimeModulus(key.modulus))', 'false'],
]

const rsaModulus: readonly Change[] = [
  ['small factor', 'if (factor !== undefined) return `RSA', 'if (false) return `RSA'],
  ['ROCA', 'if (isRoca(residues))', 'if (false)'],
  ['power', 'if (exponent !== undefined)', 'if (false)'],
  ['square', 'if (root * root === n)', 'if (false)'],
  ['close primes', 'if (hasCloseFactors(n, root + 1n))', 'if (false)'],
  ['a single Fermat round', 'fermatRounds = 100', 'fermatRounds = 1'],
]

const inFile = (file: string, changes: readonly Change[]): Mutation[] =>
  changes.map(([name, from, to]) => ({ name: `${file}: ${name}`, file, from, to }))

export const mutations: readonly Mutation[] = [
  ...inFile('issuance/templates.ts', templates),
  ...inFile('issuance/certificate-content.ts', content),
  ...inFile('issuance/issuer.ts', issuer),
  ...inFile('issuance/validity.ts', validity),
  ...inFile('issuance/prepare-certificate.ts', prepare),
  ...inFile('lint/lint.ts', lint),
  ...inFile('lint/extension-checks.ts', extensionChecks),
  ...inFile('lint/name-strings.ts', nameStrings),
  ...inFile('chain/import-certificate.ts', importPath),
  ...inFile('chain/ca-certificate.ts', importCa),
  ...inFile('chain/verify-chain.ts', importChain),
  ...inFile('chain/path-length.ts', pathLength),
  ...inFile('key-strength/key-strength.ts', keyStrength),
  ...inFile('key-strength/rsa-modulus.ts', rsaModulus),
]
