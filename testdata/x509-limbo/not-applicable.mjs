/** Why a case of x509-limbo says nothing about an import or about the name constraints that issuance keeps to. */
const endEntity =
  'about a field of the end entity that is no name; what issuance writes there is decided and linted elsewhere'
const verifier = 'about an option or input of a verifier that an import does not have'
const peerName = 'about how the name of a peer is matched'
const notEnforced = 'AWS Private CA does not enforce it'

const reasons = [
  [/^crl::/, 'about revocation'],
  [/max-chain-depth|cycle-distinct-cas-max-depth/, `${verifier}: a maximum depth`],
  [/^rfc5280::chain-untrusted-root$/, `${verifier}: a set of trusted roots`],
  [/^cve::cve-2024-0567$/, `${verifier}: a trust anchor that is no root`],
  [
    /^rfc5280::(intermediate-ca-missing-basic-constraints|ica-ku-keycertsign)$/,
    'the intermediate that it is about is not among its certificates',
  ],
  [/^rfc5280::root-and-intermediate-swapped$/, `${verifier}: an intermediate as trust anchor`],
  [
    /^webpki::cryptographydotio-chain-missing-intermediate$/,
    `${verifier}: without the intermediate there is nothing to import`,
  ],
  [/^rfc5280::aki::critical-aki$|^rfc5280::ski::critical-ski$/, 'AWS Private CA accepts the extension as critical'],
  [/^rfc5280::aki::(leaf|intermediate|cross-signed-root)-missing/, `${notEnforced}: presence of AKI`],
  [/^rfc5280::ski::.*missing/, `${notEnforced}: presence of SKI`],
  [/^rfc5280::pc::/, `${notEnforced}: policy constraints`],
  [
    /^rfc5280::nc::permitted-dns-match-noncritical$/,
    'constraints that are not critical are accepted and kept to, as webpki::nc::permitted-dns-match-noncritical asks',
  ],
  [
    /^rfc5280::nc::invalid-dnsname-leading-period$/,
    'the leading dot is accepted, since many CAs write it, and OpenSSL, GnuTLS and Go read it alike',
  ],
  [/^rfc5280::nc::not-allowed-in-ee/, `${endEntity}: nameConstraints`],
  [/^rfc5280::eku::ee-(wrong-eku|eku-empty)$|^webpki::eku::ee/, `${endEntity}: extendedKeyUsage`],
  [/^webpki::eku::root-has-eku$/, 'a rule of the public Web PKI about roots'],
  [/^rfc5280::serial::(too-long|zero)$/, `${endEntity}: serialNumber`],
  [/^rfc5280::san::(noncritical|underscore|ip-in-dns)/, `${endEntity}: form of its SAN, without a constraint`],
  [/^rfc5280::validity::(expired-leaf|notbefore-fractional|expired-\d|not-yet)/, `${endEntity}: validity`],
  [/^rfc5280::(ee-empty-issuer|unknown-critical-extension-ee|leaf-ku-keycertsign|ee-critical-aia-invalid)$/, endEntity],
  [/^rfc5280::ca-as-leaf-wrong-san$|^webpki::cn::|^webpki::san::/, peerName],
  [/^pathlen::validation-ignores-pathlen-in-leaf$/, 'its last certificate is a CA below pathLenConstraint 0, which no CA may be given'],
  [/^webpki::(ca-as-leaf|ee-basicconstraints-ca)$/, 'its last certificate is a CA certificate, where a TLS server must have none'],
  [/^webpki::aki::/, 'a rule of the public Web PKI about the AKI of roots'],
  [/^webpki::(malformed-aia|v1-cert)$/, endEntity],
  [/^webpki::forbidden-.*-leaf$/, `${endEntity}: its key`],
  [/^webpki::forbidden-rsa-not-divisible-by-8-in-root$/, 'a rule of the public Web PKI about keys'],
]

/** The reason, or undefined if the case applies. */
export function notApplicable(id) {
  return reasons.find(([pattern]) => pattern.test(id))?.[1]
}
