/** The 23 methods of the client, with their types. */
import type {
  CreateCertificateAuthorityCommandOutput,
  CreateCertificateAuthorityAuditReportCommandInput,
  CreateCertificateAuthorityAuditReportCommandOutput,
  CreatePermissionCommandInput,
  CreatePermissionCommandOutput,
  DeleteCertificateAuthorityCommandInput,
  DeleteCertificateAuthorityCommandOutput,
  DeletePermissionCommandInput,
  DeletePermissionCommandOutput,
  DeletePolicyCommandInput,
  DeletePolicyCommandOutput,
  DescribeCertificateAuthorityCommandInput,
  DescribeCertificateAuthorityCommandOutput,
  DescribeCertificateAuthorityAuditReportCommandInput,
  DescribeCertificateAuthorityAuditReportCommandOutput,
  GetCertificateCommandInput,
  GetCertificateCommandOutput,
  GetCertificateAuthorityCertificateCommandInput,
  GetCertificateAuthorityCertificateCommandOutput,
  GetCertificateAuthorityCsrCommandInput,
  GetCertificateAuthorityCsrCommandOutput,
  GetPolicyCommandInput,
  GetPolicyCommandOutput,
  ImportCertificateAuthorityCertificateCommandInput,
  ImportCertificateAuthorityCertificateCommandOutput,
  IssueCertificateCommandOutput,
  ListCertificateAuthoritiesCommandInput,
  ListCertificateAuthoritiesCommandOutput,
  ListPermissionsCommandInput,
  ListPermissionsCommandOutput,
  ListTagsCommandInput,
  ListTagsCommandOutput,
  PutPolicyCommandInput,
  PutPolicyCommandOutput,
  RestoreCertificateAuthorityCommandInput,
  RestoreCertificateAuthorityCommandOutput,
  RevokeCertificateCommandInput,
  RevokeCertificateCommandOutput,
  TagCertificateAuthorityCommandInput,
  TagCertificateAuthorityCommandOutput,
  UntagCertificateAuthorityCommandInput,
  UntagCertificateAuthorityCommandOutput,
  UpdateCertificateAuthorityCommandInput,
  UpdateCertificateAuthorityCommandOutput,
} from '@aws-sdk/client-acm-pca'
import type { Blobs, CallOptions, CreateInput, IssueInput, Defined } from './inputs.ts'

