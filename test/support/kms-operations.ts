/** The operations that the stand-in for AWS KMS supports, with the parameters and errors in the AWS KMS API Reference. */
import { randomBytes } from 'node:crypto'
import { contextText, KmsKey, type KmsTag } from './kms-keys.ts'

/** An error response from KMS. */
export class KmsFailure extends Error {
  readonly code: string
  readonly status: number

  constructor(code: string, status: number, message: string) {
    super(message)
    this.code = code
    this.status = status
  }
}

export type KmsInput = Readonly<Record<string, unknown>>

/** Members of a request, and whether they are required. */
type Members = Readonly<Record<string, 'required' | 'optional'>>

interface Operation {
  readonly members: Members
  readonly run: (operations: KmsOperations, input: KmsInput) => object
}

const keyId = { KeyId: 'required' } as const
const context = { EncryptionContext: 'optional' } as const
const aliasForm = /^alias\/(?!aws\/)[a-zA-Z0-9/_-]{1,250}$/
const keySpecForm = /^(?:RSA_(?:2048|3072|4096)|ECC_NIST_P(?:256|384|521)|ML_DSA_(?:44|65|87))$/

const operations: Readonly<Record<string, Operation>> = {
  CreateKey: {
    members: {
      KeySpec: 'optional',
      KeyUsage: 'optional',
      Description: 'optional',
      Tags: 'optional',
    },
    run: (kms, input) => ({ KeyMetadata: kms.metadata(kms.createKey(input)) }),
  },
  DescribeKey: {
    members: keyId,
    run: (kms, input) => ({ KeyMetadata: kms.metadata(kms.find(input)) }),
  },
  GetPublicKey: {
    members: keyId,
    run(kms, input) {
      const key = kms.usable(input, 'SIGN_VERIFY')
      const { spec: KeySpec, usage: KeyUsage } = key.options
      const PublicKey = key.publicKey.toString('base64')
      const { signingAlgorithms: SigningAlgorithms, arn: KeyId } = key
      return { KeyId, PublicKey, KeySpec, KeyUsage, SigningAlgorithms }
    },
  },
  Sign: {
    members: {
      ...keyId,
      Message: 'required',
      MessageType: 'optional',
      SigningAlgorithm: 'required',
    },
    run: (kms, input) => kms.sign(input),
  },
  CreateAlias: {
    members: { AliasName: 'required', TargetKeyId: 'required' },
    run: (kms, input) => kms.createAlias(input),
  },
  DeleteAlias: {
    members: { AliasName: 'required' },
    run(kms, input) {
      if (!kms.aliases.delete(text(input, 'AliasName'))) throw notFound('Alias')
      return {}
    },
  },
  ListAliases: {
    members: { KeyId: 'optional', Limit: 'optional', Marker: 'optional' },
    run: (kms, input) => kms.listAliases(input),
  },
  ScheduleKeyDeletion: {
    members: { ...keyId, PendingWindowInDays: 'optional' },
    run: (kms, input) => kms.scheduleDeletion(input),
  },
  GenerateDataKey: {
    members: { ...keyId, ...context, KeySpec: 'optional', NumberOfBytes: 'optional' },
    run: (kms, input) => kms.generateDataKey(input),
  },
  GenerateDataKeyWithoutPlaintext: {
    members: { ...keyId, ...context, KeySpec: 'optional', NumberOfBytes: 'optional' },
    run(kms, input) {
      const { Plaintext: _plaintext, ...output } = kms.generateDataKey(input)
      return output
    },
  },
  Encrypt: {
    members: { ...keyId, ...context, Plaintext: 'required' },
    run(kms, input) {
      const key = kms.usable(input, 'ENCRYPT_DECRYPT')
      const ciphertext = key.encrypt(bytes(input, 'Plaintext'), contextOf(input))
      return { KeyId: key.arn, CiphertextBlob: ciphertext.toString('base64') }
    },
  },
  Decrypt: {
    members: { KeyId: 'optional', ...context, CiphertextBlob: 'required' },
    run: (kms, input) => kms.decrypt(input),
  },
}

/** The state of the KMS stand-in. */
export class KmsOperations {
  readonly keys: KmsKey[] = []
  /** Keys by alias name. */
  readonly aliases = new Map<string, KmsKey>()
  readonly #region: string

