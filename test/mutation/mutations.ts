/** One wrong thing at a time in how certificates are issued and imported: what to replace, which must be there once, and by what. */

export interface Mutation {
  readonly name: string
  /** Relative to src. */
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
  ['distribution points pass always', 'oid !== oids.crlDistributionPoints ||', 'true ||'],
  ['key usage as the CSR writes it', '    .map(withMinimalKeyUsage)\n', ''],
  ['SAN critical in any mode', "sources.emptySubject === 'critical-san'", 'true'],
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
  ['months that do not exist', 'if (date === undefined)', 'if (fields === null)'],
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
  ['issuer is the subject', 'issuer?.subjectDer ?? subject.der', 'subject.der'],
  ['not linted', 'lintCertificate(values, issuer)', '[]'],
]

const lint: readonly Change[] = [
  ['serial of 21 octets', 'serialNumberBytesMax = 20', 'serialNumberBytesMax = 21'],
  ['serial zero', '!serialNumber.some((byte) => byte !== 0)', 'false'],
  ['validity order', 'if (notBefore > notAfter)', 'if (false)'],
  ['outlives its issuer', 'issuer !== undefined && notAfter > issuer.notAfter', 'false'],
  ['form of times', 'isGeneralized !== date.getUTCFullYear() >= generalizedFromYear', 'false'],
  ['CA without keyCertSign', "keyUsage?.includes('keyCertSign') === false", 'false'],
  ['entity with keyCertSign', "keyUsage?.includes('keyCertSign') === true", 'false'],
  ['empty key usage', 'if (keyUsage.length === 0)', 'if (false)'],
  ['name constraints of entities', 'if (hasNameConstraints)', 'if (false)'],
  ['criticality', 'if (isExpected) return', 'return'],
  ['unknown extensions', '      requireDerTree(value, oidName(oid))\n', ''],
  ['a bad value remembered', 'context.report.breaches === before', 'true'],
  ['lists unchecked', '    requireExtensionList(extensions)\n', ''],
]

const extensionChecks: readonly Change[] = [
  ['purposes twice', 'new Set(purposes).size < purposes.length', 'false'],
  ['foreign AKI', 'if (!matchesIssuer)', 'if (false)'],
  ['foreign SKI', 'certificate.keyIdentifier) !== 0', 'identifier) !== 0'],
  ['names unchecked', '    lintGeneralNames(parseGeneralNames(value), label, report)\n', ''],
  ['locations unchecked', '    lintGeneralNames(locations, label, report)\n', ''],
  ['points unchecked', '      lintGeneralNames(point.fullName, label, report)\n', ''],
  ['bases unread', '  readNameConstraints(value)\n', ''],
]

const nameStrings: readonly Change[] = [
  ['empty values', "text === '' ? 'name-value-empty' : 'name-value-blank'", "'name-value-blank'"],
  ['PrintableString', 'tag === tags.printableString && !isPrintable(text)', 'false'],
  ['control characters', 'if (control !== undefined)', 'if (false)'],
  ['surrogates', 'if (unpaired !== undefined)', 'if (false)'],
  ['order of sets', 'if (!isOrdered)', 'if (false)'],
  ['lengths', 'length > lengthMax ||', 'false ||'],
  ['types', 'if (!hasType)', 'if (false)'],
]

const importPath: readonly Change[] = [
  [
    'prime modulus in a path',
    'await requireCompositeModulus(pathPosition(index), each, keyPolicy)',
    'void index',
  ],
  [
    'another key',
    'if (Buffer.compare(certificate.subjectPublicKeyInfo.der, subjectPublicKeyInfoDer) !== 0)',
    'if (false)',
  ],
  ['root not self-signed', "if ((await selfSignature(certificate)) !== 'valid')", 'if (false)'],
  ['chain for a root', 'if (chain.length > 0)', 'if (false)'],
  ['subordinate self-signed', "if ((await selfSignature(certificate)) === 'valid')", 'if (false)'],
  ['chain missing', 'if (chain.length === 0)', 'if (false)'],
  ['a certificate twice', 'if (earlier !== undefined)', 'if (false)'],
  ['not valid yet', 'if (now < notBefore)', 'if (false)'],
  ['expired', 'notAfter.getTime() + 1000)', 'notAfter.getTime() + 2000)'],
  ['expired early', 'notAfter.getTime() + 1000)', 'notAfter.getTime())'],
  [
    'chain not checked',
    'requireCaCertificate(pathPosition(index), each, keyPolicy)',
    'index === 0 && requireCaCertificate(pathPosition(index), each, keyPolicy)',
  ],
  ['signatures unchecked', '  await requireSigned(path)\n', ''],
  ['outliving unchecked', '  requireNotOutliving(path)\n', ''],
  ['path length unchecked', '  requirePathLength(path)\n', ''],
  ['names unchecked', '  requireNames(path)\n', ''],
]

