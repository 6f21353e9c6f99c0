/** The 23 methods of the client, with their types. */
import type { MetadataBearer } from '@smithy/types'
import type { CallOptions } from './inputs.ts'
import type {
  CreateCertificateAuthorityAuditReportRequest,
  CreateCertificateAuthorityAuditReportResponse,
  CreateCertificateAuthorityRequest,
  CreateCertificateAuthorityResponse,
  CreatePermissionRequest,
  DeleteCertificateAuthorityRequest,
  DeletePermissionRequest,
  DeletePolicyRequest,
  DescribeCertificateAuthorityAuditReportRequest,
  DescribeCertificateAuthorityAuditReportResponse,
  DescribeCertificateAuthorityRequest,
  DescribeCertificateAuthorityResponse,
  GetCertificateAuthorityCertificateRequest,
  GetCertificateAuthorityCertificateResponse,
  GetCertificateAuthorityCsrRequest,
  GetCertificateAuthorityCsrResponse,
  GetCertificateRequest,
  GetCertificateResponse,
  GetPolicyRequest,
  GetPolicyResponse,
  ImportCertificateAuthorityCertificateRequest,
  IssueCertificateRequest,
  IssueCertificateResponse,
  ListCertificateAuthoritiesRequest,
  ListCertificateAuthoritiesResponse,
  ListPermissionsRequest,
  ListPermissionsResponse,
  ListTagsRequest,
  ListTagsResponse,
  PutPolicyRequest,
  RestoreCertificateAuthorityRequest,
  RevokeCertificateRequest,
  TagCertificateAuthorityRequest,
  UntagCertificateAuthorityRequest,
  UpdateCertificateAuthorityRequest,
} from './requests.ts'

/** Each takes members as the API has them, and rejects with a ClientError for what the service refuses. */
export interface Operations {
  /** Creates a root or subordinate CA: its key and its CSR. */
  createCertificateAuthority(
    input: CreateCertificateAuthorityRequest,
    options?: CallOptions,
  ): Promise<CreateCertificateAuthorityResponse & MetadataBearer>
  /** Has a report of what a CA issued and revoked written to a bucket. */
  createCertificateAuthorityAuditReport(
    input: CreateCertificateAuthorityAuditReportRequest,
    options?: CallOptions,
  ): Promise<CreateCertificateAuthorityAuditReportResponse & MetadataBearer>
  /** Lets AWS Certificate Manager issue, get and list certificates with a CA. */
  createPermission(input: CreatePermissionRequest, options?: CallOptions): Promise<MetadataBearer>
  /** Deletes a CA; it can be restored for 7 to 30 days. */
  deleteCertificateAuthority(
    input: DeleteCertificateAuthorityRequest,
    options?: CallOptions,
  ): Promise<MetadataBearer>
  /** Takes a permission back. */
  deletePermission(input: DeletePermissionRequest, options?: CallOptions): Promise<MetadataBearer>
  /** Takes the policy of a CA away. */
  deletePolicy(input: DeletePolicyRequest, options?: CallOptions): Promise<MetadataBearer>
  /** What a CA is, and its status. */
  describeCertificateAuthority(
    input: DescribeCertificateAuthorityRequest,
    options?: CallOptions,
  ): Promise<DescribeCertificateAuthorityResponse & MetadataBearer>
  /** Whether an audit report is written, and where. */
  describeCertificateAuthorityAuditReport(
    input: DescribeCertificateAuthorityAuditReportRequest,
    options?: CallOptions,
  ): Promise<DescribeCertificateAuthorityAuditReportResponse & MetadataBearer>
  /** An issued certificate and its chain, in PEM. RequestInProgressException until it is issued. */
  getCertificate(
    input: GetCertificateRequest,
    options?: CallOptions,
  ): Promise<GetCertificateResponse & MetadataBearer>
  /** The certificate of a CA and its chain, in PEM. */
  getCertificateAuthorityCertificate(
    input: GetCertificateAuthorityCertificateRequest,
    options?: CallOptions,
  ): Promise<GetCertificateAuthorityCertificateResponse & MetadataBearer>
  /** The CSR of a CA, in PEM. RequestInProgressException until its key is made. */
  getCertificateAuthorityCsr(
    input: GetCertificateAuthorityCsrRequest,
    options?: CallOptions,
  ): Promise<GetCertificateAuthorityCsrResponse & MetadataBearer>
  /** The policy of a CA, as JSON text. */
  getPolicy(
    input: GetPolicyRequest,
    options?: CallOptions,
  ): Promise<GetPolicyResponse & MetadataBearer>
  /** Gives a CA its certificate, which makes it ACTIVE. */
  importCertificateAuthorityCertificate(
    input: ImportCertificateAuthorityCertificateRequest,
    options?: CallOptions,
  ): Promise<MetadataBearer>
  /** Issues a certificate for a CSR. */
  issueCertificate(
    input: IssueCertificateRequest,
    options?: CallOptions,
  ): Promise<IssueCertificateResponse & MetadataBearer>
  /** A page of CAs. */
  listCertificateAuthorities(
    input?: ListCertificateAuthoritiesRequest,
    options?: CallOptions,
  ): Promise<ListCertificateAuthoritiesResponse & MetadataBearer>
  /** A page of permissions. */
  listPermissions(
    input: ListPermissionsRequest,
    options?: CallOptions,
  ): Promise<ListPermissionsResponse & MetadataBearer>
  /** A page of tags. */
  listTags(
    input: ListTagsRequest,
    options?: CallOptions,
  ): Promise<ListTagsResponse & MetadataBearer>
  /** Gives a CA a policy, which shares it with other accounts. */
  putPolicy(input: PutPolicyRequest, options?: CallOptions): Promise<MetadataBearer>
  /** Restores a deleted CA; it is DISABLED, PENDING_CERTIFICATE or EXPIRED then. */
  restoreCertificateAuthority(
    input: RestoreCertificateAuthorityRequest,
    options?: CallOptions,
  ): Promise<MetadataBearer>
  /** Revokes a certificate, by its serial number. */
  revokeCertificate(input: RevokeCertificateRequest, options?: CallOptions): Promise<MetadataBearer>
  /** Adds tags to a CA. */
  tagCertificateAuthority(
    input: TagCertificateAuthorityRequest,
    options?: CallOptions,
  ): Promise<MetadataBearer>
  /** Takes tags from a CA. */
  untagCertificateAuthority(
    input: UntagCertificateAuthorityRequest,
    options?: CallOptions,
  ): Promise<MetadataBearer>
  /** Enables or disables a CA, or sets how it publishes what it revokes. */
  updateCertificateAuthority(
    input: UpdateCertificateAuthorityRequest,
    options?: CallOptions,
  ): Promise<MetadataBearer>
}
