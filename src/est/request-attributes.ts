/** Attributes of a CSR that have a meaning in EST. None of them is ignored. */
import { isSameText } from '../text/same-text.ts'
import {
  parseRequestAttributes,
  type CertificationRequest,
  type RequestAttribute,
} from '../x509/certification-request.ts'
import { oids } from '../x509/der/oid.ts'
import { decodeString } from '../x509/der/strings.ts'
import { EstError } from './est-error.ts'

/** Attributes that link the CSR to the TLS connection (RFC 7030 §3.5, RFC 7894 §3.3). */
const linkingAttributes: ReadonlyMap<string, string> = new Map([
  [oids.challengePassword, 'challengePassword'],
  [oids.estIdentityLinking, 'estIdentityLinking'],
])

/** Attributes that request an unsupported feature, with the reason for the refusal. */
const refusedAttributes: ReadonlyMap<string, string> = new Map([
  [
    oids.otpChallenge,
    'otpChallenge (RFC 7894) is not supported; send a one-time password in the Authorization header',
  ],
  [oids.revocationChallenge, 'revocationChallenge (RFC 7894) is not supported'],
  [
    oids.changeSubjectName,
    'changeSubjectName (RFC 6402) is not supported; a renewed certificate has the same names',
  ],
  [oids.decryptKeyId, 'additional encryption of the generated key (decryptKeyID) is not supported'],
  [
    oids.asymmetricDecryptKeyId,
    'additional encryption of the generated key (asymmDecryptKeyID) is not supported',
  ],
])

/**
 * Requires that a CSR requests no unsupported feature. An attribute that links the CSR to a TLS connection must match the
 * connection. `channelBinding` returns the base64 of the connection's binding; undefined if the connection has none. Throws
 * EstError with status 400, and DerError for malformed attributes.
 */
export function requireAttributes(
  request: CertificationRequest,
  channelBinding: () => string | undefined,
): void {
  for (const attribute of parseRequestAttributes(request)) {
    const reason = refusedAttributes.get(attribute.type)
    if (reason !== undefined) throw new EstError(400, `The CSR cannot be accepted: ${reason}.`)
    const linking = linkingAttributes.get(attribute.type)
    if (linking !== undefined) requireLinked(attribute, linking, channelBinding())
  }
}

function requireLinked(
  { values }: RequestAttribute,
  attributeName: string,
  binding: string | undefined,
): void {
  if (binding === undefined)
    throw new EstError(
      400,
      `The CSR has a ${attributeName}, but a resumed TLS 1.2 session has no safe channel binding. Connect without ` +
        'session resumption, or with TLS 1.3, or omit the attribute.',
    )
  const [value, ...others] = values.map((each) => decodeString(each))
  if (others.length === 0 && value !== undefined && isSameText(value, binding)) return
  throw new EstError(
    400,
    `The ${attributeName} of the CSR does not match the TLS connection. It must be the base64 of tls-unique (TLS 1.2) ` +
      'or tls-exporter (TLS 1.3, RFC 9266) of this connection, or absent.',
  )
}
