/** The interface of a client. */
import type { AccessOperations } from './access.ts'
import type { ApprovalOperations } from './approvals.ts'
import type { EnrollmentOperations } from './enrollment.ts'
import type { RecordOperations } from './record-entries.ts'
import type { ServerOperations } from './server-information.ts'
import type { OperationName } from './commands.ts'
import type { Exceptions } from './errors.ts'
import type { Hierarchy, HierarchyRequest } from './hierarchy-request.ts'
import type { CallOptions } from './inputs.ts'
import type {
  CsrIssueRequest,
  IssuedCertificate,
  IssuedCertificateWithKey,
  IssueRequest,
  NewKeyIssueRequest,
} from './issue-request.ts'
import type {
  CertificateSearch,
  ListCertificatesInput,
  ListCertificatesOutput,
  ListedCertificate,
} from './list-certificates.ts'
import type { Operations } from './operations.ts'
import type { Paginator, PaginatorName } from './paginators.ts'
import type { PresignOptions } from './presign.ts'
import type { RevocationOperations } from './revocation.ts'
import type { Statistics, StatisticsInput } from './statistics.ts'
import type { SimulationOperations } from './simulate-policy.ts'
import type { Waiter, WaiterName } from './waiters.ts'

/** The Region, endpoint and operations of a client. */
export interface ClientMeta {
  /** API operation names by client method, such as `ListTags` for `listTags`. */
  readonly methodToApiMapping: Readonly<Record<OperationName, string>>
  /**
   * The client's Region.
   *
   * @throws Error if no Region is configured
   * @example
   * const region = await client.meta.regionName()
   */
  regionName(): Promise<string>
  /**
   * The URL of the API, without a trailing slash.
   *
   * @throws Error if neither an endpoint nor a Region is configured
   * @example
   * const url = await client.meta.endpointUrl()
   */
  endpointUrl(): Promise<string>
}

/**
 * A client of the AWS Private CA API. A client's methods can be called concurrently.
 *
 * @example
 * const client: Client = createClient({ region: 'eu-central-1', endpoint: 'http://127.0.0.1:8080' })
 */
