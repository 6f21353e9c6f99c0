/** The API's 23 operations as client methods. */
import type { AuthorityOperations } from './authority-operations.ts'
import type { CallMetadata } from './call-metadata.ts'
import type { CallOptions } from './inputs.ts'
import type * as api from './requests.ts'

/**
 * The operations of AWS Private CA. The members of inputs and outputs have the same names as in the API. Times are `Date`
 * objects, and bytes are strings or `Uint8Array`.
 *
 * The codes that every operation can return are `AccessDeniedException`, `ThrottlingException`, `ValidationException`, and
 * authentication error codes, such as `UnrecognizedClientException` for an unknown access key. Every operation throws a
 * TypeError if its input is not an object, and an UnexpectedResponseError if `endpoint` is not an AWS Private CA API.
 *
 * @example
 * await client.listTags({ CertificateAuthorityArn: arn }, { abortSignal: AbortSignal.timeout(5000) })
 */
export interface Operations extends AuthorityOperations {
  /**
   * Starts an audit report of the certificates that a CA has issued and revoked. The report is written to a bucket.
   *
   * @throws ClientError `ResourceNotFoundException`, `InvalidArgsException`, `InvalidArnException`, `InvalidStateException`,
   * `RequestFailedException`, `RequestInProgressException`, and the codes common to all operations
   * @example
   * const { AuditReportId, S3Key } = await client.createCertificateAuthorityAuditReport({
   *   CertificateAuthorityArn: arn,
   *   S3BucketName: 'audit-reports',
   *   AuditReportResponseFormat: 'JSON',
   * })
   */
  createCertificateAuthorityAuditReport(
    input: api.CreateCertificateAuthorityAuditReportRequest,
    options?: CallOptions,
  ): Promise<api.CreateCertificateAuthorityAuditReportResponse & CallMetadata>
  /**
   * Allows AWS Certificate Manager to issue, read and list a CA's certificates.
   *
   * @throws ClientError `LimitExceededException`, `PermissionAlreadyExistsException`, `ResourceNotFoundException`,
   * `InvalidArnException`, `InvalidStateException`, `RequestFailedException`, and the codes common to all operations
   * @example
   * await client.createPermission({
   *   CertificateAuthorityArn: arn,
   *   Principal: 'acm.amazonaws.com',
   *   Actions: ['IssueCertificate', 'GetCertificate', 'ListPermissions'],
   * })
   */
  createPermission(input: api.CreatePermissionRequest, options?: CallOptions): Promise<CallMetadata>
  /**
   * Revokes AWS Certificate Manager's permission.
   *
   * @throws ClientError `ResourceNotFoundException`, `InvalidArnException`, `InvalidStateException`, `RequestFailedException`,
   * and the codes common to all operations
   * @example
   * await client.deletePermission({ CertificateAuthorityArn: arn, Principal: 'acm.amazonaws.com' })
   */
  deletePermission(input: api.DeletePermissionRequest, options?: CallOptions): Promise<CallMetadata>
  /**
   * Deletes a CA's resource policy.
   *
   * @throws ClientError `LockoutPreventedException`, `ResourceNotFoundException`, `InvalidArnException`,
   * `InvalidStateException`, `RequestFailedException`, `ConcurrentModificationException`, and the codes common to all operations
   * @example
   * await client.deletePolicy({ ResourceArn: arn })
   */
  deletePolicy(input: api.DeletePolicyRequest, options?: CallOptions): Promise<CallMetadata>
  /**
   * Returns the status and location of an audit report.
   *
   * @throws ClientError `ResourceNotFoundException`, `InvalidArgsException`, `InvalidArnException`, and the codes common to
   * all operations
   * @example
   * const { AuditReportStatus, S3Key } = await client.describeCertificateAuthorityAuditReport({
   *   CertificateAuthorityArn: arn,
   *   AuditReportId: reportId,
   * })
   */
  describeCertificateAuthorityAuditReport(
    input: api.DescribeCertificateAuthorityAuditReportRequest,
    options?: CallOptions,
  ): Promise<api.DescribeCertificateAuthorityAuditReportResponse & CallMetadata>
  /**
   * Returns an issued certificate and its chain, in PEM without a line end. The certificate chain includes the root.
   *
   * @throws ClientError `ResourceNotFoundException`, `InvalidArnException`, `InvalidStateException`, `RequestFailedException`,
   * `RequestInProgressException` until the certificate is issued, and the codes common to all operations
   * @example
   * const { Certificate, CertificateChain } = await client.getCertificate({
   *   CertificateAuthorityArn: arn,
   *   CertificateArn: certificateArn,
   * })
   */
  getCertificate(
    input: api.GetCertificateRequest,
    options?: CallOptions,
  ): Promise<api.GetCertificateResponse & CallMetadata>
  /**
   * Returns a CA's resource policy as a JSON string.
   *
   * @throws ClientError `ResourceNotFoundException`, `InvalidArnException`, `InvalidStateException`, `RequestFailedException`,
   * and the codes common to all operations
   * @example
   * const { Policy = '{}' } = await client.getPolicy({ ResourceArn: arn })
   */
  getPolicy(
    input: api.GetPolicyRequest,
    options?: CallOptions,
  ): Promise<api.GetPolicyResponse & CallMetadata>
  /**
   * Issues a certificate for a CSR, which is PEM as a string or bytes. To generate a key and wait for the certificate as
   * well, use `client.issue`.
   *
   * @throws ClientError `LimitExceededException`, `ResourceNotFoundException`, `InvalidArgsException`, `InvalidArnException`,
   * `InvalidStateException` for a CA that is not ACTIVE, `MalformedCSRException`, and the codes common to all operations
   * @example
   * const { CertificateArn } = await client.issueCertificate({
   *   CertificateAuthorityArn: arn,
   *   Csr: await readFile('server.csr'),
   *   SigningAlgorithm: 'SHA256WITHECDSA',
   *   Validity: { Value: 90, Type: 'DAYS' },
   * })
   */
  issueCertificate(
    input: api.IssueCertificateRequest,
    options?: CallOptions,
  ): Promise<api.IssueCertificateResponse & CallMetadata>
  /**
   * Returns a page of a CA's permissions. `MaxResults` ranges from 1 to 1000.
   *
   * @throws ClientError `ResourceNotFoundException`, `InvalidArnException`, `InvalidStateException`, `RequestFailedException`,
   * `InvalidNextTokenException`, and the codes common to all operations
   * @example
   * const { Permissions } = await client.listPermissions({ CertificateAuthorityArn: arn })
   */
  listPermissions(
    input: api.ListPermissionsRequest,
    options?: CallOptions,
  ): Promise<api.ListPermissionsResponse & CallMetadata>
  /**
   * Sets a CA's resource policy, a JSON string that shares the CA with other accounts.
   *
   * @throws ClientError `LockoutPreventedException`, `ResourceNotFoundException`, `InvalidArnException`,
   * `InvalidStateException`, `RequestFailedException`, `ConcurrentModificationException`, `InvalidPolicyException`, and the
   * codes common to all operations
   * @example
   * await client.putPolicy({ ResourceArn: arn, Policy: JSON.stringify(policy) })
   */
  putPolicy(input: api.PutPolicyRequest, options?: CallOptions): Promise<CallMetadata>
  /**
   * Revokes a certificate. The serial number is hexadecimal, with or without colons.
   *
   * @throws ClientError `RequestAlreadyProcessedException` for a revoked certificate, `LimitExceededException`,
   * `ResourceNotFoundException`, `InvalidArnException`, `InvalidRequestException`, `InvalidStateException`,
   * `RequestFailedException`, `ConcurrentModificationException`, `RequestInProgressException`, and the codes common to all operations
   * @example
   * await client.revokeCertificate({
   *   CertificateAuthorityArn: arn,
   *   CertificateSerial: issued.serialNumber,
   *   RevocationReason: 'KEY_COMPROMISE',
   * })
   */
  revokeCertificate(
    input: api.RevokeCertificateRequest,
    options?: CallOptions,
  ): Promise<CallMetadata>
}

/** The input type of an operation. */
export type InputOf<Name extends keyof Operations> = NonNullable<Parameters<Operations[Name]>[0]>
/** The output type of an operation. */
export type OutputOf<Name extends keyof Operations> = Awaited<ReturnType<Operations[Name]>>
