/** Finds objects in a token, and reads the attributes of keys. */
import type { Handle, Template } from 'pkcs11js'
import type { TokenConnection } from './connection.ts'
import { TokenFailure } from './failure.ts'
import type { PublicAttributes } from './key-kinds.ts'
import { mlDsaKeyType, parameterSetAttribute } from './module-values.ts'

/** Maximum number of objects that a search returns. */
const objectsMax = 100

type Connection = Pick<TokenConnection, 'library' | 'module' | 'session'>

/** Returns the objects of a class (CKO) that have the given attributes. */
export function findObjects(
  { library, module, session }: Connection,
  objectClass: number,
  attributes: Template,
): Handle[] {
  const template = [{ type: library.CKA_CLASS, value: objectClass }, ...attributes]
  module.C_FindObjectsInit(session, template)
  try {
    return module.C_FindObjects(session, objectsMax)
  } finally {
    module.C_FindObjectsFinal(session)
  }
}

export function readAttributes(
  { module, session }: Connection,
  object: Handle,
  types: readonly number[],
): Buffer[] {
  const attributes = types.map((type) => ({ type }))
  return module.C_GetAttributeValue(session, object, attributes).map(({ value }) => value)
}

/**
 * Reads the public attributes of a key. A private key has neither an EC point nor a public value. Throws TokenFailure if the
 * key type is not supported.
 */
export function publicAttributes(
  connection: Connection,
  object: Handle,
  isPublic = false,
): PublicAttributes {
  const { library } = connection
  const readOne = (type: number): Buffer =>
    readAttributes(connection, object, [type])[0] ?? Buffer.of()
  const keyType = readOne(library.CKA_KEY_TYPE).readUInt32LE(0)
  if (keyType === library.CKK_RSA)
    return {
      type: 'rsa',
      modulus: readOne(library.CKA_MODULUS),
      publicExponent: readOne(library.CKA_PUBLIC_EXPONENT),
    }
  if (keyType === library.CKK_EC)
    return {
      type: 'ec',
      parametersDer: readOne(library.CKA_EC_PARAMS),
      point: isPublic ? readOne(library.CKA_EC_POINT) : Buffer.of(),
    }
  if (keyType === mlDsaKeyType)
    return {
      type: 'ml-dsa',
      parameterSet: readOne(parameterSetAttribute).readUInt32LE(0),
      // The CKA_VALUE attribute of a private key is secret.
      value: isPublic ? readOne(library.CKA_VALUE) : Buffer.of(),
    }
  throw new TokenFailure('invalid', 'the token has a key that is not RSA, EC or ML-DSA')
}