/** Each takes members as the API has them, and rejects with a ClientError for what the service refuses. */
export interface Operations {
  /** Creates a root or subordinate CA: its key and its CSR. */
  createCertificateAuthority(
    input: CreateInput,
    options?: CallOptions,
  ): Promise<CreateCertificateAuthorityCommandOutput>
  /** Has a report of what a CA issued and revoked written to a bucket. */
  createCertificateAuthorityAuditReport(
    input: Defined<CreateCertificateAuthorityAuditReportCommandInput>,
    options?: CallOptions,
  ): Promise<CreateCertificateAuthorityAuditReportCommandOutput>
  /** Lets AWS Certificate Manager issue, get and list certificates with a CA. */
  createPermission(
    input: Defined<CreatePermissionCommandInput>,
    options?: CallOptions,
  ): Promise<CreatePermissionCommandOutput>
  /** Deletes a CA; it can be restored for 7 to 30 days. */
  deleteCertificateAuthority(
    input: Defined<DeleteCertificateAuthorityCommandInput>,
    options?: CallOptions,
  ): Promise<DeleteCertificateAuthorityCommandOutput>
  /** Takes a permission back. */
  deletePermission(
    input: Defined<DeletePermissionCommandInput>,
    options?: CallOptions,
  ): Promise<DeletePermissionCommandOutput>
  /** Takes the policy of a CA away. */
  deletePolicy(
    input: Defined<DeletePolicyCommandInput>,
    options?: CallOptions,
  ): Promise<DeletePolicyCommandOutput>
  /** What a CA is, and its status. */
  describeCertificateAuthority(
    input: Defined<DescribeCertificateAuthorityCommandInput>,
    options?: CallOptions,
  ): Promise<DescribeCertificateAuthorityCommandOutput>
  /** Whether an audit report is written, and where. */
  describeCertificateAuthorityAuditReport(
    input: Defined<DescribeCertificateAuthorityAuditReportCommandInput>,
    options?: CallOptions,
  ): Promise<DescribeCertificateAuthorityAuditReportCommandOutput>
  /** An issued certificate and its chain, in PEM. RequestInProgressException until it is issued. */
  getCertificate(
    input: Defined<GetCertificateCommandInput>,
    options?: CallOptions,
  ): Promise<GetCertificateCommandOutput>
  /** The certificate of a CA and its chain, in PEM. */
  getCertificateAuthorityCertificate(
    input: Defined<GetCertificateAuthorityCertificateCommandInput>,
    options?: CallOptions,
  ): Promise<GetCertificateAuthorityCertificateCommandOutput>
  /** The CSR of a CA, in PEM. RequestInProgressException until its key is made. */
  getCertificateAuthorityCsr(
    input: Defined<GetCertificateAuthorityCsrCommandInput>,
    options?: CallOptions,
  ): Promise<GetCertificateAuthorityCsrCommandOutput>
  /** The policy of a CA, as JSON text. */
  getPolicy(
    input: Defined<GetPolicyCommandInput>,
    options?: CallOptions,
  ): Promise<GetPolicyCommandOutput>
  /** Gives a CA its certificate, which makes it ACTIVE. */
  importCertificateAuthorityCertificate(
    input: Blobs<
      Defined<ImportCertificateAuthorityCertificateCommandInput>,
      'Certificate' | 'CertificateChain'
    >,
    options?: CallOptions,
  ): Promise<ImportCertificateAuthorityCertificateCommandOutput>
  /** Issues a certificate for a CSR. */
  issueCertificate(input: IssueInput, options?: CallOptions): Promise<IssueCertificateCommandOutput>
  /** A page of CAs. */
  listCertificateAuthorities(
    input?: Defined<ListCertificateAuthoritiesCommandInput>,
    options?: CallOptions,
  ): Promise<ListCertificateAuthoritiesCommandOutput>
  /** A page of permissions. */
  listPermissions(
    input: Defined<ListPermissionsCommandInput>,
    options?: CallOptions,
  ): Promise<ListPermissionsCommandOutput>
  /** A page of tags. */
  listTags(
    input: Defined<ListTagsCommandInput>,
    options?: CallOptions,
  ): Promise<ListTagsCommandOutput>
  /** Gives a CA a policy, which shares it with other accounts. */
  putPolicy(
    input: Defined<PutPolicyCommandInput>,
    options?: CallOptions,
  ): Promise<PutPolicyCommandOutput>
  /** Restores a deleted CA; it is DISABLED, PENDING_CERTIFICATE or EXPIRED then. */
  restoreCertificateAuthority(
    input: Defined<RestoreCertificateAuthorityCommandInput>,
    options?: CallOptions,
  ): Promise<RestoreCertificateAuthorityCommandOutput>
  /** Revokes a certificate, by its serial number. */
  revokeCertificate(
    input: Defined<RevokeCertificateCommandInput>,
    options?: CallOptions,
  ): Promise<RevokeCertificateCommandOutput>
  /** Adds tags to a CA. */
  tagCertificateAuthority(
    input: Defined<TagCertificateAuthorityCommandInput>,
    options?: CallOptions,
  ): Promise<TagCertificateAuthorityCommandOutput>
  /** Takes tags from a CA. */
  untagCertificateAuthority(
    input: Defined<UntagCertificateAuthorityCommandInput>,
    options?: CallOptions,
  ): Promise<UntagCertificateAuthorityCommandOutput>
  /** Enables or disables a CA, or sets how it publishes what it revokes. */
  updateCertificateAuthority(
    input: Defined<UpdateCertificateAuthorityCommandInput>,
    options?: CallOptions,
  ): Promise<UpdateCertificateAuthorityCommandOutput>
}
