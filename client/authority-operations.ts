/** Operations on CAs and their tags. */
import type { CallOptions } from './inputs.ts'
import type { CallMetadata } from './call-metadata.ts'
import type * as api from './requests.ts'

/** Methods for CAs and their tags. `Operations` describes the errors that all operations share. */
export interface AuthorityOperations {
  /**
   * Creates a root or subordinate CA. The CA has the status `CREATING` until its key is generated, then `PENDING_CERTIFICATE`.
   *
   * @throws ClientError `LimitExceededException`, `InvalidArgsException`, `InvalidTagException`, `InvalidPolicyException`, and
   * the codes common to all operations
   * @example
   * const { CertificateAuthorityArn } = await client.createCertificateAuthority({
   *   CertificateAuthorityType: 'ROOT',
   *   CertificateAuthorityConfiguration: {
   *     KeyAlgorithm: 'EC_prime256v1',
   *     SigningAlgorithm: 'SHA256WITHECDSA',
   *     Subject: { CommonName: 'Example Root' },
   *   },
   * })
   */
  createCertificateAuthority(
    input: api.CreateCertificateAuthorityRequest,
    options?: CallOptions,
  ): Promise<api.CreateCertificateAuthorityResponse & CallMetadata>
  /**
   * Deletes a CA that is not ACTIVE. The deleted CA can be restored for 7 to 30 days; 30 by default.
   *
   * @throws ClientError `ResourceNotFoundException`, `InvalidArnException`, `InvalidStateException`,
   * `ConcurrentModificationException`, and the codes common to all operations
   * @example
   * await client.deleteCertificateAuthority({ CertificateAuthorityArn: arn, PermanentDeletionTimeInDays: 7 })
   */
  deleteCertificateAuthority(
    input: api.DeleteCertificateAuthorityRequest,
    options?: CallOptions,
  ): Promise<CallMetadata>
  /**
   * Returns a CA's status, configuration and validity.
   *
   * @throws ClientError `ResourceNotFoundException`, `InvalidArnException`, and the codes common to all operations
   * @example
   * const { CertificateAuthority } = await client.describeCertificateAuthority({ CertificateAuthorityArn: arn })
   */
  describeCertificateAuthority(
    input: api.DescribeCertificateAuthorityRequest,
    options?: CallOptions,
  ): Promise<api.DescribeCertificateAuthorityResponse & CallMetadata>
  /**
   * Returns the certificate of a CA and its chain, in PEM without a line end. A root has no chain.
   *
   * @throws ClientError `ResourceNotFoundException`, `InvalidArnException`, `InvalidStateException` for a CA without a
   * certificate, and the codes common to all operations
   * @example
   * const { Certificate } = await client.getCertificateAuthorityCertificate({ CertificateAuthorityArn: arn })
   */
  getCertificateAuthorityCertificate(
    input: api.GetCertificateAuthorityCertificateRequest,
    options?: CallOptions,
  ): Promise<api.GetCertificateAuthorityCertificateResponse & CallMetadata>
  /**
   * Returns the CSR of a CA, in PEM.
   *
   * @throws ClientError `ResourceNotFoundException`, `InvalidArnException`, `InvalidStateException`, `RequestFailedException`,
   * `RequestInProgressException` until the CA's key is generated, and the codes common to all operations
   * @example
   * const { Csr } = await client.getCertificateAuthorityCsr({ CertificateAuthorityArn: arn })
   */
  getCertificateAuthorityCsr(
    input: api.GetCertificateAuthorityCsrRequest,
    options?: CallOptions,
  ): Promise<api.GetCertificateAuthorityCsrResponse & CallMetadata>
  /**
   * Imports a CA's certificate. The CA becomes ACTIVE. `Certificate` and `CertificateChain` are PEM, as text or bytes.
   *
   * @throws ClientError `CertificateMismatchException`, `MalformedCertificateException`, `ResourceNotFoundException`,
   * `InvalidArnException`, `InvalidRequestException`, `InvalidStateException`, `RequestFailedException`,
   * `ConcurrentModificationException`, `RequestInProgressException`, and the codes common to all operations
   * @example
   * await client.importCertificateAuthorityCertificate({
   *   CertificateAuthorityArn: arn,
   *   Certificate: await readFile('issuing.pem'),
   *   CertificateChain: await readFile('root.pem'),
   * })
   */
  importCertificateAuthorityCertificate(
    input: api.ImportCertificateAuthorityCertificateRequest,
    options?: CallOptions,
  ): Promise<CallMetadata>
  /**
   * Returns a page of the account's CAs in the Region. `MaxResults` ranges from 1 to 1000.
   *
   * @throws ClientError `InvalidNextTokenException`, and the codes common to all operations
   * @example
   * const { CertificateAuthorities, NextToken } = await client.listCertificateAuthorities({ MaxResults: 100 })
   */
  listCertificateAuthorities(
    input?: api.ListCertificateAuthoritiesRequest,
    options?: CallOptions,
  ): Promise<api.ListCertificateAuthoritiesResponse & CallMetadata>
  /**
   * Returns a page of a CA's tags. `MaxResults` ranges from 1 to 1000.
   *
   * @throws ClientError `ResourceNotFoundException`, `InvalidArnException`, `InvalidStateException`, `RequestFailedException`,
   * and the codes common to all operations
   * @example
   * const { Tags } = await client.listTags({ CertificateAuthorityArn: arn })
   */
  listTags(
    input: api.ListTagsRequest,
    options?: CallOptions,
  ): Promise<api.ListTagsResponse & CallMetadata>
  /**
   * Restores a deleted CA. The restored CA's status is `DISABLED`, `PENDING_CERTIFICATE` or `EXPIRED`.
   *
   * @throws ClientError `ResourceNotFoundException`, `InvalidArnException`, `InvalidStateException`, and the codes common to
   * all operations
   * @example
   * await client.restoreCertificateAuthority({ CertificateAuthorityArn: arn })
   */
  restoreCertificateAuthority(
    input: api.RestoreCertificateAuthorityRequest,
    options?: CallOptions,
  ): Promise<CallMetadata>
  /**
   * Adds tags to a CA, replacing the values of existing keys.
   *
   * @throws ClientError `ResourceNotFoundException`, `InvalidArnException`, `InvalidStateException`, `InvalidTagException`,
   * `TooManyTagsException`, and the codes common to all operations
   * @example
   * await client.tagCertificateAuthority({ CertificateAuthorityArn: arn, Tags: [{ Key: 'team', Value: 'pki' }] })
   */
  tagCertificateAuthority(
    input: api.TagCertificateAuthorityRequest,
    options?: CallOptions,
  ): Promise<CallMetadata>
  /**
   * Removes tags from a CA. A tag key given without a value is removed regardless of its stored value.
   *
   * @throws ClientError `ResourceNotFoundException`, `InvalidArnException`, `InvalidStateException`, `InvalidTagException`, and
   * the codes common to all operations
   * @example
   * await client.untagCertificateAuthority({ CertificateAuthorityArn: arn, Tags: [{ Key: 'team' }] })
   */
  untagCertificateAuthority(
    input: api.UntagCertificateAuthorityRequest,
    options?: CallOptions,
  ): Promise<CallMetadata>
  /**
   * Enables or disables a CA, and changes its CRL and OCSP settings.
   *
   * @throws ClientError `ResourceNotFoundException`, `InvalidArgsException`, `InvalidArnException`, `InvalidStateException`,
   * `ConcurrentModificationException`, `InvalidPolicyException`, and the codes common to all operations
   * @example
   * await client.updateCertificateAuthority({ CertificateAuthorityArn: arn, Status: 'DISABLED' })
   */
  updateCertificateAuthority(
    input: api.UpdateCertificateAuthorityRequest,
    options?: CallOptions,
  ): Promise<CallMetadata>
}
