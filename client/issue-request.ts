/** The input and output of `client.issue`. */
import type { Blob, CertificateValidity, SigningAlgorithm, Subject } from './inputs.ts'
import type { LeafKeyAlgorithm } from './key-pair.ts'
import type { ApiPassthrough } from './shapes.ts'
import type { WaiterConfig } from './waiters.ts'

/** The purpose of a certificate. The purpose selects a template with the extended key usages for TLS, code signing or OCSP. */
export type CertificateUsage =
  | 'serverAndClient'
  | 'server'
  | 'client'
  | 'codeSigning'
  | 'ocspSigning'

/** The members that all requests to `client.issue` share. */
export interface CommonIssueRequest {
  /** ARN, ID or CommonName of the CA. A CommonName must belong to exactly one ACTIVE CA. */
  readonly ca: string
  readonly validity: CertificateValidity
  /** Purpose of the certificate; `serverAndClient` by default. */
  readonly usage?: CertificateUsage
  /** Name or ARN of a template, which replaces `usage`. */
  readonly template?: string
  /**
   * Algorithm for the certificate's signature. The default is the CA's signing algorithm, which the client
   * reads with a DescribeCertificateAuthority call.
   */
  readonly signingAlgorithm?: SigningAlgorithm
  /** Extensions and subject for templates that allow API passthrough. */
  readonly apiPassthrough?: ApiPassthrough
  /**
   * Idempotency token of at most 36 characters; random by default. Requests with the same token and the same CSR within five
   * minutes return the same certificate.
   */
  readonly idempotencyToken?: string
  /**
   * Polling options while waiting for the certificate. The default is `{ Delay: 0.5, MaxAttempts: 120 }`, a limit of one minute.
   */
  readonly waiter?: WaiterConfig
  /** Signal that ends the wait for the certificate. */
  readonly abortSignal?: AbortSignal
}

/** A request for a certificate with a newly generated key. The private key never leaves the client's process. */
export type NewKeyIssueRequest = CommonIssueRequest & {
  readonly csr?: undefined
  /** Algorithm for the new key; `EC_prime256v1` by default. */
  readonly keyAlgorithm?: LeafKeyAlgorithm
} & (
    | {
        /**
         * DNS names, IP addresses, email addresses and URIs for the certificate. The type of each name is inferred from its form.
         */
        readonly names: readonly string[]
        /** Subject of the certificate. By default, the subject's CommonName is the first name. */
        readonly subject?: Subject
      }
    | { readonly names?: undefined; readonly subject: Subject }
  )

/** A request for a certificate that is based on a CSR. */
export type CsrIssueRequest = CommonIssueRequest & {
  /** The CSR as PEM. */
  readonly csr: Blob
  readonly keyAlgorithm?: undefined
  readonly names?: undefined
  readonly subject?: undefined
}

/**
 * A request to `client.issue`, with or without a CSR.
 *
 * @example
 * const request: IssueRequest = { ca: 'Example Issuing CA', names: ['localhost'], validity: { days: 30 } }
 */
export type IssueRequest = NewKeyIssueRequest | CsrIssueRequest

/** A certificate and the CA certificates above it, in PEM. Every PEM string ends with a newline. */
export interface IssuedCertificate {
  /** ARN of the certificate. */
  readonly arn: string
  readonly certificateAuthorityArn: string
  /** The certificate in PEM, without its chain. */
  readonly certificate: string
  /** The CA certificates from the issuer upward, without the root. A TLS server sends `certificate + chain`. */
  readonly chain: string
  /** The root certificate, which TLS clients must trust; an empty string if the service's chain does not end in a root. */
  readonly root: string
  /** Serial number in hexadecimal, in the form that revokeCertificate accepts. */
  readonly serialNumber: string
  readonly notBefore: Date
  readonly notAfter: Date
}

/** A certificate with the private key that was generated for it. */
export interface IssuedCertificateWithKey extends IssuedCertificate {
  /** The private key as unencrypted PKCS #8 in PEM. */
  readonly key: string
}
