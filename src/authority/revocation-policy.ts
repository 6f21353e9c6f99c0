/** How the operator wants revocation to be published, for every CA alike. */
export interface RevocationPolicy {
  /** From a revocation to the CRL that has it; revocations within it share one CRL. */
  readonly crlDelaySeconds: number
  /** From thisUpdate to nextUpdate of an OCSP answer. */
  readonly ocspValiditySeconds: number
  /** Whether certificates that name an OCSP responder also say where the certificate of their CA can be had. */
  readonly caIssuers: boolean
  /** Between two audit reports of one CA. */
  readonly auditReportIntervalSeconds: number
}
