/** The 23 methods of the client, with their types. */
import type { MetadataBearer } from '@smithy/types'
import type { CallOptions } from './inputs.ts'
import type * as api from './requests.ts'

type Operation<Input, Output = object> = (
  input: Input,
  options?: CallOptions,
) => Promise<Output & MetadataBearer>

/** Each takes members as the API has them, and rejects with a ClientError for what the service refuses. */
export interface Operations {
  /** Creates a root or subordinate CA: its key and its CSR. */
  createCertificateAuthority: Operation<
    api.CreateCertificateAuthorityRequest,
    api.CreateCertificateAuthorityResponse
  >
  /** Has a report of what a CA issued and revoked written to a bucket. */
  createCertificateAuthorityAuditReport: Operation<
    api.CreateCertificateAuthorityAuditReportRequest,
    api.CreateCertificateAuthorityAuditReportResponse
  >
  /** Lets AWS Certificate Manager issue, get and list certificates with a CA. */
  createPermission: Operation<api.CreatePermissionRequest>
  /** Deletes a CA; it can be restored for 7 to 30 days. */
  deleteCertificateAuthority: Operation<api.DeleteCertificateAuthorityRequest>
  /** Takes a permission back. */
  deletePermission: Operation<api.DeletePermissionRequest>
  /** Takes the policy of a CA away. */
  deletePolicy: Operation<api.DeletePolicyRequest>
  /** What a CA is, and its status. */
  describeCertificateAuthority: Operation<
    api.DescribeCertificateAuthorityRequest,
    api.DescribeCertificateAuthorityResponse
  >
  /** Whether an audit report is written, and where. */
  describeCertificateAuthorityAuditReport: Operation<
    api.DescribeCertificateAuthorityAuditReportRequest,
    api.DescribeCertificateAuthorityAuditReportResponse
  >
  /** An issued certificate and its chain, in PEM. RequestInProgressException until it is issued. */
  getCertificate: Operation<api.GetCertificateRequest, api.GetCertificateResponse>
  /** The certificate of a CA and its chain, in PEM. */
  getCertificateAuthorityCertificate: Operation<
    api.GetCertificateAuthorityCertificateRequest,
    api.GetCertificateAuthorityCertificateResponse
  >
  /** The CSR of a CA, in PEM. RequestInProgressException until its key is made. */
  getCertificateAuthorityCsr: Operation<
    api.GetCertificateAuthorityCsrRequest,
    api.GetCertificateAuthorityCsrResponse
  >
  /** The policy of a CA, as JSON text. */
  getPolicy: Operation<api.GetPolicyRequest, api.GetPolicyResponse>
  /** Gives a CA its certificate, which makes it ACTIVE. */
  importCertificateAuthorityCertificate: Operation<api.ImportCertificateAuthorityCertificateRequest>
  /** Issues a certificate for a CSR. */
  issueCertificate: Operation<api.IssueCertificateRequest, api.IssueCertificateResponse>
  /** A page of CAs. */
  listCertificateAuthorities: (
    input?: api.ListCertificateAuthoritiesRequest,
    options?: CallOptions,
  ) => Promise<api.ListCertificateAuthoritiesResponse & MetadataBearer>
  /** A page of permissions. */
  listPermissions: Operation<api.ListPermissionsRequest, api.ListPermissionsResponse>
  /** A page of tags. */
  listTags: Operation<api.ListTagsRequest, api.ListTagsResponse>
  /** Gives a CA a policy, which shares it with other accounts. */
  putPolicy: Operation<api.PutPolicyRequest>
  /** Restores a deleted CA; it is DISABLED, PENDING_CERTIFICATE or EXPIRED then. */
  restoreCertificateAuthority: Operation<api.RestoreCertificateAuthorityRequest>
  /** Revokes a certificate, by its serial number. */
  revokeCertificate: Operation<api.RevokeCertificateRequest>
  /** Adds tags to a CA. */
  tagCertificateAuthority: Operation<api.TagCertificateAuthorityRequest>
  /** Takes tags from a CA. */
  untagCertificateAuthority: Operation<api.UntagCertificateAuthorityRequest>
  /** Enables or disables a CA, or sets how it publishes what it revokes. */
  updateCertificateAuthority: Operation<api.UpdateCertificateAuthorityRequest>
}

/** Input and output of an operation. */
export type InputOf<Name extends keyof Operations> = NonNullable<Parameters<Operations[Name]>[0]>
export type OutputOf<Name extends keyof Operations> = Awaited<ReturnType<Operations[Name]>>
