/**
 * What an operation of the API is: a contract (members in and out, errors) and what it does. One file per operation
 * holds one; index.ts is the table of them. Who may call an operation, and the HTTP around it, is not known here.
 */
import type { Caller } from '../../identity/caller.ts'
import { ServiceError, type ErrorCode } from '../../errors.ts'
import type { Services } from '../../services.ts'
import { decode } from '../../wire/shapes/decode.ts'
import { encode, type Encodable } from '../../wire/shapes/encode.ts'
import { fromQuery } from '../../wire/shapes/form.ts'
import { jsonBytesMax } from '../../wire/shapes/size.ts'
import type { Infer, StructureShape } from '../../wire/shapes/shape.ts'

/** The 23 operations of the API (AWS Private CA API, Actions), and those of our own. */
export type OperationName = AwsOperationName | OwnOperationName

/** Operations that AWS does not have, in the same protocol. */
export type OwnOperationName = 'ListCertificates'

export type AwsOperationName =
  | 'CreateCertificateAuthority'
  | 'CreateCertificateAuthorityAuditReport'
  | 'CreatePermission'
  | 'DeleteCertificateAuthority'
  | 'DeletePermission'
  | 'DeletePolicy'
  | 'DescribeCertificateAuthority'
  | 'DescribeCertificateAuthorityAuditReport'
  | 'GetCertificate'
  | 'GetCertificateAuthorityCertificate'
  | 'GetCertificateAuthorityCsr'
  | 'GetPolicy'
  | 'ImportCertificateAuthorityCertificate'
  | 'IssueCertificate'
  | 'ListCertificateAuthorities'
  | 'ListPermissions'
  | 'ListTags'
  | 'PutPolicy'
  | 'RestoreCertificateAuthority'
  | 'RevokeCertificate'
  | 'TagCertificateAuthority'
  | 'UntagCertificateAuthority'
  | 'UpdateCertificateAuthority'

/** What `run` resolves to: the output's members, or nothing for an operation without output. */
export type Result<O extends StructureShape | undefined> = O extends StructureShape
  ? Encodable<O>
  : void

/** The caller, with the CAs that a call about the whole account must leave out. */
export interface ScopedCaller extends Caller {
  /** Numbers of the CAs in the account and Region for which the caller lacks permission. Absent in a call about one CA. */
  readonly hiddenAuthorities?: () => Promise<ReadonlySet<number>>
}

/** What authorization takes from a call, with what the API reference says of it. */
interface FromCall<T, A extends readonly unknown[]> {
  /** Names, or a sentence, in Markdown. */
  readonly documentation: string
  readonly of: (...call: A) => T
}

/** The contract of an operation, as its file declares it. */
export interface OperationContract<
  N extends OperationName,
  I extends StructureShape,
  O extends StructureShape | undefined,
> {
  readonly name: N
  readonly input: I
  /** Undefined for an operation that answers with an empty body. */
  readonly output: O
  /** The errors that AWS's model, or compatibility.md, lists for it; those of every operation (Common Errors) are not repeated. */
  readonly errors: readonly ErrorCode[]
  /** ARN of the CA that a call is about; undefined if it is about the account as a whole. */
  readonly resource: (input: Infer<I>) => string | undefined
  /** IAM actions that a call takes beside that of the operation (Service Authorization Reference). */
  readonly furtherActions?: FromCall<readonly string[], [input: Infer<I>]>
  /** Condition keys that a call has of its own, by lower-case name (Service Authorization Reference). */
  readonly conditionKeys?: FromCall<
    ReadonlyMap<string, readonly string[]>,
    [input: Infer<I>, caller: Caller]
  >
}

/** An operation as its file declares it; the shapes give `run` its types. */
export interface OperationDefinition<
  N extends OperationName,
  I extends StructureShape,
  O extends StructureShape | undefined,
> extends OperationContract<N, I, O> {
  /** Absent while the operation is not offered. */
  readonly run?: (services: Services, input: Infer<I>, caller: ScopedCaller) => Promise<Result<O>>
}

/** An operation as its callers see it, whatever its members are. */
export interface Operation<N extends OperationName = OperationName> {
  readonly name: N
  readonly action: `acm-pca:${N}`
  readonly input: StructureShape
  readonly output: StructureShape | undefined
  readonly errors: readonly ErrorCode[]
  readonly furtherActions?: Documented
  readonly conditionKeys?: Documented
  readonly offered: boolean
  /** Bytes that the JSON of its input can have. */
  readonly bodyBytesMax: number
  /**
   * Reads the members of a JSON body. Throws SerializationException for a wrong JSON type, ValidationException for
   * values that break a constraint.
   */
  accept(members: unknown): Call
  /** The same for the members in the query of a presigned URL, without those of the signature. */
  acceptQuery(parameters: ReadonlyMap<string, string>): Call
}

type Documented = Pick<FromCall<unknown, []>, 'documentation'>

/** A call whose input was read. */
interface Call {
  /** Decoded by the shape of the operation. */
  readonly input: object
  /** ARN of the CA that it is about, not yet known to be one; undefined for the account as a whole. */
  readonly resourceArn: string | undefined
  readonly furtherActions: readonly string[]
  conditionKeys(caller: Caller): ReadonlyMap<string, readonly string[]>
  /**
   * Resolves to the output as JSON members; undefined if the operation has none. Rejects with
   * UnknownOperationException if the operation is not offered.
   */
  run(services: Services, caller: ScopedCaller): Promise<object | undefined>
}

/** Makes an operation from its declaration. The result keeps the types of the declaration. */
export function operation<
  N extends OperationName,
  I extends StructureShape,
  O extends StructureShape | undefined,
>(definition: OperationDefinition<N, I, O>): OperationDefinition<N, I, O> & Operation<N> {
  const accept = (members: unknown): Call => {
    const input = decode(definition.input, members)
    return {
      input,
      resourceArn: definition.resource(input),
      furtherActions: definition.furtherActions?.of(input) ?? [],
      conditionKeys: (caller) => definition.conditionKeys?.of(input, caller) ?? new Map(),
      run: (services, caller) => runAndEncode(definition, input, { services, caller }),
    }
  }
  return {
    ...definition,
    action: `acm-pca:${definition.name}`,
    offered: definition.run !== undefined,
    bodyBytesMax: jsonBytesMax(definition.input),
    accept,
    acceptQuery: (parameters) => accept(fromQuery(definition.input, parameters)),
  }
}

async function runAndEncode<I extends StructureShape, O extends StructureShape | undefined>(
  { run, output }: OperationDefinition<OperationName, I, O>,
  input: Infer<I>,
  { services, caller }: { readonly services: Services; readonly caller: ScopedCaller },
): Promise<object | undefined> {
  if (run === undefined) throw new ServiceError('UnknownOperationException', '')
  return encodeResult(output, await run(services, input, caller))
}

/** `run` is typed by its output's shape, which TypeScript cannot follow while the shape is open. */
function encodeResult(output: StructureShape | undefined, result: unknown): object | undefined {
  return output === undefined ? undefined : encode(output, result as Encodable<StructureShape>)
}