const importCa: readonly Change[] = [
  ['critical extensions', 'critical && !criticalExtensions.has(oid)', 'false'],
  [
    'critical freshestCRL',
    "  ['2.5.29.9', 'subjectDirectoryAttributes'],",
    "  ['2.5.29.9', 'subjectDirectoryAttributes'],\n  ['2.5.29.46', 'x'],",
  ],
  ['critical policyMappings refused', "  ['2.5.29.33', 'policyMappings'],\n", ''],
  [
    'no basic constraints',
    'if (found === undefined) throw notAllowed(`${position} has no basic constraints`)',
    'if (found === undefined) return',
  ],
  ['basic constraints not critical', 'if (!found.extension.critical)', 'if (false)'],
  ['no CA', 'if (!found.value.ca)', 'if (false)'],
  ['no keyCertSign', "!found.value.includes('keyCertSign')", 'false'],
  ['no subject', 'if (isEmptyName(certificate.subject))', 'if (false)'],
  [
    'key identifier unread',
    '  read(position, certificate, { oid: oids.subjectKeyIdentifier, parse: parseSubjectKeyIdentifier })\n',
    '',
  ],
  [
    'name constraints unread',
    '  read(position, certificate, { oid: oids.nameConstraints, parse: readNameConstraints })\n',
    '',
  ],
  ['weak keys', 'weakKeyReason(subjectPublicKeyInfo, keyPolicy)', 'undefined'],
]

const importChain: readonly Change[] = [
  ['issuer is another', 'if (!sameName(signed.issuer, signer.subject))', 'if (false)'],
  ['signature wrong', "if (check === 'invalid')", 'if (false)'],
  ['signature outdated', "if (check === 'unsupported')", 'if (false)'],
  ['no root at the end', "if ((await selfSignature(last)) !== 'invalid') return", 'return'],
  ['outlives', 'certificate.notAfter > notAfter', 'false'],
  ['outlives by equality', 'certificate.notAfter > notAfter', 'certificate.notAfter >= notAfter'],
  ['self-issued constrained', '    if (isSelfIssued(certificate)) continue\n', ''],
  ['own constraints too', 'constraints.slice(index + 1)', 'constraints.slice(index)'],
  [
    'names of the chain',
    'if (violation !== undefined)',
    'if (violation !== undefined && index === 0)',
  ],
]

const pathLength: readonly Change[] = [
  ['self-issued counted', ' && !isSelfIssued(certificate)) remaining -= 1', ') remaining -= 1'],
  ['not the smallest', 'Math.min(constraint, remaining ?? constraint)', 'constraint'],
  [
    'one more',
    'remaining !== undefined && remaining < 0) return index',
    'remaining !== undefined && remaining < -1) return index',
  ],
  ['from the wrong end', 'path.toReversed()', 'path'],
]

const keyStrength: readonly Change[] = [
  ['RSA of 1024 bits', 'rsaBitsMin = 2048', 'rsaBitsMin = 1024'],
  ['RSA of 16384 bits', 'rsaBitsMax = 8192', 'rsaBitsMax = 16384'],
  ['even exponent', 'if ((exponent & 1n) === 0n)', 'if (false)'],
  ['exponent 3', 'if (exponent < rsaExponentMin)', 'if (false)'],
  ['any curve', 'strongCurves.has(key.curve)', 'true'],
  ['long exponent', 'if (exponent >> rsaExponentBitsMax > 0n)', 'if (false)'],
  ['small order', 'hasSmallOrder(key.kind, subjectPublicKey)', 'false'],
  ['list unread', 'weakKeyList?.has(subjectPublicKeyInfo) === true', 'false'],
  ['prime modulus', '(await isPrimeModulus(key.modulus))', 'false'],
]

const rsaModulus: readonly Change[] = [
  ['small factor', 'if (factor !== undefined) return `RSA', 'if (false) return `RSA'],
  ['ROCA', 'if (isRoca(residues))', 'if (false)'],
  ['power', 'if (exponent !== undefined)', 'if (false)'],
  ['square', 'if (root * root === n)', 'if (false)'],
  ['close primes', 'if (hasCloseFactors(n, root + 1n))', 'if (false)'],
  ['one round', 'fermatRounds = 100', 'fermatRounds = 1'],
]

const inFile = (file: string, changes: readonly Change[]): Mutation[] =>
  changes.map(([name, from, to]) => ({ name: `${file}: ${name}`, file, from, to }))

export const mutations: readonly Mutation[] = [
  ...inFile('issuance/templates.ts', templates),
  ...inFile('issuance/certificate-content.ts', content),
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