  constructor(region: string) {
    this.#region = region
  }

  /** Runs a KMS operation. With `isWrong`, signs with a new key. Throws KmsFailure if KMS would return an error. */
  run(name: string, input: KmsInput, isWrong: boolean): object {
    const operation = operations[name]
    if (operation === undefined) throw new KmsFailure('UnknownOperationException', 400, name)
    requireMembers(operation.members, input)
    if (!isWrong) return operation.run(this, input)
    const { options } = this.find(input)
    return signWith(new KmsKey(options, this.#prefix), input)
  }

  /** Creates a symmetric key, as an administrator would. */
  createSymmetricKey(): KmsKey {
    return this.createKey({})
  }

  createKey(input: KmsInput): KmsKey {
    const spec = textOr(input, 'KeySpec', 'SYMMETRIC_DEFAULT')
    const usage = textOr(input, 'KeyUsage', 'ENCRYPT_DECRYPT')
    const isSymmetric = spec === 'SYMMETRIC_DEFAULT' && usage === 'ENCRYPT_DECRYPT'
    const isSigner = keySpecForm.test(spec) && usage === 'SIGN_VERIFY'
    if (!isSymmetric && !isSigner) throw invalid(`KeyUsage ${usage} of ${spec}`)
    const tags = (input['Tags'] ?? []) as readonly KmsTag[]
    for (const { TagKey, TagValue } of tags)
      if (!/^[\w.:/=+@ -]{1,128}$/.test(TagKey) || TagValue.length > 256)
        throw new KmsFailure('TagException', 400, TagKey)
    const description = textOr(input, 'Description', '')
    if (description.length > 8192) throw invalid('Description')
    const options = { spec, usage, description, tags }
    const key = new KmsKey(options, this.#prefix)
    this.keys.push(key)
    return key
  }

  get #prefix(): string {
    return `arn:aws:kms:${this.#region}:111122223333:key/`
  }

  metadata(key: KmsKey): object {
    const { arn: Arn, id: KeyId, state: KeyState } = key
    const { spec: KeySpec, usage: KeyUsage, description: Description } = key.options
    return { Arn, KeyId, KeyState, KeySpec, KeyUsage, Description, Enabled: KeyState === 'Enabled' }
  }

  find(input: KmsInput, member = 'KeyId'): KmsKey {
    const id = text(input, member)
    const key = id.startsWith('alias/')
      ? this.aliases.get(id)
      : this.keys.find(({ arn, id: own }) => arn === id || own === id)
    if (key === undefined) throw notFound(id.startsWith('alias/') ? `Alias ${id}` : `Key '${id}'`)
    return key
  }

  usable(input: KmsInput, usage: string): KmsKey {
    const key = this.find(input)
    if (key.state === 'Disabled')
      throw new KmsFailure('DisabledException', 400, `${key.arn} is disabled.`)
    requireNotPending(key)
    if (key.options.usage !== usage)
      throw new KmsFailure(
        'InvalidKeyUsageException',
        400,
        `${key.arn} key usage is ${key.options.usage}`,
      )
    return key
  }

  sign(input: KmsInput): object {
    return signWith(this.usable(input, 'SIGN_VERIFY'), input)
  }

  createAlias(input: KmsInput): object {
    const name = text(input, 'AliasName')
    if (!aliasForm.test(name)) throw new KmsFailure('InvalidAliasNameException', 400, name)
    const key = this.find(input, 'TargetKeyId')
    requireNotPending(key)
    if (this.aliases.has(name))
      throw new KmsFailure(
        'AlreadyExistsException',
        400,
        `An alias with the name ${name} already exists`,
      )
    this.aliases.set(name, key)
    return {}
  }

  /** Lists one alias per page, so that clients must read several pages. */
  listAliases(input: KmsInput): object {
    const key = input['KeyId'] === undefined ? undefined : this.find(input)
    const names = [...this.aliases].filter(([, target]) => target === (key ?? target))
    const at = Number(input['Marker'] ?? 0)
    const page = names.slice(at, at + 1)
    const Aliases = page.map(([AliasName, { id: TargetKeyId }]) => ({ AliasName, TargetKeyId }))
    const isLast = at + 1 >= names.length
    return { Aliases, Truncated: !isLast, ...(!isLast && { NextMarker: String(at + 1) }) }
  }

  scheduleDeletion(input: KmsInput): object {
    const key = this.find(input)
    requireNotPending(key)
    const days = Number(input['PendingWindowInDays'] ?? 30)
    if (!Number.isInteger(days) || days < 7 || days > 30) throw invalid('PendingWindowInDays')
    key.state = 'PendingDeletion'
    return { KeyId: key.arn, KeyState: key.state, PendingWindowInDays: days }
  }

  generateDataKey(input: KmsInput): Readonly<Record<string, string>> {
    const key = this.usable(input, 'ENCRYPT_DECRYPT')
    if (input['KeySpec'] !== 'AES_256' || input['NumberOfBytes'] !== undefined)
      throw invalid('KeySpec')
    const plaintext = randomBytes(32)
    return {
      KeyId: key.arn,
      Plaintext: plaintext.toString('base64'),
      CiphertextBlob: key.encrypt(plaintext, contextOf(input)).toString('base64'),
    }
  }

  decrypt(input: KmsInput): object {
    const ciphertext = bytes(input, 'CiphertextBlob')
    const owner = this.keys.find(({ id }) =>
      ciphertext.subarray(0, id.length).equals(Buffer.from(id)),
    )
    if (owner === undefined) throw new KmsFailure('InvalidCiphertextException', 400, '')
    const key = this.usable({ KeyId: input['KeyId'] ?? owner.arn }, 'ENCRYPT_DECRYPT')
    if (key !== owner) throw new KmsFailure('IncorrectKeyException', 400, '')
    try {
      const plaintext = key.decrypt(ciphertext, contextOf(input))
      return { KeyId: key.arn, Plaintext: plaintext.toString('base64') }
    } catch {
      throw new KmsFailure('InvalidCiphertextException', 400, '')
    }
  }
}

function signWith(key: KmsKey, input: KmsInput): object {
  const algorithm = text(input, 'SigningAlgorithm')
  const type = textOr(input, 'MessageType', 'RAW')
  const message = bytes(input, 'Message')
  if (!key.signingAlgorithms.includes(algorithm))
    throw new KmsFailure('InvalidKeyUsageException', 400, `Algorithm ${algorithm} is incompatible`)
  if (message.length < 1 || message.length > 4096) throw invalid('Message')
  try {
    const Signature = Buffer.from(key.sign(algorithm, type, message)).toString('base64')
    return { KeyId: key.arn, Signature, SigningAlgorithm: algorithm }
  } catch (error) {
    if (error instanceof RangeError) throw invalid(error.message)
    throw error
  }
}

function requireMembers(members: Members, input: KmsInput): void {
  const unknown = Object.keys(input).find((name) => !Object.hasOwn(members, name))
  if (unknown !== undefined) throw invalid(`${unknown} is not a member`)
  const missing = Object.entries(members).find(
    ([name, need]) => need === 'required' && input[name] === undefined,
  )
  if (missing !== undefined) throw invalid(`${missing[0]} is required`)
}

function requireNotPending(key: KmsKey): void {
  if (key.state === 'PendingDeletion')
    throw new KmsFailure('KMSInvalidStateException', 400, `${key.arn} is pending deletion.`)
}

function contextOf(input: KmsInput): string {
  return contextText((input['EncryptionContext'] ?? {}) as Readonly<Record<string, string>>)
}

function text(input: KmsInput, member: string): string {
  const value = input[member]
  if (typeof value !== 'string' || value === '') throw invalid(member)
  return value
}

function textOr(input: KmsInput, member: string, fallback: string): string {
  return input[member] === undefined ? fallback : text(input, member)
}

function bytes(input: KmsInput, member: string): Buffer {
  return Buffer.from(text(input, member), 'base64')
}

function invalid(what: string): KmsFailure {
  return new KmsFailure('ValidationException', 400, `invalid: ${what}`)
}

function notFound(what: string): KmsFailure {
  return new KmsFailure('NotFoundException', 400, `${what} does not exist`)
}