export interface Client
  extends
    Operations,
    AccessOperations,
    ApprovalOperations,
    EnrollmentOperations,
    RevocationOperations,
    RecordOperations,
    ServerOperations,
    SimulationOperations {
  /** The exception classes, keyed by error code. */
  readonly exceptions: Exceptions
  readonly meta: ClientMeta
  /** The waiter names that getWaiter accepts. */
  readonly waiterNames: readonly WaiterName[]
  /**
   * Returns whether an operation has a paginator.
   *
   * @example
   * client.canPaginate('listTags') // true
   */
  canPaginate(operation: OperationName): boolean
  /**
   * Returns a paginator, which reads an operation's pages.
   *
   * @throws OperationNotPageableError for an operation without pages
   * @example
   * const pages = client.getPaginator('listCertificateAuthorities').paginate()
   * for await (const authority of pages.items()) console.log(authority.Arn)
   */
  getPaginator<Name extends PaginatorName>(operation: Name): Paginator<Name>
  /**
   * Returns a waiter, which polls an operation until a resource reaches a given state.
   *
   * @throws TypeError for an unknown name
   * @example
   * await client.getWaiter('certificateIssued').wait({ CertificateAuthorityArn: arn, CertificateArn: certificateArn })
   */
  getWaiter<Name extends WaiterName>(name: Name): Waiter<Name>
  /**
   * Returns a presigned URL for one API call. Until the URL expires, anyone who has it can make the call without credentials. The
   * call is a POST request with an empty body and the headers from `presignedHeaders`.
   *
   * @throws UnknownClientMethodError for an unknown operation
   * @throws RangeError for a lifetime outside 1 to 604800 seconds
   * @throws TypeError for members that are lists or structures, which a URL cannot contain
   * @example
   * const params = { CertificateAuthorityArn: arn, CertificateArn: certificateArn }
   * const url = await client.generatePresignedUrl('getCertificate', params, { expiresIn: 600 })
   */
  generatePresignedUrl<Name extends OperationName>(
    operation: Name,
    params?: Parameters<Operations[Name]>[0],
    options?: PresignOptions,
  ): Promise<string>
  /**
   * Returns the headers that a request to a presigned URL must have.
   *
   * @throws UnknownClientMethodError for an unknown operation
   * @example
   * await fetch(url, { method: 'POST', headers: client.presignedHeaders('getCertificate') })
   */
  presignedHeaders(operation: OperationName): Record<string, string>
  /**
   * Returns a page of issued certificates that match a search. Only Signet supports this search.
   *
   * @throws TypeError for an unknown filter and for a value of the wrong type
   * @throws ClientError `ValidationException`, `InvalidNextTokenException`, `AccessDeniedException`; AWS itself always returns
   * an error
   * @example
   * const { Certificates, NextToken } = await client.listCertificates({ Status: 'REVOKED', MaxResults: 100 })
   */
  listCertificates(
    input?: ListCertificatesInput,
    options?: CallOptions,
  ): Promise<ListCertificatesOutput>
  /**
   * Returns all issued certificates that match a search. Each page is requested when its first certificate is read.
   *
   * @throws TypeError for an unknown filter and for a value of the wrong type
   * @throws ClientError as for listCertificates
   * @example
   * const ExpiresBefore = new Date(Date.now() + 30 * 86_400_000)
   * for await (const { Subject, NotAfter } of client.searchCertificates({ ExpiresBefore, Status: 'VALID' }))
   *   console.log(Subject, NotAfter)
   */
  searchCertificates(
    search?: CertificateSearch,
    options?: CallOptions,
  ): AsyncIterable<ListedCertificate>
  /**
   * Returns the numbers of CAs by status, and of certificates by day and week. Only Signet supports these statistics.
   *
   * @throws TypeError for an unknown option and for a value of the wrong type
   * @throws ClientError `ValidationException`, `AccessDeniedException`
   * @example
   * const { IssuedPerDay, Expiring } = await client.getStatistics({ Days: 7 })
   */
  getStatistics(input?: StatisticsInput, options?: CallOptions): Promise<Statistics>
  /**
   * Generates a key, issues a certificate for it, and waits until the certificate is available.
   *
   * @throws TypeError for an invalid request, for a name that cannot be in a certificate, and for a CA name that does not match
   * exactly one ACTIVE CA
   * @throws ClientError if the service returns an error, such as `InvalidStateException` for a CA that is not ACTIVE
   * @throws WaiterError if the certificate does not become available
   * @example
   * const { key, certificate, chain, root } = await client.issue({
   *   ca: 'Example Issuing CA',
   *   names: ['localhost', '127.0.0.1'],
   *   validity: { days: 30 },
   * })
   * createServer({ key, cert: certificate + chain })
   */
  issue(request: NewKeyIssueRequest): Promise<IssuedCertificateWithKey>
  /**
   * Issues a certificate for the key of a CSR. The result contains no private key, because the caller has the key.
   *
   * @throws TypeError, ClientError and WaiterError as for a request without a CSR; ClientError `MalformedCSRException` for an
   * invalid CSR
   * @example
   * const csr = await readFile('server.csr')
   * const { certificate, chain } = await client.issue({ ca: 'Example Issuing CA', csr, validity: { days: 30 } })
   */
  issue(request: CsrIssueRequest): Promise<IssuedCertificate>
  /**
   * Issues a certificate for a request with or without a CSR.
   *
   * @throws TypeError, ClientError and WaiterError as for the other forms
   * @example
   * const issued = await client.issue(request)
   * if ('key' in issued) await writeFile('key.pem', issued.key, { mode: 0o600 })
   */
  issue(request: IssueRequest): Promise<IssuedCertificate | IssuedCertificateWithKey>
  /**
   * Creates a root CA and an issuing CA below it, both ACTIVE. If both CAs already exist, the method returns them. If an
   * earlier call was interrupted, the method continues where that call stopped.
   *
   * @throws TypeError for an invalid request
   * @throws HierarchyError if a step fails; its `cause` is the error from the step
   * @example
   * const { root, issuing } = await client.createHierarchy({
   *   root: { subject: { CommonName: 'Example Root' } },
   *   issuing: { subject: { CommonName: 'Example Issuing CA' } },
   * })
   */
  createHierarchy(request: HierarchyRequest): Promise<Hierarchy>
  /**
   * Closes idle connections. Calls after `close` open new connections.
   *
   * @example
   * client.close()
   */
  close(): void
}
